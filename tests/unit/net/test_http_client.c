/* test_http_client.c: the client against our own server, and against raw sockets that misbehave. */
#include "net_test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "net/http_client.h"
#include "net/http_server.h"

static struct rag_http_server *server;
static struct rag_http_client *client;
static int port;
static _Atomic double left_at;

static void handle(void *ud, struct rag_http_request *r)
{
    (void)ud;
    const char *path = rag_http_path(r);
    if (strcmp(path, "/echo") == 0) {
        const char *header = rag_http_header(r, "X-Test");
        rag_http_reply(r, 200, "text/plain",
                       rag_str_of(rag_arena_printf(rag_http_arena(r), "%s %s %.*s", rag_http_method(r),
                                                   header ? header : "-", RAG_STR_ARG(rag_http_body(r)))));
    } else if (strcmp(path, "/stream") == 0) {
        rag_http_stream_begin(r, 200, "text/plain");
        for (int i = 0; i < 3; i++) {
            rag_http_stream_write(r, RAG_STR("piece\n"));
            usleep(20000);
        }
    } else if (strcmp(path, "/hang") == 0) {
        rag_http_stream_begin(r, 200, "text/plain");
        rag_http_stream_write(r, RAG_STR("begin\n"));
        for (int i = 0; i < 500 && !rag_http_client_gone(r); i++)
            usleep(10000);
        left_at = rag_clock_mono_s();
    } else if (strcmp(path, "/redirect") == 0) {
        rag_http_set_header(r, "Location", "/echo");
        rag_http_reply(r, 302, "text/plain", RAG_STR("moved"));
    } else {
        rag_http_reply(r, 404, "text/plain", RAG_STR("not here"));
    }
}

