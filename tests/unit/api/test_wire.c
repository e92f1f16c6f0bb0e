/* test_wire.c: engine structs as JSON, form fields, base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/base64.h"
#include "api/form.h"
#include "api/wire.h"
#include "base/limits.h"

static struct rag_buf buf;
static struct rag_json out;

static int start(void **state)
{
    (void)state;
    rag_buf_init(&buf, RAG_MIB);
    rag_json_init(&out, &buf);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rag_buf_free(&buf);
    return 0;
}

static void writes_docs(void **state)
{
    (void)state;
    struct rag_hit hits[] = {
        {.doc_id = "0123456789abcdef0123456789abcdef",
         .file_name = "报告.pdf",
         .file_type = "application/pdf",
         .file_size = 42,
         .created = "2026-01-02",
         .modified = "2026-01-03",
         .text = RAG_STR("甲\n\"b\""),
         .place = {.page = 3, .x0 = 1, .y0 = 2, .x1 = 3.5, .y1 = 4},
         .ordinal = 7,
         .score = 0.75,
         .rrf_score = 0.03,
         .bm25_score = 1.5},
        {.doc_id = "x",
         .file_name = "a.csv",
         .file_type = "text/csv",
         .created = "",
         .modified = "",
         .text = RAG_STR(""),
         .place = {.row = 2, .begin = 10, .end = 20}},
    };
    rag_json_obj(&out, NULL);
    rag_wire_docs(&out, "docs", &(struct rag_hits){hits, 2});
    rag_json_end_obj(&out);
    assert_string_equal(
        buf.p,
        "{\"docs\":[{\"text\":\"甲\\n\\\"b\\\"\",\"score\":0.75,\"metadata\":{\"file_name\":\"报告.pdf\","
        "\"file_path\":\"0123456789abcdef0123456789abcdef/报告.pdf\",\"file_type\":\"application/pdf\","
        "\"file_size\":42,\"creation_date\":\"2026-01-02\",\"last_modified_date\":\"2026-01-03\","
        "\"doc_id\":\"0123456789abcdef0123456789abcdef\",\"chunk\":7,\"page_label\":\"3\",\"box\":[1,2,3.5,4]"
        "},"
        "\"image_url\":null,\"rrf_score\":0.03,\"bm25_score\":1.5},"
        "{\"text\":\"\",\"score\":0,\"metadata\":{\"file_name\":\"a.csv\",\"file_path\":\"x/a.csv\","
        "\"file_type\":\"text/csv\",\"file_size\":0,\"creation_date\":\"\",\"last_modified_date\":\"\","
        "\"doc_id\":\"x\",\"chunk\":0,\"row_number\":2,\"byte_range\":[10,20]},\"image_url\":null,"
        "\"rrf_score\":0,\"bm25_score\":0}]}");
}

static void writes_tasks(void **state)
{
    (void)state;
    struct rag_task_file files[] = {
        {.name = "a.txt",
         .state = RAG_TASK_COMPLETED,
         .stage = RAG_STAGE_DONE,
         .progress = 1,
         .doc_id = "d",
         .size = 5,
         .chunks = 1},
        {.name = "b.exe", .state = RAG_TASK_FAILED, .stage = RAG_STAGE_PARSE, .error = "no reader"}};
    struct rag_task t = {
        .id = "t", .state = RAG_TASK_FAILED, .detail = "b.exe: no reader", .files = files, .n = 2};
    rag_wire_task(&out, &t);
    assert_string_equal(
        buf.p,
        "{\"task_id\":\"t\",\"status\":\"failed\",\"detail\":\"b.exe: no reader\",\"files\":["
        "{\"name\":\"a.txt\",\"state\":\"completed\",\"stage\":\"done\",\"progress\":1,\"error\":null,"
        "\"warning\":null,\"doc_id\":\"d\",\"size\":5,\"pages\":0,\"chunks\":1,\"duplicate\":false},"
        "{\"name\":\"b.exe\",\"state\":\"failed\",\"stage\":\"parse\",\"progress\":0,\"error\":\"no reader\","
        "\"warning\":null,\"doc_id\":null,\"size\":0,\"pages\":0,\"chunks\":0,\"duplicate\":false}]}");
}

static void writes_indexes(void **state)
{
    (void)state;
    struct rag_index x = {.name = "kb_1",
                          .embed_model = "m",
                          .fingerprint = "",
                          .dims = 512,
                          .documents = 2,
                          .chunks = 9,
                          .vector_store_config = "{\"type\":\"faiss\"}",
                          .embedding_config = NULL};
    rag_wire_index(&out, NULL, &x);
    assert_string_equal(buf.p,
                        "{\"index_name\":\"kb_1\",\"vector_store_config\":{\"type\":\"faiss\"},"
                        "\"embedding_config\":{},\"embed_model\":\"m\",\"fingerprint\":null,\"dims\":512,"
                        "\"documents\":2,\"chunks\":9}");
}

static void reads_urlencoded_fields(void **state)
{
    (void)state;
    json_t *o = json_object();
    assert_int_equal(rag_form_parse(RAG_STR("a=1&b=%E7%94%B2+x%2&c=&&d&b%3D=%00e&last=%4"), o), 0);
    assert_string_equal(json_string_value(json_object_get(o, "a")), "1");
    assert_string_equal(json_string_value(json_object_get(o, "b")), "甲 x%2");
    assert_string_equal(json_string_value(json_object_get(o, "c")), "");
    assert_string_equal(json_string_value(json_object_get(o, "last")), "%4");
    assert_null(json_object_get(o, "d"));
    assert_int_equal(json_string_length(json_object_get(o, "b=")), 2);
    assert_int_equal(rag_form_parse(RAG_STR("bad=%FF"), o), 0);
    assert_null(json_object_get(o, "bad"));
    json_decref(o);
}

static void encodes_base64(void **state)
{
    (void)state;
    /* RFC 4648, section 10 */
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rag_buf_reset(&buf);
        assert_int_equal(rag_base64(&buf, cases[i][0], strlen(cases[i][0])), 0);
        assert_true(rag_str_eqz(rag_buf_str(&buf), cases[i][1]));
    }
    rag_buf_reset(&buf);
    rag_base64(&buf, "\xFF\xFE\xFD", 3);
    assert_string_equal(buf.p, "//79");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_docs, start, stop),
        cmocka_unit_test_setup_teardown(writes_tasks, start, stop),
        cmocka_unit_test_setup_teardown(writes_indexes, start, stop),
        cmocka_unit_test(reads_urlencoded_fields),
        cmocka_unit_test_setup_teardown(encodes_base64, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
