/* test_router.c: paths, prefixes, parameters and methods find their row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/routes.h"

static const struct rag_route table[] = {
    {.method = "POST", .path = "/query", .at = RAG_AT_SERVICE | RAG_AT_API},
    {.method = "GET", .path = "/indexes/{name}", .at = RAG_AT_API},
    {.method = "DELETE", .path = "/indexes/{name}", .at = RAG_AT_API},
    {.method = "GET", .path = "/v1/models", .at = RAG_AT_ROOT},
    {.method = "GET", .path = "/", .at = RAG_AT_ROOT},
};
static struct rag_arena arena;

static struct rag_match find(const char *method, const char *path)
{
    struct rag_match m;
    rag_router_match(table, sizeof table / sizeof *table, method, path, &arena, &m);
    return m;
}

static void finds_prefixes(void **state)
{
    (void)state;
    assert_ptr_equal(find("POST", "/service/query").route, &table[0]);
    assert_int_equal(find("POST", "/service/query").at, RAG_AT_SERVICE);
    assert_int_equal(find("POST", "/api/v1/query").at, RAG_AT_API);
    assert_null(find("POST", "/query").route);
    assert_null(find("GET", "/service/indexes/abc").route);
    assert_ptr_equal(find("GET", "/v1/models").route, &table[3]);
    assert_ptr_equal(find("GET", "/").route, &table[4]);
    assert_null(find("GET", "").route);
}

static void finds_parameters(void **state)
{
    (void)state;
    struct rag_match m = find("DELETE", "/api/v1/indexes/my index");
    assert_ptr_equal(m.route, &table[2]);
    assert_string_equal(m.param, "my index");
    assert_null(find("GET", "/api/v1/indexes/").route);
    assert_null(find("GET", "/api/v1/indexes/a/b").route);
}

static void tells_unknown_paths_from_wrong_methods(void **state)
{
    (void)state;
    assert_string_equal(find("PUT", "/api/v1/indexes/abc").allow, "GET, DELETE");
    assert_null(find("PUT", "/api/v1/indexes/abc").route);
    assert_string_equal(find("PUT", "/nothing").allow, "");
    assert_string_equal(find("GET", "/service/query").allow, "POST");
    assert_string_equal(find("POST", "/service/query/").allow, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_prefixes), cmocka_unit_test(finds_parameters),
                                       cmocka_unit_test(tells_unknown_paths_from_wrong_methods)};
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    rag_arena_free(&arena);
    return rc;
}
