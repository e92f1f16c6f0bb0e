/* proxy.c: one request to the API and its answer back, without holding bodies in memory. */
#include "web/proxy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/limits.h"
#include "base/log.h"
#include "config/proxy_paths.h"

enum {
    CONNECT_MS = 5000,
    IDLE_S = 3600, /* as in the nginx template: a model may think for long */
    MAX_REQUEST_HEADERS = 32,
};

/* Hop-by-hop headers and Content-Length are made anew; Host is passed on because the API compares it with
 * Origin. */
static const char *const request_headers[] = {
    "Host",
    "Accept",
    "Accept-Language",
    "Authorization",
    "X-API-Key",
    "Content-Type",
    "Origin",
    "Referer",
    "Sec-Fetch-Site",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Dest",
    "User-Agent",
    "X-Request-ID",
    "If-None-Match",
    "Cookie",
    "Last-Event-ID",
    "Access-Control-Request-Method",
    "Traceparent",
    "Tracestate",
    "Idempotency-Key",
    "Access-Control-Request-Headers",
};
static const char *const dropped_reply_headers[] = {
    "Connection",   "Keep-Alive", "Transfer-Encoding", "Content-Length",
    "Content-Type", "Date",       "Upgrade",           "Trailer",
};

bool rag_web_is_api(const char *path)
{
#define XX(prefix) prefix,
    static const char *const prefixes[] = {RAG_PROXY_PATHS(XX)};
#undef XX
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i]);
        if (strncmp(path, prefixes[i], n) == 0 && (path[n] == '\0' || path[n] == '/'))
            return true;
    }
    return false;
}

int rag_web_proxy_open(struct rag_web_proxy *p, const char *api_url, struct rag_err *err)
{
    memset(p, 0, sizeof *p);
    const char *host = NULL;
    if (strncasecmp(api_url, "http://", 7) == 0)
        host = api_url + 7;
    else if (strncasecmp(api_url, "https://", 8) == 0)
        host = api_url + 8;
    if (!host || !*host || strpbrk(host, " ?#@"))
        return rag_err_set(err, RAG_EINVAL,
                           "\"%s\" is not the address of an API: expected one like http://127.0.0.1:8001/",
                           api_url);
    size_t host_n = strcspn(host, ":/");
    bool any = host_n == 7 && strncmp(host, "0.0.0.0", 7) == 0;
    int n = snprintf(p->base, sizeof p->base, "%.*s%s%s", (int)(host - api_url), api_url,
                     any ? "127.0.0.1" : "", any ? host + host_n : host);
    if (n >= (int)sizeof p->base)
        return rag_err_set(err, RAG_EINVAL, "the address of the API has %d bytes, at most %zu are allowed", n,
                           sizeof p->base - 1);
    while (n && p->base[n - 1] == '/')
        p->base[--n] = '\0';
    return rag_http_client_open(&p->client, err);
}

void rag_web_proxy_close(struct rag_web_proxy *p)
{
    rag_http_client_close(p->client);
    p->client = NULL;
}

/* ---- errors of our own ---- */

static void add_json_string(struct rag_buf *out, const char *s)
{
    rag_buf_addc(out, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            rag_buf_printf(out, "\\%c", c);
        else if (c < 0x20)
            rag_buf_printf(out, "\\u%04x", c);
        else
            rag_buf_addc(out, (char)c);
    }
    rag_buf_addc(out, '"');
}

static bool speaks_openai(const char *path)
{
    return strncmp(path, "/v1/", 4) == 0 || strcmp(path, "/rerank") == 0;
}

void rag_web_reply_error(struct rag_http_request *r, int status, const char *message)
{
    struct rag_buf body;
    rag_buf_init(&body, 64 * 1024);
    bool openai = speaks_openai(rag_http_path(r));
    rag_buf_adds(&body, openai ? "{\"error\":{\"message\":" : "{\"message\":");
    add_json_string(&body, message);
    if (openai)
        rag_buf_printf(&body, ",\"type\":\"%s\",\"param\":null,\"code\":null}",
                       status < 500 ? "invalid_request_error" : "server_error");
    rag_buf_addc(&body, '}');
    rag_http_reply(r, status, "application/json", rag_buf_str(&body));
    rag_buf_free(&body);
}

/* "127.0.0.1:8001" of the base address. */
static const char *authority(const struct rag_web_proxy *p)
{
    return strstr(p->base, "://") + 3;
}

static void reply_unreachable(struct rag_web_proxy *p, struct rag_http_request *r, int code)
{
    char text[640];
    if (code == RAG_ETIMEOUT)
        snprintf(text, sizeof text, "the API at %s gave no answer in time: try again, or look at its log",
                 authority(p));
    else
        snprintf(text, sizeof text, "the API at %s does not answer: start it with pai_rag serve",
                 authority(p));
    rag_web_reply_error(r, code == RAG_ETIMEOUT ? 504 : 502, text);
}

/* ---- the answer on its way back ---- */

struct passage {
    struct rag_http_request *r;
    int status;
    const char *content_type;
    bool streaming;
};

