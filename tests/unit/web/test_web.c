/* test_web.c: the page server for real, in front of an API that this test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "web/web.h"

struct fixture {
    char tmp[64], spool[96];
    struct rag_http_server *api;
    struct rag_web *web;
    struct rag_http_client *client;
    char base[64];
};

/* ---- the API ---- */

static void api_policy(void *ud, struct rag_http_request *r, struct rag_http_policy *out)
{
    struct fixture *f = ud;
    (void)r;
    out->max_body = RAG_LIMIT_UPLOAD;
    out->spool_dir = f->tmp;
}

/* Answers with what arrived: method, target, some headers, and the SHA-256 of the body. */
static void echo(struct rag_http_request *r)
{
    char sha[65] = "none";
    struct rag_err err = {0};
    if (rag_http_body_path(r))
        rag_sha256_file(rag_http_body_path(r), sha, &err);
    static const char *const names[] = {"Authorization",   "Content-Type",     "Host",
                                        "Origin",          "Sec-Fetch-Site",   "X-Request-ID",
                                        "X-Forwarded-For", "X-Forwarded-Host", "X-API-Key",
                                        "Connection-Test"};
    struct rag_buf text;
    rag_buf_init(&text, 65536);
    rag_buf_printf(&text, "%s %s\nbody %s\n", rag_http_method(r), rag_http_target(r), sha);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (rag_http_header(r, names[i]))
            rag_buf_printf(&text, "%s: %s\n", names[i], rag_http_header(r, names[i]));
    rag_http_set_header(r, "X-Request-ID", "from-api");
    rag_http_reply(r, 200, "text/x-echo", rag_buf_str(&text));
    rag_buf_free(&text);
}

static void api_handle(void *ud, struct rag_http_request *r)
{
    (void)ud;
    const char *path = rag_http_path(r);
    if (strcmp(path, "/api/refuse") == 0) {
        rag_http_set_header(r, "Retry-After", "7");
        rag_http_reply(r, 422, "application/json", RAG_STR("{\"detail\":[]}"));
    } else if (strcmp(path, "/api/nothing") == 0) {
        rag_http_reply(r, 204, NULL, RAG_STR(""));
    } else if (strcmp(path, "/api/stream") == 0) {
        rag_http_stream_begin(r, 200, "text/event-stream");
        for (int i = 0; i < 3; i++) {
            rag_http_stream_write(r, RAG_STR("data: x\n\n"));
            usleep(150 * 1000);
        }
    } else {
        echo(r);
    }
}

/* ---- set-up ---- */

static int open_all(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct rag_err err = {0};
    strcpy(f->tmp, "/tmp/pai_rag_web_XXXXXX");
    assert_non_null(mkdtemp(f->tmp));
    snprintf(f->spool, sizeof f->spool, "%s/spool", f->tmp);
    struct rag_http_server_opts api = {.host = "127.0.0.1",
                                       .listen_fd = -1,
                                       .workers = 8,
                                       .ud = f,
                                       .policy = api_policy,
                                       .handle = api_handle};
    if (rag_http_server_open(&api, &f->api, &err))
        fail_msg("%s", err.msg);
    char url[64];
    snprintf(url, sizeof url, "http://0.0.0.0:%d/", rag_http_server_port(f->api));
    struct rag_web_opts web = {.host = "127.0.0.1", .listen_fd = -1, .api_url = url, .tmp_dir = f->spool};
    if (rag_web_open(&web, &f->web, &err) || rag_http_client_open(&f->client, &err))
        fail_msg("%s", err.msg);
    snprintf(f->base, sizeof f->base, "http://127.0.0.1:%d", rag_web_port(f->web));
    *state = f;
    return 0;
}

static int close_all(void **state)
{
    struct fixture *f = *state;
    struct rag_err err;
    rag_http_client_close(f->client);
    rag_web_close(f->web, 1000);
    rag_http_server_close(f->api, 1000);
    rag_fs_remove_tree(f->tmp, &err);
    free(f);
    return 0;
}

struct answer {
    int status;
    struct rag_buf head, body;
    int pieces;
    double first, last;
};

static int keep_head(void *ud, int status, struct rag_str head)
{
    struct answer *a = ud;
    (void)status;
    return rag_buf_addstr(&a->head, head);
}

static int keep_data(void *ud, struct rag_str data)
{
    struct answer *a = ud;
    a->last = rag_clock_mono_s();
    if (a->pieces++ == 0)
        a->first = a->last;
    return rag_buf_addstr(&a->body, data);
}

