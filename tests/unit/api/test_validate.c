/* test_validate.c: faults of request bodies, in FastAPI's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/validate.h"
#include "api/value.h"

/* The finished document, parsed again; NULL when there was no fault. */
static json_t *faults_of(const struct rag_schema *schema, const char *text)
{
    struct rag_faults f;
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    rag_faults_init(&f);
    json_t *out = NULL;
    if (rag_validate(schema, value, "body", &f)) {
        struct rag_str doc = rag_faults_finish(&f);
        out = json_loadb(doc.p, doc.n, 0, NULL);
        assert_non_null(out);
    }
    rag_faults_free(&f);
    json_decref(value);
    return out;
}

/* Exactly one fault, of this type, at this place ("body/chat_history/0/bot"). */
static void assert_fault(const struct rag_schema *schema, const char *text, const char *type,
                         const char *where)
{
    json_t *doc = faults_of(schema, text);
    assert_non_null(doc);
    json_t *list = json_object_get(doc, "detail");
    assert_int_equal(json_array_size(list), 1);
    json_t *one = json_array_get(list, 0), *loc = json_object_get(one, "loc");
    char path[200] = "";
    for (size_t i = 0; i < json_array_size(loc); i++) {
        char *step = json_dumps(json_array_get(loc, i), JSON_ENCODE_ANY);
        size_t n = strlen(path);
        snprintf(path + n, sizeof path - n, "%s%s", i ? "/" : "", step);
        free(step);
    }
    assert_string_equal(json_string_value(json_object_get(one, "type")), type);
    assert_string_equal(path, where);
    assert_true(json_string_length(json_object_get(one, "msg")) > 5);
    assert_non_null(json_object_get(one, "input"));
    json_decref(doc);
}

static void query_fault(const char *text, const char *type, const char *where)
{
    assert_fault(&rag_schema_rag_query, text, type, where);
}

static void names_type_and_place(void **state)
{
    (void)state;
    query_fault("{}", "missing", "\"body\"/\"question\"");
    query_fault("{\"question\":null}", "string_type", "\"body\"/\"question\"");
    query_fault("{\"question\":3}", "string_type", "\"body\"/\"question\"");
    query_fault("[]", "model_attributes_type", "\"body\"");
    query_fault("{\"question\":\"q\",\"stream\":\"perhaps\"}", "bool_parsing", "\"body\"/\"stream\"");
    query_fault("{\"question\":\"q\",\"stream\":[]}", "bool_type", "\"body\"/\"stream\"");
    query_fault("{\"question\":\"q\",\"temperature\":\"warm\"}", "float_parsing", "\"body\"/\"temperature\"");
    query_fault("{\"question\":\"q\",\"temperature\":{}}", "float_type", "\"body\"/\"temperature\"");
    query_fault("{\"question\":\"q\",\"temperature\":2.5}", "less_than_equal", "\"body\"/\"temperature\"");
    query_fault("{\"question\":\"q\",\"temperature\":-1}", "greater_than_equal", "\"body\"/\"temperature\"");
    query_fault("{\"question\":\"q\",\"chat_history\":{}}", "list_type", "\"body\"/\"chat_history\"");
    query_fault("{\"question\":\"q\",\"chat_history\":[{\"user\":\"a\"}]}", "missing",
                "\"body\"/\"chat_history\"/0/\"bot\"");
    query_fault("{\"question\":\"q\",\"chat_history\":[\"a\"]}", "model_attributes_type",
                "\"body\"/\"chat_history\"/0");
    assert_fault(&rag_schema_chat_request, "{\"messages\":[]}", "too_short", "\"body\"/\"messages\"");
    assert_fault(&rag_schema_chat_request, "{\"messages\":[{\"role\":\"king\",\"content\":\"\"}]}",
                 "literal_error", "\"body\"/\"messages\"/0/\"role\"");
    assert_fault(&rag_schema_chat_request,
                 "{\"messages\":[{\"role\":\"user\",\"content\":\"\"}],\"max_tokens\":1.5}", "int_from_float",
                 "\"body\"/\"max_tokens\"");
    assert_fault(&rag_schema_index_entry, "{\"index_name\":\"a b\"}", "string_pattern_mismatch",
                 "\"body\"/\"index_name\"");
    assert_fault(&rag_schema_index_entry, "{\"embedding_config\":[]}", "dict_type",
                 "\"body\"/\"embedding_config\"");
}