static int setup(void **state)
{
    (void)state;
    struct rag_err err = {0};
    const struct rag_http_server_opts opts = {.host = "127.0.0.1", .listen_fd = -1, .handle = handle};
    /* A proxy that does not exist: nothing of this machine may go there. */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(rag_http_server_open(&opts, &server, &err), 0);
    assert_int_equal(rag_http_client_open(&client, &err), 0);
    port = rag_http_server_port(server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rag_http_client_close(client);
    rag_http_server_close(server, 1000);
    return 0;
}

/* ---- calling ---- */

static struct rag_buf reply;
static struct rag_err err;
static int status;

static int call_at(const char *host_and_port, const char *path, struct rag_http_call call)
{
    char url[300];
    snprintf(url, sizeof url, "http://%s%s", host_and_port, path);
    call.url = url;
    call.method = call.method ? call.method : "GET";
    call.max_reply = call.max_reply ? call.max_reply : 1000;
    rag_buf_free(&reply);
    rag_buf_init(&reply, 100000);
    err = (struct rag_err){0};
    int rc = rag_http_client_call(client, &call, &status, &reply, &err);
    assert_int_equal(rc, err.code);
    return rc;
}

static int call(const char *path, struct rag_http_call c)
{
    char host[32];
    snprintf(host, sizeof host, "127.0.0.1:%d", port);
    return call_at(host, path, c);
}

static void test_methods_and_headers(void **state)
{
    (void)state;
    const char *const headers[] = {"X-Test: v", NULL};
    assert_int_equal(call("/echo", (struct rag_http_call){.headers = headers}), 0);
    assert_string_equal(reply.p, "GET v ");
    assert_int_equal(call("/echo", (struct rag_http_call){.method = "POST", .body = RAG_STR("body")}), 0);
    assert_string_equal(reply.p, "POST - body"); /* the header of the call before is forgotten */
    assert_int_equal(call("/echo", (struct rag_http_call){.method = "PATCH", .body = RAG_STR("p")}), 0);
    assert_string_equal(reply.p, "PATCH - p");
    assert_int_equal(call("/echo", (struct rag_http_call){.method = "DELETE"}), 0);
    assert_string_equal(reply.p, "DELETE - ");
    assert_int_equal(call("/none", (struct rag_http_call){0}), 0);
    assert_int_equal(status, 404);
    assert_string_equal(reply.p, "not here");
    assert_int_equal(call("/redirect", (struct rag_http_call){0}), 0);
    assert_int_equal(status, 302);
    char host[32];
    snprintf(host, sizeof host, "localhost:%d", port);
    assert_int_equal(call_at(host, "/echo", (struct rag_http_call){0}), 0);
}

struct watcher {
    int heads, status, pieces, polls, cancel_at_piece, cancel_at_poll;
    char type[100];
};

static int on_head(void *ud, int code, struct rag_str head)
{
    struct watcher *w = ud;
    w->heads++;
    w->status = code;
    const char *type = memmem(head.p, head.n, "Content-Type: ", 14);
    assert_non_null(type);
    snprintf(w->type, sizeof w->type, "%.*s", (int)strcspn(type, "\r"), type);
    return 0;
}

static int on_data(void *ud, struct rag_str data)
{
    (void)data;
    struct watcher *w = ud;
    return ++w->pieces == w->cancel_at_piece;
}

static int on_idle(void *ud)
{
    struct watcher *w = ud;
    return ++w->polls == w->cancel_at_poll;
}

static void test_stream(void **state)
{
    (void)state;
    struct watcher w = {0};
    assert_int_equal(
        call("/stream", (struct rag_http_call){.on_data = on_data, .on_head = on_head, .ud = &w}), 0);
    assert_int_equal(w.heads, 1);
    assert_int_equal(w.status, 200);
    assert_string_equal(w.type, "Content-Type: text/plain");
    assert_int_equal(w.pieces, 3);
    assert_int_equal(reply.n, 0);
    /* An error body does not go to on_data. */
    w = (struct watcher){0};
    assert_int_equal(call("/none", (struct rag_http_call){.on_data = on_data, .on_head = on_head, .ud = &w}),
                     0);
    assert_int_equal(w.pieces, 0);
    assert_int_equal(w.status, 404);
    assert_string_equal(reply.p, "not here");
}

static void wait_until_left(double since)
{
    for (int i = 0; i < 200 && left_at == 0; i++)
        usleep(10000);
    assert_true(left_at > 0 && left_at - since < 1);
}

static void test_cancel(void **state)
{
    (void)state;
    struct watcher w = {.cancel_at_piece = 1};
    left_at = 0;
    double begin = rag_clock_mono_s();
    assert_int_equal(call("/hang", (struct rag_http_call){.on_data = on_data, .ud = &w}), RAG_ECANCELED);
    double end = rag_clock_mono_s();
    assert_true(end - begin < 1);
    wait_until_left(end);
    w = (struct watcher){.cancel_at_poll = 1};
    left_at = 0;
    begin = rag_clock_mono_s();
    assert_int_equal(call("/hang", (struct rag_http_call){.on_idle = on_idle, .ud = &w}), RAG_ECANCELED);
    end = rag_clock_mono_s();
    assert_true(end - begin < 2);
    wait_until_left(end);
}

static void test_limits(void **state)
{
    (void)state;
    double begin = rag_clock_mono_s();
    assert_int_equal(call("/hang?key=secret", (struct rag_http_call){.idle_timeout_s = 1}), RAG_ETIMEOUT);
    assert_true(rag_clock_mono_s() - begin < 4);
    assert_null(strstr(err.msg, "secret"));
    assert_int_equal(call("/none", (struct rag_http_call){.max_reply = 3}), RAG_ETOOBIG);
    assert_non_null(strstr(err.msg, "larger than 3 bytes"));
}

static void test_unreachable(void **state)
{
    (void)state;
    assert_int_equal(call_at("user:secret@127.0.0.1:1", "/path?secret", (struct rag_http_call){0}), RAG_ENET);
    assert_non_null(strstr(err.msg, "cannot connect to 127.0.0.1:1:"));
    assert_null(strstr(err.msg, "secret"));
    assert_null(strstr(err.msg, "/path"));
    struct rag_http_call c = {.method = "GET", .url = "file:///etc/passwd", .max_reply = 10};
    assert_int_equal(rag_http_client_call(client, &c, &status, NULL, &err), RAG_EINVAL);
    c.url = "gopher://x/";
    assert_int_equal(rag_http_client_call(client, &c, &status, NULL, &err), RAG_EINVAL);
}

/* ---- a server that misbehaves ---- */

struct bad_server {
    int fd, port, accepted;
    const char *replies[4]; /* per connection; what comes after is closed */
    bool close_late;        /* closes when the reply was read, as a keep-alive timeout does */
    pthread_t thread;
};

static void *serve_badly(void *arg)
{
    struct bad_server *s = arg;
    for (int i = 0; i < 4 && s->replies[i]; i++) {
        int fd = accept(s->fd, NULL, NULL);
        struct rag_buf request;
        rag_buf_init(&request, 100000);
        s->accepted++;
        raw_until(fd, &request, "\r\n\r\n", 3000);
        raw_send(fd, s->replies[i]);
        if (s->close_late)
            usleep(100000);
        close(fd);
        rag_buf_free(&request);
    }
    return NULL;
}

static void start_bad(struct bad_server *s, char host[32])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 5), 0);
    getsockname(s->fd, (struct sockaddr *)&a, &n);
    snprintf(host, 32, "127.0.0.1:%d", ntohs(a.sin_port));
    pthread_create(&s->thread, NULL, serve_badly, s);
}