static struct answer ask(struct fixture *f, struct rag_http_call call, const char *path)
{
    struct answer a = {0};
    struct rag_err err = {0};
    char url[256];
    rag_buf_init(&a.head, 65536);
    rag_buf_init(&a.body, 4 * RAG_MIB);
    snprintf(url, sizeof url, "%s%s", f->base, path);
    call.url = url;
    call.method = call.method ? call.method : "GET";
    call.max_reply = 8 * RAG_MIB;
    call.on_head = keep_head;
    call.on_data = keep_data;
    call.ud = &a;
    if (rag_http_client_call(f->client, &call, &a.status, &a.body, &err))
        fail_msg("%s", err.msg);
    rag_buf_addc(&a.body, '\0');
    return a;
}

static void forget(struct answer *a)
{
    rag_buf_free(&a->head);
    rag_buf_free(&a->body);
}

#define HAS(text, part)                                                                                      \
    do {                                                                                                     \
        if (!strcasestr((text).p, part))                                                                     \
            fail_msg("no \"%s\" in:\n%s", part, (text).p);                                                   \
    } while (0)

/* ---- the page ---- */

static void page_with_its_headers(void **state)
{
    struct answer a = ask(*state, (struct rag_http_call){0}, "/?from=gateway");
    assert_int_equal(a.status, 200);
    HAS(a.head, "Content-Type: text/html; charset=utf-8");
    HAS(a.head, "Cache-Control: no-cache");
    HAS(a.head, "Content-Security-Policy: default-src 'self'");
    HAS(a.head, "X-Content-Type-Options: nosniff");
    HAS(a.body, "<div id=\"app\">");
    assert_null(strcasestr(a.head.p, "Content-Encoding"));

    char tag[96];
    assert_int_equal(sscanf(strcasestr(a.head.p, "ETag: "), "%*s %90s", tag), 1);
    char line[128];
    snprintf(line, sizeof line, "If-None-Match: %s", tag);
    forget(&a);
    const char *headers[] = {line, NULL};
    a = ask(*state, (struct rag_http_call){.headers = headers}, "/");
    assert_int_equal(a.status, 304);
    assert_int_equal(a.body.n, 1);
    forget(&a);
}

static void assets_are_packed_and_kept(void **state)
{
    struct answer page = ask(*state, (struct rag_http_call){0}, "/");
    char path[128];
    const char *at = strstr(page.body.p, "./assets/");
    assert_non_null(at);
    snprintf(path, sizeof path, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    const char *headers[] = {"Accept-Encoding: br, gzip", NULL};
    struct answer a = ask(*state, (struct rag_http_call){.headers = headers}, path);
    assert_int_equal(a.status, 200);
    HAS(a.head, "immutable");
    HAS(a.head, "Vary: Accept-Encoding");
    forget(&page);
    forget(&a);
}

static void what_is_not_there(void **state)
{
    struct answer a = ask(*state, (struct rag_http_call){0}, "/no/such/file");
    assert_int_equal(a.status, 404);
    forget(&a);
    a = ask(*state, (struct rag_http_call){0}, "/%2e%2e/%2e%2e/etc/passwd");
    assert_int_equal(a.status, 404);
    forget(&a);
    a = ask(*state, (struct rag_http_call){.method = "POST", .body = RAG_STR("x")}, "/");
    assert_int_equal(a.status, 405);
    HAS(a.head, "Allow: GET, HEAD");
    forget(&a);
}

/* ---- the proxy ---- */

static void request_arrives_whole(void **state)
{
    struct fixture *f = *state;
    const char *headers[] = {"Authorization: Bearer k",
                             "Content-Type: application/json",
                             "Origin: http://a.example",
                             "Sec-Fetch-Site: same-origin",
                             "X-Request-ID: 7",
                             "Host: outside.example",
                             "X-Forwarded-For: 203.0.113.9",
                             "X-API-Key: k2",
                             "Connection-Test: no",
                             NULL};
    struct rag_http_call call = {.method = "PATCH", .headers = headers, .body = RAG_STR("hello")};
    struct answer a = ask(f, call, "/api/v1/a%20b?q=%E4%BD%A0&x=1");
    assert_int_equal(a.status, 200);
    HAS(a.head, "Content-Type: text/x-echo");
    HAS(a.head, "X-Request-ID: from-api");
    HAS(a.body, "PATCH /api/v1/a%20b?q=%E4%BD%A0&x=1\n");
    HAS(a.body, "body 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n");
    HAS(a.body, "Authorization: Bearer k\n");
    HAS(a.body, "X-API-Key: k2\n");
    HAS(a.body, "Content-Type: application/json\n");
    HAS(a.body, "Host: outside.example\n");
    HAS(a.body, "Origin: http://a.example\n");
    HAS(a.body, "Sec-Fetch-Site: same-origin\n");
    HAS(a.body, "X-Forwarded-For: 203.0.113.9, 127.0.0.1\n");
    HAS(a.body, "X-Forwarded-Host: outside.example\n");
    assert_null(strstr(a.body.p, "Connection-Test"));
    forget(&a);
}

static void no_body_and_no_type_are_made_up(void **state)
{
    const char *headers[] = {"Content-Type:", NULL}; /* libcurl here would make one up, too */
    struct answer a =
        ask(*state, (struct rag_http_call){.method = "DELETE", .headers = headers}, "/api/v1/documents/1");
    HAS(a.body, "DELETE /api/v1/documents/1\nbody none\n");
    assert_null(strcasestr(a.body.p, "Content-Type"));
    forget(&a);
}

static void status_and_body_of_errors_pass(void **state)
{
    struct answer a =
        ask(*state, (struct rag_http_call){.method = "POST", .body = RAG_STR("{}")}, "/api/refuse");
    assert_int_equal(a.status, 422);
    HAS(a.head, "Retry-After: 7");
    assert_string_equal(a.body.p, "{\"detail\":[]}");
    forget(&a);
    a = ask(*state, (struct rag_http_call){0}, "/api/nothing");
    assert_int_equal(a.status, 204);
    forget(&a);
}

/* The API sends for about 300 ms: a proxy that waits for the end would hand all pieces over at once. */
static void streams_pass_at_once(void **state)
{
    struct answer a = ask(*state, (struct rag_http_call){0}, "/api/stream");
    HAS(a.head, "Content-Type: text/event-stream");
    assert_string_equal(a.body.p, "data: x\n\ndata: x\n\ndata: x\n\n");
    assert_in_range(a.pieces, 2, 100);
    assert_true(a.last - a.first > 0.15);
    forget(&a);
}

static void large_bodies_pass_through_a_file(void **state)
{
    struct fixture *f = *state;
    char path[128], sha[65], want[80];
    struct rag_err err = {0};
    snprintf(path, sizeof path, "%s/large", f->tmp);
    FILE *file = fopen(path, "wb");
    for (unsigned i = 0; i < 5u << 20; i++)
        fwrite(&i, sizeof i, 1, file);
    fclose(file);
    assert_int_equal(rag_sha256_file(path, sha, &err), 0);
    const char *headers[] = {"Content-Type: multipart/form-data; boundary=b", NULL};
    struct rag_http_call call = {.method = "POST", .headers = headers, .body_path = path};
    struct answer a = ask(f, call, "/service/upload_data");
    snprintf(want, sizeof want, "body %s\n", sha);
    HAS(a.body, want);
    HAS(a.body, "Content-Type: multipart/form-data; boundary=b\n");
    forget(&a);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(f->spool), 0); /* empty: nothing is left behind */
    assert_int_equal(rag_fs_mkdirs(f->spool, &err), 0);
}

