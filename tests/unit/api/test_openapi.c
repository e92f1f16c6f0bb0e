/* test_openapi.c: the document made from the real route table is complete and hangs together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/routes.h"
#include "base/limits.h"
#include "text/json.h"

static json_t *doc;

static int load(void **state)
{
    (void)state;
    struct rag_buf text;
    rag_buf_init(&text, RAG_MIB);
    assert_int_equal(rag_api_openapi(&text), 0);
    doc = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    rag_buf_free(&text);
    return doc ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    json_decref(doc);
    return 0;
}

static json_t *operation(const struct rag_route *r, unsigned at)
{
    char path[128], method[8] = "";
    snprintf(path, sizeof path, "%s%s", rag_route_prefix(at), r->path);
    for (size_t i = 0; r->method[i]; i++)
        method[i] = (char)(r->method[i] | 0x20);
    return json_object_get(json_object_get(json_object_get(doc, "paths"), path), method);
}

static void holds_every_route(void **state)
{
    (void)state;
    size_t expected = 0, found = 0;
    for (size_t i = 0; i < rag_routes_n; i++) {
        const struct rag_route *r = &rag_routes[i];
        assert_non_null(r->handle);
        for (unsigned at = RAG_AT_SERVICE; at <= RAG_AT_ROOT; at <<= 1) {
            if (!(r->at & at) || (r->flags & RAG_ROUTE_HIDDEN))
                continue;
            json_t *op = operation(r, at);
            if (!op)
                fail_msg("%s %s is missing", r->method, r->path);
            expected++;
            assert_true((json_object_get(op, "requestBody") != NULL) == (r->body != NULL));
            json_t *replies = json_object_get(op, "responses");
            assert_non_null(json_object_get(replies, r->flags & RAG_ROUTE_ABSENT ? "501" : "200"));
        }
    }
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(doc, "paths"), path, item) found += json_object_size(item);
    assert_int_equal(found, expected);
}

/* Calls f for every member named key, at any depth. */
static void each(json_t *v, const char *key, void (*f)(json_t *))
{
    const char *name;
    json_t *member;
    size_t i;
    if (json_is_array(v))
        json_array_foreach(v, i, member) each(member, key, f);
    json_object_foreach(v, name, member)
    {
        if (!strcmp(name, key) && json_is_string(member))
            f(member);
        each(member, key, f);
    }
}

static void check_ref(json_t *ref)
{
    static const char prefix[] = "#/components/schemas/";
    const char *text = json_string_value(ref);
    assert_memory_equal(text, prefix, sizeof prefix - 1);
    json_t *schemas = json_object_get(json_object_get(doc, "components"), "schemas");
    if (!json_object_get(schemas, text + sizeof prefix - 1))
        fail_msg("%s leads nowhere", text);
}

static void references_lead_somewhere(void **state)
{
    (void)state;
    each(doc, "$ref", check_ref);
}

static json_t *seen;

static void check_unique(json_t *id)
{
    if (json_object_get(seen, json_string_value(id)))
        fail_msg("operationId %s is there twice", json_string_value(id));
    json_object_set(seen, json_string_value(id), id);
}

static void operation_ids_are_unique(void **state)
{
    (void)state;
    seen = json_object();
    each(json_object_get(doc, "paths"), "operationId", check_unique);
    assert_true(json_object_size(seen) > 20);
    json_decref(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(holds_every_route),
                                       cmocka_unit_test(references_lead_somewhere),
                                       cmocka_unit_test(operation_ids_are_unique)};
    return cmocka_run_group_tests(tests, load, drop);
}