static void accepts_what_pydantic_accepts(void **state)
{
    (void)state;
    const struct rag_schema *q = &rag_schema_rag_query;
    assert_null(faults_of(q, "{\"question\":\"\"}"));
    assert_null(
        faults_of(q, "{\"question\":\"q\",\"unknown\":1,\"stream\":null,\"temperature\":null,"
                     "\"chat_history\":null,\"session_id\":null,\"vector_db\":null,\"citation\":\"yes\"}"));
    assert_null(faults_of(q, "{\"question\":\"q\",\"temperature\":\"0.5\",\"stream\":1}"));
    assert_null(faults_of(q, "{\"question\":\"q\",\"vector_db\":{\"faiss_path\":null}}"));
}

static void counts_and_limits_faults(void **state)
{
    (void)state;
    struct rag_buf text;
    rag_buf_init(&text, 100000);
    rag_buf_adds(&text, "{\"question\":\"q\",\"chat_history\":[");
    for (int i = 0; i < 500; i++)
        rag_buf_adds(&text, i ? ",1" : "1");
    rag_buf_adds(&text, "]}");
    json_t *doc = faults_of(&rag_schema_rag_query, text.p);
    assert_int_equal(json_array_size(json_object_get(doc, "detail")), 32);
    json_decref(doc);
    rag_buf_free(&text);
}

static void does_not_echo_long_input(void **state)
{
    (void)state;
    char text[6000] = "{\"question\":[\"";
    size_t n = strlen(text);
    memset(text + n, 'x', 5000);
    memcpy(text + n + 5000, "\"]}", 4);
    json_t *doc = faults_of(&rag_schema_rag_query, text);
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(doc, "detail"), 0), "input")));
    json_decref(doc);
}

static void describes_malformed_json(void **state)
{
    (void)state;
    struct rag_faults f;
    rag_faults_init(&f);
    rag_faults_add_malformed(&f, 14, "malformed JSON at byte 14");
    struct rag_str doc = rag_faults_finish(&f);
    assert_string_equal(doc.p,
                        "{\"detail\":[{\"type\":\"json_invalid\",\"loc\":[\"body\",14],\"msg\":\"JSON decode "
                        "error\",\"input\":{},\"ctx\":{\"error\":\"malformed JSON at byte 14\"}}]}");
    rag_faults_free(&f);
}

static void reads_lenient_values(void **state)
{
    (void)state;
    json_t *v = json_loads(
        "{\"a\":\"On\",\"b\":0,\"c\":\"12\",\"d\":null,\"e\":7.0,\"f\":\"0.25\",\"g\":\"\"}", 0, NULL);
    assert_true(rag_value_bool(v, "a", false));
    assert_false(rag_value_bool(v, "b", true));
    assert_int_equal(rag_value_int(v, "c", 0), 12);
    assert_int_equal(rag_value_int(v, "d", 5), 5);
    assert_int_equal(rag_value_int(v, "e", 0), 7);
    assert_true(rag_value_num(v, "f", 0) == 0.25);
    assert_null(rag_value_cstr(v, "g"));
    assert_null(rag_value_str(v, "missing").p);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_type_and_place),     cmocka_unit_test(accepts_what_pydantic_accepts),
        cmocka_unit_test(counts_and_limits_faults), cmocka_unit_test(does_not_echo_long_input),
        cmocka_unit_test(describes_malformed_json), cmocka_unit_test(reads_lenient_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
