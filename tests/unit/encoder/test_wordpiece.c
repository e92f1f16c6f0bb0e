/* test_wordpiece.c: the tokenizer against Hugging Face's, on golden texts; damaged vocabularies; hostile
 * bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "encoder/wordpiece.h"
#include "golden.h"

static struct rag_wordpiece *open_json(const char *json)
{
    struct rag_wordpiece *w;
    struct rag_err err;
    if (rag_wordpiece_open(rag_str_of(json), "tokenizer.json", &w, &err))
        fail_msg("%s", err.msg);
    return w;
}

/* A tokenizer.json for an array of tokens numbered in order. */
static struct rag_wordpiece *open_vocabulary(const json_t *tokens)
{
    json_t *vocab = json_object(), *root = json_object(), *model = json_object();
    for (size_t i = 0; i < json_array_size(tokens); i++)
        json_object_set_new(vocab, json_string_value(json_array_get(tokens, i)), json_integer((json_int_t)i));
    json_object_set_new(model, "vocab", vocab);
    json_object_set_new(root, "model", model);
    char *text = json_dumps(root, JSON_COMPACT);
    struct rag_wordpiece *w = open_json(text);
    free(text);
    json_decref(root);
    return w;
}

static void check_line(const struct rag_wordpiece *w, const json_t *line)
{
    int ids[1024];
    const json_t *want = json_object_get(line, "ids");
    const struct rag_str text = golden_text(line);
    const size_t n = rag_wordpiece_encode(w, text, ids, 1024);
    bool same = n == json_array_size(want);
    for (size_t i = 0; same && i < n; i++)
        same = ids[i] == json_integer_value(json_array_get(want, i));
    if (!same) {
        char *expected = json_dumps(want, JSON_COMPACT);
        for (size_t i = 0; i < n && i < 20; i++)
            print_message("%d ", ids[i]);
        fail_msg("\"%.*s\": expected %.100s", RAG_STR_ARG(text), expected);
    }
    assert_int_equal(rag_wordpiece_encode(w, text, NULL, 0), n);
}

static void agrees_on_a_small_vocabulary(void **state)
{
    (void)state;
    struct rag_buf file;
    size_t at = 0;
    int cases = 0;
    golden_read("golden_tokens.jsonl", &file);
    json_t *line = golden_next(&file, &at);
    struct rag_wordpiece *w = open_vocabulary(line);
    json_decref(line);
    for (; (line = golden_next(&file, &at)); cases++) {
        check_line(w, line);
        json_decref(line);
    }
    assert_true(cases > 70);
    rag_wordpiece_close(w);
    rag_buf_free(&file);
}

static void agrees_on_the_real_vocabulary(void **state)
{
    (void)state;
    SKIP_WITHOUT_REAL_MODEL();
    struct rag_buf file, json;
    struct rag_wordpiece *w;
    struct rag_err err;
    json_t *line;
    size_t at = 0;
    rag_buf_init(&json, RAG_LIMIT_JSON_BODY);
    assert_int_equal(rag_fs_read(REAL_MODEL "/tokenizer.json", &json, &err), 0);
    assert_int_equal(rag_wordpiece_open(rag_buf_str(&json), "tokenizer.json", &w, &err), 0);
    assert_int_equal(rag_wordpiece_cls(w), 101);
    assert_int_equal(rag_wordpiece_sep(w), 102);
    assert_int_equal(rag_wordpiece_last(w), 21127);
    golden_read("golden_vectors.jsonl", &file);
    while ((line = golden_next(&file, &at))) {
        check_line(w, line);
        json_decref(line);
    }
    rag_wordpiece_close(w);
    rag_buf_free(&file);
    rag_buf_free(&json);
}

#define SPECIAL "\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":2"

static void writes_no_more_than_asked(void **state)
{
    (void)state;
    struct rag_wordpiece *w = open_json("{\"model\":{\"vocab\":{" SPECIAL ",\"a\":3,\"##b\":4}}}");
    int ids[3] = {-7, -7, -7};
    assert_int_equal(rag_wordpiece_encode(w, RAG_STR("ab ab"), ids, 2), 4);
    assert_true(ids[0] == 3 && ids[1] == 4 && ids[2] == -7);
    rag_wordpiece_close(w);
}

static void any_bytes_will_do(void **state)
{
    (void)state;
    struct rag_wordpiece *w = open_json("{\"model\":{\"vocab\":{" SPECIAL ",\"a\":3,\"b\":4,\"##b\":5}}}");
    int ids[8];
    /* invalid bytes are left out, as is U+FFFD itself */
    assert_int_equal(rag_wordpiece_encode(w, RAG_STR("a\xff\xc0\x80\xed\xa0\x80 b\xe4\xb8"), ids, 8), 2);
    assert_true(ids[0] == 3 && ids[1] == 4);
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
        char *copy = malloc((size_t)(round % 64));
        memcpy(copy, bytes, (size_t)(round % 64));
        assert_true(rag_wordpiece_encode(w, (struct rag_str){copy, (size_t)(round % 64)}, NULL, 0) <= 64);
        free(copy);
    }
    rag_wordpiece_close(w);
}

static void refuses_damaged_files(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"model\":1}",
        "{\"model\":{\"vocab\":[\"a\"]}}",
        "{\"model\":{\"vocab\":{}}}",
        "{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1}}}",
        "{\"model\":{\"vocab\":{" SPECIAL ",\"a\":-1}}}",
        "{\"model\":{\"vocab\":{" SPECIAL ",\"a\":\"x\"}}}",
        "{\"model\":{\"vocab\":{" SPECIAL ",\"a\":99999999999}}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rag_wordpiece *w;
        struct rag_err err = {0};
        assert_int_equal(rag_wordpiece_open(rag_str_of(bad[i]), "some/tokenizer.json", &w, &err),
                         RAG_EFORMAT);
        assert_null(w);
        assert_non_null(strstr(err.msg, "some/tokenizer.json"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_a_small_vocabulary), cmocka_unit_test(agrees_on_the_real_vocabulary),
        cmocka_unit_test(writes_no_more_than_asked),    cmocka_unit_test(any_bytes_will_do),
        cmocka_unit_test(refuses_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