static void stop_bad(struct bad_server *s)
{
    pthread_join(s->thread, NULL);
    close(s->fd);
}

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void test_stale_connection_is_retried(void **state)
{
    (void)state;
    struct bad_server s = {.replies = {OK_REPLY, OK_REPLY}, .close_late = true};
    char host[32];
    start_bad(&s, host);
    assert_int_equal(call_at(host, "/", (struct rag_http_call){.method = "POST", .body = RAG_STR("a")}), 0);
    usleep(200000); /* now the kept connection is dead */
    assert_int_equal(call_at(host, "/", (struct rag_http_call){.method = "POST", .body = RAG_STR("a")}), 0);
    assert_string_equal(reply.p, "ok");
    stop_bad(&s);
    assert_int_equal(s.accepted, 2);
}

static void test_broken_replies(void **state)
{
    (void)state;
    struct bad_server s = {.replies = {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "garbage",
                                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}};
    char host[32];
    start_bad(&s, host);
    assert_int_equal(call_at(host, "/", (struct rag_http_call){0}), RAG_ENET);
    assert_non_null(strstr(err.msg, "closed the connection before its reply was complete"));
    assert_int_equal(call_at(host, "/", (struct rag_http_call){0}), RAG_ENET);
    assert_int_equal(call_at(host, "/", (struct rag_http_call){0}), RAG_ENET);
    stop_bad(&s);
}

/* ---- many at once ---- */

static void *call_many(void *arg)
{
    int *good = arg;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", port);
    for (int i = 0; i < 50; i++) {
        struct rag_buf out;
        int code;
        rag_buf_init(&out, 1000);
        const struct rag_http_call c = {
            .method = "POST", .url = url, .body = RAG_STR("x"), .max_reply = 1000};
        *good += rag_http_client_call(client, &c, &code, &out, NULL) == 0 && code == 200 &&
                 strcmp(out.p, "POST - x") == 0;
        rag_buf_free(&out);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    int good[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_many, &good[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_and_headers),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_stale_connection_is_retried),
        cmocka_unit_test(test_broken_replies),
        cmocka_unit_test(test_many_threads),
    };
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    rag_buf_free(&reply);
    return failed;
}