static void api_that_is_down(void **state)
{
    struct fixture *f = *state;
    struct rag_web *web = NULL;
    struct rag_err err = {0};
    struct rag_web_opts opts = {
        .host = "127.0.0.1", .listen_fd = -1, .api_url = "http://127.0.0.1:1", .tmp_dir = f->spool};
    assert_int_equal(rag_web_open(&opts, &web, &err), 0);
    char saved[64];
    strcpy(saved, f->base);
    snprintf(f->base, sizeof f->base, "http://127.0.0.1:%d", rag_web_port(web));
    struct answer a = ask(f, (struct rag_http_call){0}, "/api/v1/health");
    assert_int_equal(a.status, 502);
    HAS(a.head, "Content-Type: application/json");
    assert_string_equal(
        a.body.p, "{\"message\":\"the API at 127.0.0.1:1 does not answer: start it with pai_rag serve\"}");
    forget(&a);
    a = ask(f, (struct rag_http_call){.method = "POST", .body = RAG_STR("{}")}, "/v1/chat/completions");
    assert_int_equal(a.status, 502);
    HAS(a.body, "{\"error\":{\"message\":\"the API at");
    forget(&a);
    strcpy(f->base, saved);
    rag_web_close(web, 1000);
}

static void addresses_of_the_api(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"",        "127.0.0.1:8001", "ftp://x/",
                                      "http://", "http://a b/",    "http://u:p@h/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rag_web *web = NULL;
        struct rag_err err = {0};
        struct rag_web_opts opts = {
            .host = "127.0.0.1", .listen_fd = -1, .api_url = bad[i], .tmp_dir = f->spool};
        assert_int_equal(rag_web_open(&opts, &web, &err), RAG_EINVAL);
        assert_null(web);
        assert_non_null(strstr(err.msg, "http://127.0.0.1:8001/"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_with_its_headers),
        cmocka_unit_test(assets_are_packed_and_kept),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(request_arrives_whole),
        cmocka_unit_test(no_body_and_no_type_are_made_up),
        cmocka_unit_test(status_and_body_of_errors_pass),
        cmocka_unit_test(streams_pass_at_once),
        cmocka_unit_test(large_bodies_pass_through_a_file),
        cmocka_unit_test(api_that_is_down),
        cmocka_unit_test(addresses_of_the_api),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
