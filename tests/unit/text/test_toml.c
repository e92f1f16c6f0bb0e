/* test_toml.c: TOML is read with places, errors carry line and column, and what is written reads back equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/toml.h"

static void reads_every_type(void **state)
{
    (void)state;
    struct rag_err err = {0};
    json_t *places = NULL;
    json_t *root = rag_toml_parse(RAG_STR("s = \"中文\"\ni = 7\nf = 0.5\nb = true\nd = 2024-12-18\n"
                                          "l = [1, \"x\"]\n[a.\"b c\"]\n  k = 'v'\n"),
                                  &places, &err);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "s")), "中文");
    assert_int_equal(json_integer_value(json_object_get(root, "i")), 7);
    assert_true(json_real_value(json_object_get(root, "f")) == 0.5);
    assert_true(json_is_true(json_object_get(root, "b")));
    assert_string_equal(json_string_value(json_object_get(root, "d")), "2024-12-18");
    assert_int_equal(json_array_size(json_object_get(root, "l")), 2);
    json_t *below = json_object_get(json_object_get(root, "a"), "b c");
    assert_string_equal(json_string_value(json_object_get(below, "k")), "v");
    assert_string_equal(json_string_value(json_object_get(places, "a.b c.k")), "line 8, column 7");
    json_decref(root);
    json_decref(places);
}

static void errors_say_where(void **state)
{
    (void)state;
    struct rag_err err = {0};
    assert_null(rag_toml_parse(RAG_STR("a = 1\nb = = 2\n"), NULL, &err));
    assert_int_equal(err.code, RAG_EFORMAT);
    assert_non_null(strstr(err.msg, "line 2, column 5"));
    assert_null(rag_toml_parse(RAG_STR("a = nan\n"), NULL, &err));
    assert_null(rag_toml_parse(RAG_STR("a = 1\na = 2\n"), NULL, &err));
}

static void written_text_reads_back(void **state)
{
    (void)state;
    static const char *const docs[] = {
        "{}",
        "{\"rag\":{\"llm\":{\"model\":\"q\\\"w\\\\e\\n中\\u0001\",\"t\":0.1,\"n\":-3},\"empty\":{}}}",
        "{\"a\":[1,2.5,\"x\",[true]],\"b c\":{\"d.e\":\"dots\",\"\":\"none\"},\"big\":1e300,\"whole\":2.0}",
    };
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
        struct rag_err err = {0};
        struct rag_buf out;
        rag_buf_init(&out, 4096);
        json_t *before = json_loads(docs[i], 0, NULL);
        assert_non_null(before);
        assert_int_equal(rag_toml_write(before, &out), 0);
        json_t *after = rag_toml_parse(rag_buf_str(&out), NULL, &err);
        assert_string_equal(err.msg, "");
        assert_true(json_equal(before, after));
        json_decref(before);
        json_decref(after);
        rag_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(written_text_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
