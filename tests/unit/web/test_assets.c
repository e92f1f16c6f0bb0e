/* test_assets.c: the page in the binary, and the header rules that decide how it is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "web/assets.h"
#include "web/proxy.h"

static void page_is_there(void **state)
{
    (void)state;
    const struct rag_web_asset *page = rag_web_find_asset("/");
    assert_non_null(page);
    assert_ptr_equal(page, rag_web_find_asset("/index.html"));
    assert_non_null(memmem(page->plain.p, page->plain.n, "<div id=\"app\">", 14));
    assert_null(rag_web_find_asset("/assets/"));
    assert_null(rag_web_find_asset("/../etc/passwd"));
    assert_null(rag_web_find_asset("/.fingerprint"));
}

/* What index.html asks for exists, relative and without anything inline. */
static void page_is_complete(void **state)
{
    (void)state;
    struct rag_str page = rag_web_find_asset("/")->plain;
    const char *at = page.p, *end = page.p + page.n;
    int references = 0;
    while ((at = memmem(at, (size_t)(end - at), "\"./", 3))) {
        const char *begin = at + 2;
        at = memchr(begin, '"', (size_t)(end - begin));
        char path[128];
        assert_in_range(at - begin, 1, sizeof path - 1);
        memcpy(path, begin, (size_t)(at - begin));
        path[at - begin] = '\0';
        assert_non_null(rag_web_find_asset(path));
        references++;
    }
    assert_in_range(references, 3, 20); /* script, style, icon */
    assert_null(memmem(page.p, page.n, "http://", 7));
    assert_null(memmem(page.p, page.n, "https://", 8));
    assert_null(memmem(page.p, page.n, "<style", 6));
}

static void scripts_are_small(void **state)
{
    (void)state;
    size_t total = 0;
    for (size_t i = 0; i < rag_web_n_assets; i++)
        if (strstr(rag_web_assets[i].type, "javascript"))
            total += rag_web_assets[i].gzip.n;
    assert_in_range(total, 1000, 100 * 1000);
}

static void gzip_negotiation(void **state)
{
    (void)state;
    assert_true(rag_web_accepts_gzip("gzip"));
    assert_true(rag_web_accepts_gzip("br, GZIP;q=0.5"));
    assert_true(rag_web_accepts_gzip("deflate , gzip ; q=1"));
    assert_false(rag_web_accepts_gzip("gzip;q=0"));
    assert_false(rag_web_accepts_gzip("br, gzip; q=0.000"));
    assert_false(rag_web_accepts_gzip("x-gzip-not"));
    assert_false(rag_web_accepts_gzip(""));
    assert_false(rag_web_accepts_gzip(NULL));
}

static void etags(void **state)
{
    (void)state;
    assert_true(rag_web_etag_matches("\"ab\"", "\"ab\""));
    assert_true(rag_web_etag_matches("\"x\", W/\"ab\"", "\"ab\""));
    assert_true(rag_web_etag_matches("*", "\"ab\""));
    assert_false(rag_web_etag_matches("\"abc\"", "\"ab\""));
    assert_false(rag_web_etag_matches("ab", "\"ab\""));
    assert_false(rag_web_etag_matches(NULL, "\"ab\""));
}

static void paths_of_the_api(void **state)
{
    (void)state;
    assert_true(rag_web_is_api("/api/v1/query"));
    assert_true(rag_web_is_api("/service"));
    assert_true(rag_web_is_api("/v1/models"));
    assert_true(rag_web_is_api("/openapi.json"));
    assert_true(rag_web_is_api("/docs"));
    assert_false(rag_web_is_api("/"));
    assert_false(rag_web_is_api("/apiary"));
    assert_false(rag_web_is_api("/v11/x"));
    assert_false(rag_web_is_api("/index.html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_there),
        cmocka_unit_test(page_is_complete),
        cmocka_unit_test(scripts_are_small),
        cmocka_unit_test(gzip_negotiation),
        cmocka_unit_test(etags),
        cmocka_unit_test(paths_of_the_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
