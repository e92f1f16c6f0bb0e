/* test_http_server.c: the server seen from raw sockets: framing, limits, uploads, streams, closing. */
#include "net_test.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/limits.h"
#include "net/http_server.h"

static struct rag_http_server *server;
static int port;
static char upload_dir[64];
static atomic_int stream_result,
    stream_writes; /* how the last /forever or /flood ended, and how far it came */
static atomic_int handled;
static _Atomic double stream_ended_at;

static void reply_text(struct rag_http_request *r, int status, const char *text)
{
    rag_http_reply(r, status, "text/plain", rag_str_of(text));
}

/* ---- handlers ---- */

static void handle_info(struct rag_http_request *r)
{
    const char *a = rag_http_query(r, "a"), *b = rag_http_query(r, "b"),
               *header = rag_http_header(r, "x-tEst");
    rag_http_set_header(r, "X-Reply", "yes");
    reply_text(r, 200,
               rag_arena_printf(rag_http_arena(r), "%s %s a=%s b=%s x=%s peer=%s", rag_http_method(r),
                                rag_http_path(r), a ? a : "-", b ? b : "-", header ? header : "-",
                                rag_http_peer(r)));
}

static void handle_upload(struct rag_http_request *r)
{
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    size_t n;
    const struct rag_http_part *parts = rag_http_parts(r, &n);
    rag_buf_printf(&out, "%zu parts;", n);
    for (size_t i = 0; i < n; i++) {
        struct rag_buf content;
        struct rag_err err = {0};
        struct stat st;
        rag_buf_init(&content, 1 << 20);
        if (parts[i].path && parts[i].size < 100)
            assert_int_equal(rag_fs_read(parts[i].path, &content, &err), 0);
        if (parts[i].path) {
            assert_int_equal(stat(parts[i].path, &st), 0);
            assert_int_equal(st.st_mode & 0777, 0600);
            assert_int_equal(st.st_size, parts[i].size);
        }
        rag_buf_printf(&out, " %.*s %s %zu <%.*s%.*s>;", RAG_STR_ARG(parts[i].name),
                       parts[i].file_name ? parts[i].file_name : "-", parts[i].size,
                       RAG_STR_ARG(rag_buf_str(&content)), (int)parts[i].value.n,
                       parts[i].value.p ? parts[i].value.p : "");
        rag_buf_free(&content);
    }
    rag_http_reply(r, 200, "text/plain", rag_buf_str(&out));
    rag_buf_free(&out);
}

static void handle_stream(struct rag_http_request *r)
{
    rag_http_stream_begin(r, 200, "text/event-stream");
    for (int i = 0; i < 5; i++) {
        usleep(30000);
        rag_http_stream_write(r, rag_str_of(rag_arena_printf(rag_http_arena(r), "data: %d\n\n", i)));
    }
}

/* Silent: only the heartbeat tells that the client left. */
static void handle_forever(struct rag_http_request *r)
{
    rag_http_stream_begin(r, 200, "text/event-stream");
    rag_http_stream_heartbeat(r, ": \n\n");
    rag_http_stream_write(r, RAG_STR("data: begin\n\n"));
    for (int i = 0; i < 1000 && !rag_http_client_gone(r); i++)
        usleep(10000);
    int rc = rag_http_stream_write(r, RAG_STR("data: end\n\n"));
    stream_ended_at = rag_clock_mono_s();
    stream_result = rc;
}

static void handle_flood(struct rag_http_request *r)
{
    static char block[100000];
    memset(block, 'x', sizeof block);
    rag_http_stream_begin(r, 200, "application/octet-stream");
    int rc = 0;
    for (stream_writes = 0; stream_writes < 400 && rc == 0; stream_writes++)
        rc = rag_http_stream_write(r, (struct rag_str){block, sizeof block});
    stream_result = rc;
}

