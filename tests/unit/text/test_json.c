/* test_json.c: guarded parsing and the writer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "text/json.h"
#include "text/utf8.h"

static void refuse(struct rag_str text, const char *part_of_message)
{
    struct rag_err err = {0};
    json_t *v = rag_json_parse(text, &err);
    assert_null(v);
    assert_int_equal(err.code, RAG_EFORMAT);
    if (!strstr(err.msg, part_of_message))
        fail_msg("expected \"%s\" in \"%s\"", part_of_message, err.msg);
}

static void test_parse(void **state)
{
    (void)state;
    struct rag_err err = {0};
    json_t *v = rag_json_parse(RAG_STR(" {\"a\": [1, 2.5, \"\\u4e2d\xE6\x96\x87\"], \"a2\": null}\n"), &err);
    assert_non_null(v);
    json_t *list = json_object_get(v, "a");
    assert_int_equal(json_integer_value(json_array_get(list, 0)), 1);
    assert_string_equal(json_string_value(json_array_get(list, 2)), "中文");
    json_decref(v);
    v = rag_json_parse(RAG_STR("{\"k\":1,\"k\":2}"), &err);
    assert_int_equal(json_integer_value(json_object_get(v, "k")), 2);
    json_decref(v);
    v = rag_json_parse(RAG_STR("\"top\""), &err);
    assert_string_equal(json_string_value(v), "top");
    json_decref(v);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse(RAG_STR(""), "empty");
    refuse(RAG_STR(" \n"), "empty");
    refuse((struct rag_str){NULL, 0}, "empty");
    refuse(RAG_STR("{\"a\":1"), "too early");
    refuse(RAG_STR("{\"a\":1} x"), "more text follows");
    refuse(RAG_STR("{\"a\":tru}"), "byte");
    refuse(RAG_STR("{'a':1}"), "syntax");
    refuse(RAG_STR("{\"a\":\"\xFF\"}"), "UTF-8");
    refuse(RAG_STR("{\"a\":\"\\ud800\"}"), "syntax");
    refuse(RAG_STR("{\"a\":\"x\\u0000y\"}"), "\\u0000");
    refuse(RAG_STR("{\"a\\u0000\":1}"), "\\u0000");
    refuse(RAG_STR("{\"a\":1}\0"), "more text follows");
    refuse(RAG_STR("[1e400]"), "too large");
    refuse(RAG_STR("[123456789012345678901234567890]"), "too large");
    refuse(RAG_STR("[NaN]"), "syntax");
    refuse(RAG_STR("[01]"), "syntax");
    refuse(RAG_STR("[1,]"), "syntax");
}

static void test_message_has_position_but_no_input(void **state)
{
    (void)state;
    struct rag_err err = {0};
    assert_null(rag_json_parse(RAG_STR("{\"api_key\": sk-secret}"), &err));
    assert_non_null(strstr(err.msg, "near byte 14 (line 1)"));
    assert_null(strstr(err.msg, "sk-"));
}

/* depth levels of '[' (and of ']'), without a value inside. */
static json_t *parse_nested(size_t depth, char open, char close, struct rag_err *err)
{
    char *text = malloc(2 * depth);
    memset(text, open, depth);
    memset(text + depth, close, depth);
    json_t *v = rag_json_parse((struct rag_str){text, 2 * depth}, err);
    free(text);
    return v;
}

static void test_depth(void **state)
{
    (void)state;
    struct rag_err err = {0};
    json_t *v = parse_nested(RAG_LIMIT_JSON_DEPTH, '[', ']', &err);
    assert_non_null(v);
    json_decref(v);
    assert_null(parse_nested(RAG_LIMIT_JSON_DEPTH + 1, '[', ']', &err));
    assert_non_null(strstr(err.msg, "64 levels"));
    assert_null(parse_nested(10 * 1000 * 1000, '[', ']', &err));
    assert_null(parse_nested(1000 * 1000, '{', '}', &err));
    /* Brackets in strings do not count, nor does an escaped quote end the string. */
    struct rag_buf b;
    rag_buf_init(&b, 10000);
    rag_buf_adds(&b, "[\"\\\"");
    for (int i = 0; i < 500; i++)
        rag_buf_addc(&b, '[');
    rag_buf_adds(&b, "\\\\\"]");
    v = rag_json_parse(rag_buf_str(&b), &err);
    assert_non_null(v);
    json_decref(v);
    rag_buf_free(&b);
}