static bool is_dropped(struct rag_str name)
{
    for (size_t i = 0; i < sizeof dropped_reply_headers / sizeof *dropped_reply_headers; i++)
        if (name.n == strlen(dropped_reply_headers[i]) &&
            strncasecmp(name.p, dropped_reply_headers[i], name.n) == 0)
            return true;
    return false;
}

/* One "Name: value" line of the API's reply. */
static void take_header(struct passage *passage, struct rag_str line)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    if (!colon)
        return; /* the status line */
    struct rag_arena *a = rag_http_arena(passage->r);
    struct rag_str name = rag_str_trim((struct rag_str){line.p, (size_t)(colon - line.p)});
    struct rag_str value = rag_str_trim((struct rag_str){colon + 1, (size_t)(line.p + line.n - colon - 1)});
    const char *copy = rag_arena_strndup(a, value.p, value.n);
    if (name.n == 12 && strncasecmp(name.p, "Content-Type", 12) == 0)
        passage->content_type = copy;
    else if (!is_dropped(name) && copy)
        rag_http_set_header(passage->r, rag_arena_strndup(a, name.p, name.n), copy);
}

static int on_head(void *ud, int status, struct rag_str head)
{
    struct passage *passage = ud;
    passage->status = status;
    while (head.n) {
        const char *end = memchr(head.p, '\n', head.n);
        size_t n = end ? (size_t)(end - head.p) : head.n;
        take_header(passage, (struct rag_str){head.p, n});
        head.p += n + (end != NULL);
        head.n -= n + (end != NULL);
    }
    return 0;
}

static const char *type_of(const struct passage *passage)
{
    return passage->content_type ? passage->content_type : "application/octet-stream";
}

static int on_data(void *ud, struct rag_str data)
{
    struct passage *passage = ud;
    if (!passage->streaming) {
        rag_http_stream_begin(passage->r, passage->status, type_of(passage));
        passage->streaming = true;
    }
    return rag_http_stream_write(passage->r, data);
}

static int on_idle(void *ud)
{
    struct passage *passage = ud;
    return rag_http_client_gone(passage->r);
}

/* ---- the request on its way there ---- */

static const char **collect_headers(struct rag_http_request *r)
{
    struct rag_arena *a = rag_http_arena(r);
    const char **lines = rag_arena_array(a, MAX_REQUEST_HEADERS, sizeof *lines);
    if (!lines)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < sizeof request_headers / sizeof *request_headers; i++) {
        const char *value = rag_http_header(r, request_headers[i]);
        if (value)
            lines[n++] = rag_arena_printf(a, "%s: %s", request_headers[i], value);
    }
    if (!rag_http_header(r, "Content-Type"))
        lines[n++] = "Content-Type:"; /* libcurl would make one up */
    const char *before = rag_http_header(r, "X-Forwarded-For"),
               *host = rag_http_header(r, "X-Forwarded-Host"),
               *proto = rag_http_header(r, "X-Forwarded-Proto");
    lines[n++] = rag_arena_printf(a, "X-Forwarded-For: %s%s%s", before ? before : "", before ? ", " : "",
                                  rag_http_peer(r));
    lines[n++] = rag_arena_printf(a, "X-Forwarded-Proto: %s", proto ? proto : "http");
    if (!host)
        host = rag_http_header(r, "Host");
    if (host)
        lines[n++] = rag_arena_printf(a, "X-Forwarded-Host: %s", host);
    lines[n] = NULL;
    return lines;
}

void rag_web_proxy_handle(struct rag_web_proxy *p, struct rag_http_request *r)
{
    struct passage passage = {.r = r};
    struct rag_err err = {0};
    struct rag_buf reply;
    rag_buf_init(&reply, 16 * RAG_MIB);
    const char *url = rag_arena_printf(rag_http_arena(r), "%s%s", p->base, rag_http_target(r));
    const char **headers = collect_headers(r);
    if (!url || !headers) {
        rag_web_reply_error(r, 503, "not enough memory for this request: try again later");
        goto out;
    }
    struct rag_http_call call = {
        .method = rag_http_method(r),
        .url = url,
        .headers = headers,
        .body_path = rag_http_body_path(r),
        .connect_timeout_ms = CONNECT_MS,
        .idle_timeout_s = IDLE_S,
        .max_reply = SIZE_MAX, /* pieces are passed on, not kept; `reply` bounds what is kept */
        .on_data = on_data,
        .on_idle = on_idle,
        .on_head = on_head,
        .ud = &passage,
    };
    int status = 0;
    int rc = rag_http_client_call(p->client, &call, &status, &reply, &err);
    if (passage.streaming) {
        if (rc && rc != RAG_ECANCELED) /* too late for a status: the client sees the answer end early */
            rag_warn("web", "the API's answer broke off: %s", err.msg);
    } else if (rc == 0) {
        rag_http_reply(r, status, type_of(&passage), rag_buf_str(&reply));
    } else if (rc != RAG_ECANCELED) {
        rag_warn("web", "%s", err.msg);
        reply_unreachable(p, r, rc);
    }
out:
    rag_buf_free(&reply);
}
