/* http_request.c: receives a request in the event loop: target, headers, body; then hands it to a worker. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_internal.h"

/* A body over the limit is read on for this much, so that its sender, which is still writing, gets to read
 * the reply instead of a reset connection. */
#define DRAIN (16 * RAG_MIB)

/* ---- birth: the request line has been read ---- */

void *rag_http_on_target(void *cls, const char *target, struct MHD_Connection *conn)
{
    struct rag_http_server *s = cls;
    struct rag_http_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->server = s;
    r->conn = conn;
    r->started = rag_clock_mono_s();
    r->worker_done = true;
    r->spool_fd = -1;
    rag_arena_init(&r->arena, RAG_LIMIT_ARENA);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->room, NULL);
    struct rag_err err = {0};
    if (!target || !rag_http_parse_target(r, target, &err))
        rag_err_set(&r->fault, 400, "%s", target ? err.msg : "the request line has no target");
    if (!r->path)
        r->path = "";
    pthread_mutex_lock(&s->lock);
    s->exchanges++;
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* ---- the head ---- */

struct header_copy {
    struct rag_http_request *r;
    struct rag_http_pair **end;
    int lengths, encodings;
};

/* Headers are copied because libmicrohttpd's own die with the connection, under a handler that still runs. */
static enum MHD_Result copy_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                   const char *value, size_t value_n)
{
    (void)kind;
    struct header_copy *copy = cls;
    struct rag_http_request *r = copy->r;
    struct rag_http_pair *pair = rag_arena_alloc(&r->arena, sizeof *pair);
    const char *name_copy = rag_arena_strndup(&r->arena, name, name_n);
    const char *value_copy = rag_arena_strndup(&r->arena, value ? value : "", value ? value_n : 0);
    if (!pair || !name_copy || !value_copy) {
        rag_err_set(&r->fault, 503, "not enough memory for the request headers");
        return MHD_NO;
    }
    *pair = (struct rag_http_pair){.name = name_copy, .value = value_copy};
    *copy->end = pair;
    copy->end = &pair->next;
    copy->lengths += strcasecmp(name_copy, "Content-Length") == 0;
    copy->encodings += strcasecmp(name_copy, "Transfer-Encoding") == 0;
    return MHD_YES;
}

static void copy_headers(struct rag_http_request *r)
{
    struct header_copy copy = {.r = r, .end = &r->headers};
    MHD_get_connection_values_n(r->conn, MHD_HEADER_KIND, copy_header, &copy);
    /* Two readings of where a body ends let a request hide inside another behind a proxy (RFC 9112, 6.3). */
    const char *encoding = rag_http_header(r, "Transfer-Encoding");
    if (copy.lengths + copy.encodings > 1)
        rag_err_set(&r->fault, 400, "the request states the length of its body more than once");
    else if (encoding && strcasecmp(encoding, "chunked") != 0)
        rag_err_set(&r->fault, 400, "only the transfer encoding \"chunked\" is supported");
}

static void copy_peer(struct rag_http_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, r->peer, sizeof r->peer);
    if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, r->peer, sizeof r->peer);
    if (strncmp(r->peer, "::ffff:", 7) == 0 && strchr(r->peer, '.'))
        memmove(r->peer, r->peer + 7, strlen(r->peer + 7) + 1);
    info = MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    r->fd = info ? info->connect_fd : -1;
}

static void fault_too_large(struct rag_http_request *r)
{
    size_t max = r->policy.max_body;
    if (max >= RAG_MIB)
        rag_err_set(&r->fault, 413, "the request body is larger than %zu MiB", max / RAG_MIB);
    else
        rag_err_set(&r->fault, 413, "the request body is larger than %zu bytes", max);
}

/* Queues the reply that is ready. In the head phase this makes libmicrohttpd close the connection after it.
 */
