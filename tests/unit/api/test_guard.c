/* test_guard.c: cross-origin rules and the API key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/auth.h"
#include "api/guard.h"

struct guard_case {
    const char *origin, *site, *host, *forwarded;
    bool ok;
};

static void keeps_other_sites_out(void **state)
{
    (void)state;
    static const struct guard_case cases[] = {
        {NULL, NULL, "127.0.0.1:8001", NULL, true}, /* curl */
        {"http://127.0.0.1:8000", NULL, "127.0.0.1:8000", NULL, true},
        {"https://rag.example", NULL, "RAG.example:443", NULL, true},
        {"http://rag.example:80", NULL, "rag.example", NULL, true},
        {"https://rag.example", NULL, "10.0.0.7:8001", "rag.example", true},
        {"https://rag.example", NULL, "10.0.0.7:8001", "rag.example, inner", true},
        {"https://rag.example", "same-origin", "10.0.0.7:8001", NULL, true}, /* a gateway changed Host */
        {NULL, "none", "10.0.0.7", NULL, true},
        {"https://evil.example", NULL, "rag.example", NULL, false},
        {"https://evil.example", "cross-site", "rag.example", "rag.example", false},
        {"http://127.0.0.1:3000", "same-site", "127.0.0.1:8001", NULL, false},
        {"http://127.0.0.1:3000", NULL, "127.0.0.1:8001", NULL, false},
        {"null", NULL, "rag.example", NULL, false},
        {"null", NULL, "null", NULL, false},
        {"https://rag.example.evil", NULL, "rag.example", NULL, false},
        {"https://rag.example", NULL, NULL, NULL, false},
        {"http://rag.example:443", NULL, "rag.example", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rag_guard_origin o = {"POST", cases[i].origin, cases[i].site, cases[i].host,
                                     cases[i].forwarded};
        if (rag_guard_ok(&o, NULL) != cases[i].ok)
            fail_msg("case %zu", i);
        o.method = "GET";
        assert_true(rag_guard_ok(&o, NULL));
    }
}

static void lets_listed_origins_in(void **state)
{
    (void)state;
    struct rag_guard_origin o = {"PATCH", "https://a.example", "cross-site", "rag.example", NULL};
    assert_true(rag_guard_ok(&o, "http://x.example , https://a.example"));
    assert_false(rag_guard_ok(&o, "http://a.example"));
    assert_false(rag_guard_ok(&o, "https://a.example.org,a.example,"));
    assert_true(rag_guard_ok(&o, "*"));
    assert_false(rag_guard_listed("", "https://a.example"));
    assert_false(rag_guard_listed(",", ""));
}

static void checks_the_key(void **state)
{
    (void)state;
    assert_true(rag_auth_ok(NULL, NULL, NULL));
    assert_true(rag_auth_ok("", "whatever", NULL));
    assert_false(rag_auth_ok("secret", NULL, NULL));
    assert_true(rag_auth_ok("secret", "Bearer secret", NULL));
    assert_true(rag_auth_ok("secret", "bearer  secret", NULL));
    assert_true(rag_auth_ok("secret", "secret", NULL));
    assert_true(rag_auth_ok("secret", "a gateway's own token", "secret"));
    assert_false(rag_auth_ok("secret", "Bearer secret2", "secre"));
    assert_false(rag_auth_ok("secret", "Basic secret", NULL));
    assert_false(rag_auth_ok("secret", "", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_other_sites_out),
                                       cmocka_unit_test(lets_listed_origins_in),
                                       cmocka_unit_test(checks_the_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
