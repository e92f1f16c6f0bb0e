/* test_sse.c: server-sent events in every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "net/sse.h"

/* Each event's data between brackets. */
static int collect(void *ud, struct rag_str data)
{
    struct rag_buf *b = ud;
    rag_buf_addc(b, '[');
    rag_buf_addstr(b, data);
    return rag_buf_addc(b, ']');
}

static const char stream[] = "\xEF\xBB\xBF"
                             ": comment\n"
                             "data: one\n\n"
                             "data:two\r\n\r\n"
                             "event: x\rdata: a\rdata:  b\rid: 7\r\r"
                             "data\n\n"
                             "data: \n\n"
                             "datax: no\n\n"
                             "retry: 5\n\n\n"
                             "data: \xE4\xB8\xAD\r\ndata: end\r\n\r\n"
                             "data: cut off\n";
static const char events[] = "[one][two][a\n b][][][\xE4\xB8\xAD\nend]";

static void feed(struct rag_sse *s, const char *p, size_t n, struct rag_buf *out)
{
    assert_int_equal(rag_sse_feed(s, (struct rag_str){p, n}, collect, out), 0);
}

static void test_every_split(void **state)
{
    (void)state;
    const size_t n = sizeof stream - 1;
    for (size_t first = 0; first <= n; first++)
        for (size_t second = first; second <= n; second++) {
            struct rag_sse s;
            struct rag_buf out;
            rag_sse_init(&s, 1000);
            rag_buf_init(&out, 1000);
            feed(&s, stream, first, &out);
            feed(&s, stream + first, second - first, &out);
            feed(&s, stream + second, n - second, &out);
            assert_string_equal(out.p, events);
            rag_sse_free(&s);
            rag_buf_free(&out);
        }
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    struct rag_sse s;
    struct rag_buf out;
    rag_sse_init(&s, 1000);
    rag_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof stream - 1; i++)
        feed(&s, stream + i, 1, &out);
    assert_string_equal(out.p, events);
    rag_sse_free(&s);
    rag_buf_free(&out);
}

static void test_limits(void **state)
{
    (void)state;
    struct rag_sse s;
    struct rag_buf out;
    rag_buf_init(&out, 1000);
    rag_sse_init(&s, 16);
    assert_int_equal(rag_sse_feed(&s, RAG_STR("data: 0123456789abcdef"), collect, &out), RAG_ETOOBIG);
    rag_sse_free(&s);
    rag_sse_init(&s, 16); /* lines that are short, an event that is not */
    assert_int_equal(rag_sse_feed(&s, RAG_STR("data: 01234567\ndata: 01234567\n\n"), collect, &out),
                     RAG_ETOOBIG);
    assert_int_equal(out.n, 0);
    rag_sse_free(&s);
    rag_buf_free(&out);
}

static int stop(void *ud, struct rag_str data)
{
    (void)data;
    ++*(int *)ud;
    return RAG_ECANCELED;
}

static void test_stops_when_told(void **state)
{
    (void)state;
    struct rag_sse s;
    int calls = 0;
    rag_sse_init(&s, 100);
    assert_int_equal(rag_sse_feed(&s, RAG_STR("data: a\n\ndata: b\n\n"), stop, &calls), RAG_ECANCELED);
    assert_int_equal(calls, 1);
    rag_sse_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
