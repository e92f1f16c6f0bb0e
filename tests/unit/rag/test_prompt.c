/* test_prompt.c: the prompt fits the window and numbers its sources as the hits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rag/prompt.h"

/* One token a byte: sums are easy to follow. */
static int count_bytes(void *ud, struct rag_str text)
{
    (void)ud;
    return (int)text.n;
}
static const struct rag_token_counter bytes = {.count = count_bytes, .window = 100000};
static const char TEMPLATE[] = "Material:\n{context_str}\nQuestion: {query_str}\nAnswer:";

static struct rag_hits hits_of(struct rag_arena *a, const char *const *texts, size_t n)
{
    struct rag_hits hits = {.v = rag_arena_array(a, n, sizeof *hits.v), .n = n};
    for (size_t i = 0; i < n; i++)
        hits.v[i].text = rag_str_of(texts[i]);
    return hits;
}

static void golden(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    const char *const texts[] = {"退款需要七天。", "a passage that says {query_str} itself"};
    struct rag_hits hits = hits_of(&a, texts, 2);
    struct rag_str out;
    assert_int_equal(
        rag_prompt_build(&a, TEMPLATE, RAG_STR("退款多久？"), &hits, &bytes, 4096, 100, &out, NULL), 0);
    assert_string_equal(
        out.p, "Material:\nSource 1:\n退款需要七天。\nSource 2:\na passage that says {query_str} itself\n\n"
               "Question: 退款多久？\nAnswer:");
    rag_arena_free(&a);
}

static void drops_what_does_not_fit(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    char big[301];
    memset(big, 'x', 300);
    big[300] = '\0';
    const char *const texts[] = {big, big, big};
    struct rag_hits hits = hits_of(&a, texts, 3);
    struct rag_str out;
    assert_int_equal(rag_prompt_build(&a, TEMPLATE, RAG_STR("q"), &hits, &bytes, 800, 50, &out, NULL), 0);
    assert_int_equal(hits.n, 2);
    assert_true(out.n + 50 <= 800);
    assert_null(strstr(out.p, "Source 3"));
    rag_arena_free(&a);
}

static void shortens_the_only_passage(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    char big[5001];
    for (int i = 0; i < 5000; i += 3)
        memcpy(big + i, "\xe4\xb8\xad", 3); /* 中 */
    big[4998] = '\0';
    const char *const texts[] = {big};
    struct rag_hits hits = hits_of(&a, texts, 1);
    struct rag_str out;
    assert_int_equal(rag_prompt_build(&a, TEMPLATE, RAG_STR("q"), &hits, &bytes, 1000, 100, &out, NULL), 0);
    assert_int_equal(hits.n, 1);
    assert_true(out.n + 100 <= 1000);
    assert_non_null(strstr(out.p, "\xe4\xb8\xad\n")); /* cut between characters */
    rag_arena_free(&a);
}

static void refuses_a_question_without_room(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_hits hits = {0};
    struct rag_str out;
    struct rag_err err;
    assert_int_equal(rag_prompt_build(&a, TEMPLATE, RAG_STR("q"), &hits, &bytes, 100, 90, &out, &err),
                     RAG_ETOOBIG);
    assert_non_null(strstr(err.msg, "window of 100"));
    rag_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden), cmocka_unit_test(drops_what_does_not_fit),
                                       cmocka_unit_test(shortens_the_only_passage),
                                       cmocka_unit_test(refuses_a_question_without_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