static void test_writer_structure(void **state)
{
    (void)state;
    struct rag_buf b;
    struct rag_json j;
    rag_buf_init(&b, 1000);
    rag_json_init(&j, &b);
    rag_json_obj(&j, NULL);
    rag_json_arr(&j, "empty");
    rag_json_end_arr(&j);
    rag_json_arr(&j, "list");
    rag_json_int(&j, NULL, -7);
    rag_json_obj(&j, NULL);
    rag_json_end_obj(&j);
    rag_json_obj(&j, NULL);
    rag_json_bool(&j, "t", true);
    rag_json_bool(&j, "f", false);
    rag_json_end_obj(&j);
    rag_json_end_arr(&j);
    rag_json_cstr(&j, "none", NULL);
    rag_json_cstr(&j, "k\"ey", "v");
    rag_json_raw(&j, "raw", RAG_STR("[1,2]"));
    rag_json_end_obj(&j);
    assert_string_equal(b.p, "{\"empty\":[],\"list\":[-7,{},{\"t\":true,\"f\":false}],\"none\":null,"
                             "\"k\\\"ey\":\"v\",\"raw\":[1,2]}");
    rag_buf_free(&b);
}

static void writes_string(struct rag_str in, const char *out)
{
    struct rag_buf b;
    struct rag_json j;
    rag_buf_init(&b, 1000);
    rag_json_init(&j, &b);
    rag_json_str(&j, NULL, in);
    assert_string_equal(b.p, out);
    rag_buf_free(&b);
}

static void test_writer_strings(void **state)
{
    (void)state;
    writes_string(RAG_STR(""), "\"\"");
    writes_string((struct rag_str){NULL, 0}, "\"\"");
    writes_string(RAG_STR("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    writes_string(RAG_STR("\b\t\n\v\f\r\0\x1F\x7F"), "\"\\b\\t\\n\\u000b\\f\\r\\u0000\\u001f\x7F\"");
    writes_string(RAG_STR("中文😀"), "\"中文😀\"");
    writes_string(RAG_STR("\xE2\x80\xA8\xE2\x80\xA9"), "\"\\u2028\\u2029\"");
    writes_string(RAG_STR("\xFFx\xE4\xB8"), "\"\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\"");
    writes_string(RAG_STR("\xEF\xBF\xBD"), "\"\xEF\xBF\xBD\"");
}

/* Whatever bytes go in, what comes out is JSON that jansson reads, equal to the cleaned text. */
static void test_writer_random_bytes(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 3000; round++) {
        char in[32];
        size_t n = (size_t)rand() % sizeof in;
        for (size_t i = 0; i < n; i++)
            in[i] = (char)(1 + rand() % 255);
        struct rag_buf out, clean;
        struct rag_json j;
        struct rag_err err = {0};
        rag_buf_init(&out, 4096);
        rag_buf_init(&clean, 4096);
        rag_json_init(&j, &out);
        rag_json_str(&j, NULL, (struct rag_str){in, n});
        rag_utf8_clean(&clean, (struct rag_str){in, n});
        json_t *v = rag_json_parse(rag_buf_str(&out), &err);
        assert_non_null(v);
        assert_int_equal(json_string_length(v), clean.n);
        if (clean.n)
            assert_memory_equal(json_string_value(v), clean.p, clean.n);
        json_decref(v);
        rag_buf_free(&out);
        rag_buf_free(&clean);
    }
}

static void writes_number(double v, const char *out)
{
    struct rag_buf b;
    struct rag_json j;
    rag_buf_init(&b, 100);
    rag_json_init(&j, &b);
    rag_json_num(&j, NULL, v);
    assert_string_equal(b.p, out);
    rag_buf_free(&b);
}

static void test_writer_numbers(void **state)
{
    (void)state;
    writes_number(0, "0");
    writes_number(0.7, "0.7");
    writes_number(0.82345678, "0.823457");
    writes_number(1, "1");
    writes_number(-2.50, "-2.5");
    writes_number(100, "100");
    writes_number(1763800000.25, "1763800000.25");
    writes_number(1e-9, "1e-09");
    writes_number(1e300, "1.0000000000000001e+300");
    writes_number(NAN, "null");
    writes_number(INFINITY, "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_message_has_position_but_no_input),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_writer_structure),
        cmocka_unit_test(test_writer_strings),
        cmocka_unit_test(test_writer_random_bytes),
        cmocka_unit_test(test_writer_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