static void handle(void *ud, struct rag_http_request *r)
{
    (void)ud;
    const char *path = rag_http_path(r);
    handled++;
    if (strcmp(path, "/echo") == 0)
        rag_http_reply(r, 200, "application/octet-stream", rag_http_body(r));
    else if (strcmp(path, "/upload") == 0)
        handle_upload(r);
    else if (strcmp(path, "/stream") == 0)
        handle_stream(r);
    else if (strcmp(path, "/forever") == 0)
        handle_forever(r);
    else if (strcmp(path, "/flood") == 0)
        handle_flood(r);
    else if (strcmp(path, "/sleep") == 0)
        usleep(300000), reply_text(r, 200, "slept");
    else if (strcmp(path, "/silent") == 0)
        return;
    else if (strcmp(path, "/static") == 0)
        rag_http_reply_static(r, 200, "text/plain", RAG_STR("static"));
    else
        handle_info(r);
}

static void policy(void *ud, struct rag_http_request *r, struct rag_http_policy *out)
{
    (void)ud;
    out->max_body = 1000;
    if (strcmp(rag_http_path(r), "/upload") == 0)
        *out = (struct rag_http_policy){.max_body = 200 << 20, .upload_dir = upload_dir, .max_files = 3};
}

static void on_error(void *ud, struct rag_http_request *r, int status, const char *message)
{
    (void)ud;
    rag_http_reply(r, status, "application/x-error", rag_str_of(message));
}

static void open_server(const struct rag_http_server_opts *opts)
{
    struct rag_err err = {0};
    if (rag_http_server_open(opts, &server, &err) != 0)
        fail_msg("%s", err.msg);
    port = rag_http_server_port(server);
}

static const struct rag_http_server_opts standard = {
    .host = "127.0.0.1", .listen_fd = -1, .policy = policy, .handle = handle, .on_error = on_error};

static int setup(void **state)
{
    (void)state;
    strcpy(upload_dir, "/tmp/rag_upload_XXXXXX");
    assert_non_null(mkdtemp(upload_dir));
    open_server(&standard);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct rag_err err;
    rag_http_server_close(server, 1000);
    return rag_fs_remove_tree(upload_dir, &err);
}