static enum MHD_Result queue_reply(struct rag_http_request *r)
{
    pthread_mutex_lock(&r->lock);
    struct MHD_Response *response = r->response;
    r->response = NULL;
    pthread_mutex_unlock(&r->lock);
    if (!response)
        return MHD_NO;
    enum MHD_Result rc = MHD_queue_response(r->conn, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result refuse(struct rag_http_request *r, bool close)
{
    r->phase = RAG_HTTP_HANDLING;
    if (close)
        rag_http_set_header(r, "Connection", "close");
    rag_http_fail(r, r->fault.code, r->fault.msg);
    return queue_reply(r);
}

/* What the head alone can be refused for. */
static enum MHD_Result take_head(struct rag_http_request *r, const char *method)
{
    struct rag_http_server *s = r->server;
    r->phase = RAG_HTTP_BODY;
    /* A handler need not know HEAD: libmicrohttpd leaves the body of the reply out. */
    r->head_only = strcmp(method, "HEAD") == 0;
    r->method = r->head_only ? "GET" : rag_arena_strdup(&r->arena, method);
    if (!r->method) {
        r->method = "";
        rag_err_set(&r->fault, 503, "not enough memory for the request");
    }
    copy_peer(r);
    copy_headers(r);
    pthread_mutex_lock(&s->lock);
    if (s->draining)
        rag_err_set(&r->fault, 503, "the server is stopping");
    pthread_mutex_unlock(&s->lock);
    if (r->fault.code)
        return refuse(r, true);

    r->policy.max_body = RAG_LIMIT_JSON_BODY;
    if (s->opts.policy)
        s->opts.policy(s->opts.ud, r, &r->policy);
    rag_buf_init(&r->body, r->policy.max_body);
    const char *length = rag_http_header(r, "Content-Length");
    const char *type = rag_http_header(r, "Content-Type");
    if (length && strtoull(length, NULL, 10) > r->policy.max_body) {
        fault_too_large(r);
        bool waits = rag_http_header(r, "Expect") != NULL;
        if (waits || strtoull(length, NULL, 10) > r->policy.max_body + DRAIN)
            return refuse(r, true);
        return MHD_YES;
    }
    r->multipart = type && strncasecmp(type, "multipart/form-data", 19) == 0;
    if (r->multipart && r->policy.upload_dir && !r->policy.spool_dir)
        r->upload = rag_http_upload_new(r, type);
    return MHD_YES;
}

/* ---- the body ---- */

static enum MHD_Result take_body(struct rag_http_request *r, struct rag_str data)
{
    r->received += data.n;
    if (r->received > r->policy.max_body && !r->fault.code)
        fault_too_large(r);
    if (r->fault.code) {
        rag_http_upload_free(r->upload);
        r->upload = NULL;
        rag_http_spool_free(r);
        rag_buf_free(&r->body);
        /* libmicrohttpd takes no reply in the middle of a body: the only other way out is to drop it. */
        bool endless = r->received > r->policy.max_body && r->received - r->policy.max_body > DRAIN;
        return endless ? MHD_NO : MHD_YES;
    }
    if (r->policy.spool_dir)
        rag_http_spool_feed(r, data);
    else if (r->upload)
        rag_http_upload_feed(r, data);
    else if (rag_buf_addstr(&r->body, data) != 0)
        rag_err_set(&r->fault, 503, "not enough memory for the request body");
    return MHD_YES;
}

/* The request is complete: a worker takes over. */
static enum MHD_Result finish(struct rag_http_request *r)
{
    if (r->upload && !r->fault.code)
        rag_http_upload_finish(r);
    rag_http_spool_finish(r);
    if (r->fault.code)
        return refuse(r, false);
    r->phase = RAG_HTTP_HANDLING;
    MHD_suspend_connection(r->conn);
    r->worker_done = false;
    if (rag_http_workers_run(r->server, r))
        return MHD_YES;
    r->worker_done = true;
    rag_http_fail(r, 503, "too many requests at once: try again later");
    MHD_resume_connection(r->conn);
    return MHD_YES;
}

enum MHD_Result rag_http_on_request(void *cls, struct MHD_Connection *conn, const char *url,
                                    const char *method, const char *version, const char *data, size_t *n,
                                    void **con_cls)
{
    (void)cls, (void)conn, (void)url, (void)version;
    struct rag_http_request *r = *con_cls;
    if (!r)
        return MHD_NO;
    switch (r->phase) {
    case RAG_HTTP_HEAD:
        return take_head(r, method);
    case RAG_HTTP_BODY:
        if (*n == 0)
            return finish(r);
        struct rag_str piece = {data, *n};
        *n = 0;
        return take_body(r, piece);
    default: /* resumed by a worker that has replied */
        return queue_reply(r);
    }
}

/* ---- death ---- */

void rag_http_request_free(struct rag_http_request *r)
{
    struct rag_http_server *s = r->server;
    rag_http_upload_free(r->upload);
    rag_http_spool_free(r);
    if (r->response)
        MHD_destroy_response(r->response);
    rag_buf_free(&r->body);
    rag_buf_free(&r->out);
    rag_arena_free(&r->arena);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->room);
    free(r);
    pthread_mutex_lock(&s->lock);
    if (--s->exchanges == 0)
        pthread_cond_broadcast(&s->quiet);
    pthread_mutex_unlock(&s->lock);
}

void rag_http_on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
                           enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)conn, (void)why;
    struct rag_http_request *r = *con_cls;
    *con_cls = NULL;
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->completed = true;
    r->gone = true;
    pthread_cond_broadcast(&r->room);
    bool last = r->worker_done;
    pthread_mutex_unlock(&r->lock);
    if (last)
        rag_http_request_free(r);
}

/* ---- what a handler reads ---- */

static const char *find(const struct rag_http_pair *list, const char *name, bool any_case)
{
    for (; list; list = list->next)
        if ((any_case ? strcasecmp(list->name, name) : strcmp(list->name, name)) == 0)
            return list->value;
    return NULL;
}

const char *rag_http_method(const struct rag_http_request *r)
{
    return r->method;
}

const char *rag_http_path(const struct rag_http_request *r)
{
    return r->path;
}

const char *rag_http_target(const struct rag_http_request *r)
{
    return r->target;
}

const char *rag_http_query(const struct rag_http_request *r, const char *name)
{
    return find(r->query, name, false);
}

const char *rag_http_header(const struct rag_http_request *r, const char *name)
{
    return find(r->headers, name, true);
}

struct rag_str rag_http_body(const struct rag_http_request *r)
{
    return rag_buf_str(&r->body);
}

const struct rag_http_part *rag_http_parts(const struct rag_http_request *r, size_t *n)
{
    return rag_http_upload_parts(r->upload, n);
}

bool rag_http_is_multipart(const struct rag_http_request *r)
{
    return r->multipart;
}

const char *rag_http_peer(const struct rag_http_request *r)
{
    return r->peer;
}

double rag_http_started(const struct rag_http_request *r)
{
    return r->started;
}

struct rag_arena *rag_http_arena(struct rag_http_request *r)
{
    return &r->arena;
}