/* Files of finished uploads are deleted by the event loop a moment after the reply. */
static int files_left(void)
{
    int n = 0;
    for (int tries = 0; tries < 100; tries++) {
        n = 0;
        DIR *d = opendir(upload_dir);
        for (struct dirent *e; (e = readdir(d));)
            n += e->d_name[0] != '.';
        closedir(d);
        if (n == 0)
            break;
        usleep(10000);
    }
    return n;
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"

/* ---- requests and replies ---- */

static void test_get(void **state)
{
    (void)state;
    const char *reply =
        raw_ask(port, "GET /a%20b/%E4%B8%AD?a=1%262&b=x+y&a=3 HTTP/1.1\r\nHost: t\r\nX-Test: v\r\n"
                      "Connection: close\r\n\r\n");
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_non_null(strstr(reply, "\r\nX-Reply: yes\r\n"));
    assert_non_null(strstr(reply, "\r\n\r\nGET /a b/中 a=1&2 b=x y x=v peer=127.0.0.1"));
    assert_non_null(strstr(raw_ask(port, GET("/static")), "\r\n\r\nstatic"));
    assert_non_null(strstr(raw_ask(port, GET("http://other/x?b=1")), "GET /x a=- b=1"));
}

static void test_head(void **state)
{
    (void)state;
    const char *reply = raw_ask(port, "HEAD /static HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_non_null(strstr(reply, "Content-Length: 6\r\n"));
    assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
    reply = raw_ask(port, "HEAD /stream HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
}

static void test_keep_alive_and_pipelining(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    int fd = raw_connect(port);
    for (int i = 0; i < 3; i++) {
        rag_buf_reset(&out);
        raw_send(fd, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
        assert_true(raw_until(fd, &out, "\r\n\r\nhello", 2000));
    }
    rag_buf_reset(&out);
    raw_send(fd, "GET /one HTTP/1.1\r\nHost: t\r\n\r\nGET /two HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_true(raw_until(fd, &out, "GET /one", 2000));
    assert_true(raw_until(fd, &out, "GET /two", 2000));
    close(fd);
    rag_buf_free(&out);
}

static void test_chunked_body(void **state)
{
    (void)state;
    assert_non_null(strstr(raw_ask(port, "POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
                                         "Transfer-Encoding: chunked\r\n\r\n"
                                         "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"),
                           "\r\n\r\nabcdefg"));
}

static void test_expect_continue(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    int fd = raw_connect(port);
    raw_send(fd, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_true(raw_until(fd, &out, "HTTP/1.1 100 Continue\r\n\r\n", 2000));
    raw_send(fd, "hello");
    assert_true(raw_until(fd, &out, "\r\n\r\nhello", 2000));
    close(fd);
    rag_buf_reset(&out);
    fd = raw_connect(port);
    raw_send(fd, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
    assert_true(raw_until(fd, &out, "1000 bytes", 2000));
    assert_true(begins(out.p, "HTTP/1.1 413 "));
    close(fd);
    rag_buf_free(&out);
}

static void test_handler_without_reply(void **state)
{
    (void)state;
    const char *reply = raw_ask(port, GET("/silent"));
    assert_true(begins(reply, "HTTP/1.1 500 "));
    assert_non_null(strstr(reply, "application/x-error"));
}

/* ---- what is refused ---- */

static void expect_refused(const char *request, int status)
{
    char start[32];
    snprintf(start, sizeof start, "HTTP/1.1 %d ", status);
    int before = handled;
    const char *reply = raw_ask(port, request);
    if (!begins(reply, start))
        fail_msg("expected %d for %.60s…, not %.60s", status, request, reply);
    assert_int_equal(handled, before);
}

static void test_bad_requests(void **state)
{
    (void)state;
    expect_refused(GET("/a%00b"), 400);
    expect_refused(GET("/a%zzb"), 400);
    expect_refused(GET("/a%4"), 400);
    expect_refused(GET("/a%"), 400);
    expect_refused(GET("/%FF"), 400);
    expect_refused(GET("/x?a=%00"), 400);
    expect_refused(GET("/x?a%G0=1"), 400);
    expect_refused(GET("x"), 400);
    expect_refused("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400);
    expect_refused("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                   400);
    expect_refused("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "0\r\n\r\n",
                   400);
    expect_refused("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n", 400);
    expect_refused("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", 400);
    expect_refused("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400);
    assert_non_null(strstr(raw_ask(port, GET("/a%00b")), "application/x-error"));
}

/* libmicrohttpd ends a target or a header at a raw NUL: nothing behind it may take effect. */
static void test_nul_bytes(void **state)
{
    (void)state;
    static const char in_header[] = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Test: a\0b\r\n\r\n";
    static const char in_boundary[] =
        "POST /upload HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 1\r\n"
        "Content-Type: multipart/form-data; boundary=a\0b\r\n\r\nx";
    static const char in_target[] = "GET /a\0b HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    assert_non_null(strstr(raw_ask_n(port, in_header, sizeof in_header - 1), "GET / a=- b=- x=a peer"));
    assert_true(begins(raw_ask_n(port, in_boundary, sizeof in_boundary - 1), "HTTP/1.1 400 "));
    assert_non_null(strstr(raw_ask_n(port, in_target, sizeof in_target - 1), "GET /a a=- b=-"));
}

static void test_large_headers(void **state)
{
    (void)state;
    char request[60000];
    static const int sizes[] = {8000, 20000, 50000};
    for (int i = 0; i < 3; i++) {
        int n = snprintf(request, sizeof request,
                         "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX: %0*d\r\n\r\n", sizes[i], 1);
        const char *reply = raw_ask_n(port, request, (size_t)n);
        assert_true(begins(reply, i < 2 ? "HTTP/1.1 200 " : "HTTP/1.1 431 "));
    }
}

static void test_too_large_known_length(void **state)
{
    (void)state;
    char request[4000];
    int n = snprintf(
        request, sizeof request,
        "POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n%02000d", 1);
    int before = handled;
    const char *reply = raw_ask_n(port, request, (size_t)n);
    assert_true(begins(reply, "HTTP/1.1 413 "));
    assert_non_null(strstr(reply, "1000 bytes"));
    /* Far over: refused at the head, nothing is read. */
    reply = raw_ask(port, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 999999999999\r\n\r\nabc");
    assert_true(begins(reply, "HTTP/1.1 413 "));
    assert_int_equal(handled, before);
}

/* Sends chunks until `total` bytes or until the server hangs up; returns the start of the reply. */
static const char *send_chunked(size_t total)
{
    static struct rag_buf out;
    char chunk[65536 + 16];
    size_t n = (size_t)snprintf(chunk, sizeof chunk, "10000\r\n");
    memset(chunk + n, 'x', 65536);
    memcpy(chunk + n + 65536, "\r\n", 3);
    rag_buf_init(&out, 1 << 20);
    int fd = raw_connect(port);
    raw_send(fd, "POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t sent = 0; sent < total; sent += 65536)
        raw_send_n(fd, chunk, n + 65538);
    raw_send(fd, "0\r\n\r\n");
    raw_until(fd, &out, NULL, 5000);
    close(fd);
    static char reply[200];
    snprintf(reply, sizeof reply, "%s", out.p ? out.p : "");
    rag_buf_free(&out);
    return reply;
}

static void test_too_large_chunked(void **state)
{
    (void)state;
    int before = handled;
    assert_true(begins(send_chunked(2 << 20), "HTTP/1.1 413 "));
    assert_string_equal(send_chunked(40 << 20), ""); /* dropped: it did not end */
    assert_int_equal(handled, before);
}

/* ---- uploads ---- */

static const char *post_multipart(const char *content_type, const char *body, size_t n)
{
    static char request[1 << 21];
    int head = snprintf(request, sizeof request,
                        "POST /upload HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: %s\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        content_type, n);
    memcpy(request + head, body, n);
    return raw_ask_n(port, request, (size_t)head + n);
}

#define FORM "multipart/form-data; boundary=XX"
#define PART(disposition, content)                                                                           \
    "--XX\r\nContent-Disposition: form-data; " disposition "\r\n\r\n" content "\r\n"

static void test_upload(void **state)
{
    (void)state;
    static const char body[] = PART("name=\"index\"", "default")
        PART("name=\"files\"; filename=\"../../etc/\\\"p\xE4\xB8\xAD.txt\"", "he\r\n--X\r\nllo")
            PART("name=\"files\"; filename=\"empty\"", "") "--XX--\r\n";
    const char *reply = post_multipart(FORM, body, sizeof body - 1);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_non_null(strstr(
        reply, "\r\n\r\n3 parts; index - 7 <default>; files ../../etc/\"p中.txt 12 <he\r\n--X\r\nllo>; "
               "files empty 0 <>;"));
    assert_int_equal(files_left(), 0);
}

static void test_upload_long_name(void **state)
{
    (void)state;
    char body[3000];
    char name[1000];
    memset(name, 'n', sizeof name);
    memcpy(name + 990, "\xE4\xB8\xAD.pdf", 8);
    int n = snprintf(body, sizeof body, PART("name=\"f\"; filename=\"%s\"", "x") "--XX--\r\n", name);
    const char *reply = post_multipart(FORM, body, (size_t)n);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    const char *label = strstr(reply, "f n") + 2;
    assert_int_equal(strcspn(label, " "), RAG_LIMIT_FILE_NAME);
    assert_true(begins(label + RAG_LIMIT_FILE_NAME - 5, "n.pdf 1 <x>"));
}

static void test_upload_big_file(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    static char block[1 << 20];
    memset(block, '\r', sizeof block); /* the worst byte for the search of the boundary */
    static const char head[] = PART("name=\"f\"; filename=\"big\"", "");
    size_t total = sizeof head - 3 + 64 * sizeof block + 12;
    char request[300];
    snprintf(request, sizeof request,
             "POST /upload HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: " FORM
             "\r\nContent-Length: %zu\r\n\r\n",
             total - 2);
    int fd = raw_connect(port);
    raw_send(fd, request);
    raw_send_n(fd, head, sizeof head - 3);
    for (int i = 0; i < 64; i++)
        raw_send_n(fd, block, sizeof block);
    raw_send(fd, "\r\n--XX--\r\n");
    assert_true(raw_until(fd, &out, "big 67108864 <>", 10000));
    close(fd);
    rag_buf_free(&out);
    assert_int_equal(files_left(), 0);
}

static void refuse_upload(const char *content_type, struct rag_str body, int status)
{
    char start[32];
    snprintf(start, sizeof start, "HTTP/1.1 %d ", status);
    double before = rag_clock_mono_s();
    const char *reply = post_multipart(content_type, body.p, body.n);
    if (!begins(reply, start))
        fail_msg("expected %d, not %.200s", status, reply);
    assert_non_null(strstr(reply, "application/x-error"));
    assert_true(rag_clock_mono_s() - before < 2);
    assert_int_equal(files_left(), 0);
}

static void test_upload_attacks(void **state)
{
    (void)state;
    static char big[1 << 20];
    refuse_upload("multipart/form-data", RAG_STR("x"), 400);
    refuse_upload("multipart/form-data; boundary=", RAG_STR("x"), 400);
    refuse_upload("multipart/form-data; boundary=\"\"", RAG_STR("x"), 400);
    refuse_upload(FORM, RAG_STR(""), 400);
    refuse_upload(
        FORM, RAG_STR("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nabc"), 400);
    refuse_upload(FORM, RAG_STR("--XX\r\n\r\nabc\r\n--XX--"), 400);
    refuse_upload(FORM, RAG_STR("--XX\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\nabc\r\n--XX--"),
                  400);
    refuse_upload(FORM,
                  RAG_STR(PART("name=\"f\"; filename=\"1\"", "") PART("name=\"f\"; filename=\"2\"", "") PART(
                      "name=\"f\"; filename=\"3\"", "") PART("name=\"f\"; filename=\"4\"", "") "--XX--"),
                  413);
    memset(big, 'x', sizeof big);
    int n = snprintf(big, sizeof big, "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"");
    big[n] = 'x'; /* a file name of a megabyte */
    refuse_upload(FORM, (struct rag_str){big, sizeof big - 1}, 400);
    memset(big, '-', sizeof big); /* nothing but a preamble */
    refuse_upload(FORM, (struct rag_str){big, sizeof big - 1}, 400);
    memcpy(big, "--XX", 4); /* a boundary line that does not end is the final one and its epilogue */
    assert_true(begins(post_multipart(FORM, big, sizeof big - 1), "HTTP/1.1 200 "));
    size_t at = 0; /* very many parts */
    while (at + 100 < sizeof big)
        at += (size_t)snprintf(big + at, sizeof big - at, PART("name=\"f\"", "v"));
    refuse_upload(FORM, (struct rag_str){big, at}, 413);
    char boundary[200];
    snprintf(boundary, sizeof boundary, "multipart/form-data; boundary=%071d", 1);
    refuse_upload(boundary, RAG_STR("x"), 400);
}

/* ---- streams ---- */

static void test_stream_arrives_at_once(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    int fd = raw_connect(port);
    double begin = rag_clock_mono_s();
    raw_send(fd, GET("/stream"));
    assert_true(raw_until(fd, &out, "\r\n\r\n", 2000)); /* the head leaves before the first data */
    double head = rag_clock_mono_s();
    assert_null(strstr(out.p, "data: 0"));
    assert_true(raw_until(fd, &out, "data: 0\n\n", 2000));
    assert_null(strstr(out.p, "data: 1"));
    assert_true(raw_until(fd, &out, "data: 4\n\n", 2000));
    assert_true(raw_until(fd, &out, "0\r\n\r\n", 2000));
    assert_true(head - begin < rag_clock_mono_s() - head);
    close(fd);
    rag_buf_free(&out);
}

static void wait_for_result(int ms)
{
    for (int i = 0; i < ms / 10 && stream_result == 1; i++)
        usleep(10000);
}

static void test_client_that_leaves_is_noticed(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    stream_result = 1;
    int fd = raw_connect(port);
    raw_send(fd, GET("/forever"));
    assert_true(raw_until(fd, &out, "data: begin\n\n", 2000));
    assert_true(raw_until(fd, &out, ": \n\n", 2500)); /* the heartbeat */
    double left = rag_clock_mono_s();
    close(fd);
    wait_for_result(4000);
    assert_int_equal(stream_result, RAG_ECANCELED);
    assert_true(stream_ended_at - left < 2);
    rag_buf_free(&out);
}

static void test_slow_client_blocks_the_writer(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 64 << 20);
    stream_result = 1;
    int fd = raw_connect(port);
    raw_send(fd, GET("/flood"));
    usleep(400000);
    assert_true(stream_writes < 300); /* of 400: what socket buffers and our megabyte hold */
    assert_int_equal(stream_result, 1);
    raw_until(fd, &out, "\r\n0\r\n\r\n", 10000);
    wait_for_result(1000);
    assert_int_equal(stream_result, 0);
    assert_true(out.n > 40000000);
    close(fd);
    rag_buf_free(&out);
    /* One that leaves while the writer waits for it. */
    stream_result = 1;
    fd = raw_connect(port);
    raw_send(fd, GET("/flood"));
    usleep(300000);
    close(fd);
    wait_for_result(2000);
    assert_int_equal(stream_result, RAG_ECANCELED);
}

static void test_stream_over_http_1_0(void **state)
{
    (void)state;
    const char *reply = raw_ask(port, "GET /stream HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(reply, "\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n"));
}

/* ---- listening and closing ---- */

static void test_port_in_use(void **state)
{
    (void)state;
    struct rag_http_server *second;
    struct rag_err err = {0};
    struct rag_http_server_opts opts = standard;
    opts.port = port;
    assert_int_equal(rag_http_server_open(&opts, &second, &err), RAG_EBUSY);
    assert_null(second);
    assert_non_null(
        strstr(err.msg, "is already in use: stop the other program or choose another port with -p"));
    char number[16];
    snprintf(number, sizeof number, "port %d ", port);
    assert_true(begins(err.msg, number));
    opts.host = "no such host";
    assert_int_equal(rag_http_server_open(&opts, &second, &err), RAG_EINVAL);
    opts.host = "127.0.0.1";
    opts.port = 70000;
    assert_int_equal(rag_http_server_open(&opts, &second, &err), RAG_EINVAL);
}

static void test_hosts_and_given_socket(void **state)
{
    (void)state;
    struct rag_http_server *first = server;
    int first_port = port;
    static const char *const hosts[] = {"localhost", "0.0.0.0", "::1", "::", ""};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct rag_http_server_opts opts = standard;
        struct rag_err err = {0};
        opts.host = hosts[i];
        int rc = rag_http_server_open(&opts, &server, &err);
        if (rc != 0 && strchr(hosts[i], ':'))
            continue; /* a machine without IPv6 */
        assert_int_equal(rc, 0);
        port = rag_http_server_port(server);
        if (strcmp(hosts[i], "::1") != 0)
            assert_non_null(strstr(raw_ask(port, GET("/static")), "static"));
        rag_http_server_close(server, 100);
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    struct rag_http_server_opts opts = standard;
    opts.listen_fd = fd;
    open_server(&opts);
    assert_non_null(strstr(raw_ask(port, GET("/static")), "static"));
    rag_http_server_close(server, 100);
    server = first;
    port = first_port;
}

static void *ask_sleep(void *arg)
{
    struct rag_buf *out = arg;
    int fd = raw_connect(port);
    raw_send(fd, GET("/sleep"));
    raw_until(fd, out, NULL, 5000);
    close(fd);
    return NULL;
}

static void test_close_lets_handlers_end(void **state)
{
    (void)state;
    struct rag_buf out;
    pthread_t thread;
    rag_buf_init(&out, 1 << 20);
    rag_http_server_close(server, 1000);
    open_server(&standard);
    pthread_create(&thread, NULL, ask_sleep, &out);
    usleep(100000);
    double begin = rag_clock_mono_s();
    rag_http_server_close(server, 5000);
    assert_true(rag_clock_mono_s() - begin < 2);
    pthread_join(thread, NULL);
    assert_non_null(strstr(out.p, "\r\n\r\nslept"));
    rag_buf_free(&out);
    open_server(&standard);
}

static void *close_server(void *arg)
{
    rag_http_server_close(arg, 5000);
    return NULL;
}

static void test_requests_while_closing_are_refused(void **state)
{
    (void)state;
    struct rag_buf out;
    pthread_t asking, closing;
    rag_buf_init(&out, 1 << 20);
    pthread_create(&asking, NULL, ask_sleep, &out);
    usleep(100000);
    pthread_create(&closing, NULL, close_server, server);
    usleep(50000);
    const char *reply = raw_ask(port, GET("/static"));
    assert_non_null(strstr(reply, " 503 "));
    assert_non_null(strstr(reply, "the server is stopping"));
    pthread_join(closing, NULL);
    pthread_join(asking, NULL);
    assert_non_null(strstr(out.p, "\r\n\r\nslept"));
    rag_buf_free(&out);
    open_server(&standard);
}

static void test_close_cuts_streams(void **state)
{
    (void)state;
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    stream_result = 1;
    int fd = raw_connect(port);
    raw_send(fd, GET("/forever"));
    assert_true(raw_until(fd, &out, "data: begin\n\n", 2000));
    double begin = rag_clock_mono_s();
    rag_http_server_close(server, 100);
    assert_true(rag_clock_mono_s() - begin < 2);
    assert_int_equal(stream_result, RAG_ECANCELED);
    close(fd);
    rag_buf_free(&out);
    open_server(&standard);
}

/* ---- many at once ---- */

static void *ask_many(void *arg)
{
    int *good = arg;
    for (int i = 0; i < 50; i++) {
        struct rag_buf out;
        rag_buf_init(&out, 1 << 20);
        int fd = raw_connect(port);
        raw_send(fd, i % 5 == 0 ? GET("/stream") : GET("/echo-not?a=1"));
        if (i % 7 == 3) { /* leaves at once */
            close(fd);
            (*good)++;
        } else {
            raw_until(fd, &out, NULL, 5000);
            close(fd);
            *good += out.p && strstr(out.p, i % 5 == 0 ? "data: 4" : "a=1") != NULL;
        }
        rag_buf_free(&out);
    }
    return NULL;
}

static void test_many_clients(void **state)
{
    (void)state;
    enum { CLIENTS = 16 };
    pthread_t threads[CLIENTS];
    int good[CLIENTS] = {0};
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, ask_many, &good[i]);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_keep_alive_and_pipelining),
        cmocka_unit_test(test_chunked_body),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_handler_without_reply),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_large_headers),
        cmocka_unit_test(test_too_large_known_length),
        cmocka_unit_test(test_too_large_chunked),
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_upload_long_name),
        cmocka_unit_test(test_upload_big_file),
        cmocka_unit_test(test_upload_attacks),
        cmocka_unit_test(test_stream_arrives_at_once),
        cmocka_unit_test(test_client_that_leaves_is_noticed),
        cmocka_unit_test(test_slow_client_blocks_the_writer),
        cmocka_unit_test(test_stream_over_http_1_0),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_hosts_and_given_socket),
        cmocka_unit_test(test_close_lets_handlers_end),
        cmocka_unit_test(test_requests_while_closing_are_refused),
        cmocka_unit_test(test_close_cuts_streams),
        cmocka_unit_test(test_many_clients),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
