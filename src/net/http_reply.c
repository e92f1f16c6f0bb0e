/* http_reply.c: the reply of a handler: at once, or streamed through a bounded buffer to the event loop. */
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_internal.h"

enum { READ_BLOCK = 16 * 1024 }; /* for clients of HTTP/1.0, which get no chunks */

void rag_http_set_header(struct rag_http_request *r, const char *name, const char *value)
{
    struct rag_http_pair *pair = rag_arena_alloc(&r->arena, sizeof *pair);
    if (!pair)
        return;
    *pair = (struct rag_http_pair){.next = r->reply_headers,
                                   .name = rag_arena_strdup(&r->arena, name),
                                   .value = rag_arena_strdup(&r->arena, value)};
    if (pair->name && pair->value)
        r->reply_headers = pair;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    /* libmicrohttpd refuses line breaks: no header can be smuggled in. */
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        rag_error("http", "invalid reply header %s", name);
}

/* Completes the response and hands it to the loop. */
static void send_response(struct rag_http_request *r, int status, const char *content_type,
                          struct MHD_Response *response)
{
    if (!response) {
        rag_error("http", "not enough memory for a reply");
        response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
        status = 503;
        content_type = NULL;
    }
    if (response && content_type)
        add_header(response, "Content-Type", content_type);
    for (const struct rag_http_pair *h = r->reply_headers; response && h; h = h->next)
        add_header(response, h->name, h->value);
    r->replied = true;
    pthread_mutex_lock(&r->lock);
    r->status = status;
    r->response = response;
    /* In a worker the connection is suspended; in the loop (on_error) the caller queues it. */
    if (!r->worker_done && !r->completed)
        MHD_resume_connection(r->conn);
    pthread_mutex_unlock(&r->lock);
}

static void reply(struct rag_http_request *r, int status, const char *content_type, struct rag_str body,
                  enum MHD_ResponseMemoryMode mode)
{
    if (r->replied) {
        rag_error("http", "second reply to %s %s ignored", r->method, r->path);
        return;
    }
    send_response(r, status, content_type,
                  MHD_create_response_from_buffer(body.n, (void *)(body.p ? body.p : ""), mode));
}

void rag_http_reply(struct rag_http_request *r, int status, const char *content_type, struct rag_str body)
{
    reply(r, status, content_type, body, MHD_RESPMEM_MUST_COPY);
}

void rag_http_reply_static(struct rag_http_request *r, int status, const char *content_type,
                           struct rag_str body)
{
    reply(r, status, content_type, body, MHD_RESPMEM_PERSISTENT);
}

void rag_http_fail(struct rag_http_request *r, int status, const char *message)
{
    if (r->server->opts.on_error)
        r->server->opts.on_error(r->server->opts.ud, r, status, message);
    if (!r->replied)
        rag_http_reply(r, status, "text/plain; charset=utf-8", rag_str_of(message));
}

/* ---- streams ---- */

void rag_http_wake(struct rag_http_request *r)
{
    if (!r->parked)
        return;
    r->parked = false;
    if (!r->completed)
        MHD_resume_connection(r->conn);
}

/* The loop wants data for the client. Without any, the connection is parked until rag_http_wake. */
static ssize_t read_stream(void *cls, uint64_t pos, char *to, size_t max)
{
    (void)pos;
    struct rag_http_request *r = cls;
    ssize_t result = 0;
    pthread_mutex_lock(&r->lock);
    size_t n = r->out.n - r->out_at;
    if (n > 0) {
        if (n > max)
            n = max;
        memcpy(to, r->out.p + r->out_at, n);
        r->out_at += n;
        if (r->out_at == r->out.n) {
            rag_buf_reset(&r->out);
            r->out_at = 0;
        }
        pthread_cond_broadcast(&r->room);
        result = (ssize_t)n;
    } else if (r->ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        r->parked = true;
        MHD_suspend_connection(r->conn);
    }
    pthread_mutex_unlock(&r->lock);
    return result;
}

void rag_http_stream_begin(struct rag_http_request *r, int status, const char *content_type)
{
    struct rag_http_server *s = r->server;
    if (r->replied) {
        rag_error("http", "second reply to %s %s ignored", r->method, r->path);
        return;
    }
    rag_buf_init(&r->out, RAG_LIMIT_STREAM_BUFFER);
    if (r->head_only) { /* libmicrohttpd would send the end of a stream; nobody reads what is written */
        pthread_mutex_lock(&r->lock);
        r->gone = true;
        pthread_mutex_unlock(&r->lock);
        reply(r, status, content_type, (struct rag_str){0}, MHD_RESPMEM_PERSISTENT);
        return;
    }
    r->last_write = rag_clock_mono_s();
    pthread_mutex_lock(&s->lock);
    r->streaming = true;
    s->n_streams++;
    pthread_cond_signal(&s->streams);
    pthread_mutex_unlock(&s->lock);
    send_response(r, status, content_type,
                  MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, READ_BLOCK, read_stream, r, NULL));
}

/* Appends what has room, at most; waits while there is none. */
static int write_some(struct rag_http_request *r, struct rag_str *data)
{
    while (!r->gone && r->out.n - r->out_at >= RAG_LIMIT_STREAM_BUFFER)
        pthread_cond_wait(&r->room, &r->lock);
    if (r->gone)
        return RAG_ECANCELED;
    size_t n = RAG_LIMIT_STREAM_BUFFER - (r->out.n - r->out_at);
    if (n > data->n)
        n = data->n;
    if (r->out.n + n > RAG_LIMIT_STREAM_BUFFER) {
        rag_buf_consume(&r->out, r->out_at);
        r->out_at = 0;
    }
    if (rag_buf_add(&r->out, data->p, n) != 0)
        return r->out.err;
    data->p += n;
    data->n -= n;
    rag_http_wake(r);
    return 0;
}

int rag_http_stream_write(struct rag_http_request *r, struct rag_str data)
{
    pthread_mutex_lock(&r->lock);
    r->writing = true;
    int rc = r->gone ? RAG_ECANCELED : 0;
    while (rc == 0 && data.n)
        rc = write_some(r, &data);
    r->last_write = rag_clock_mono_s();
    r->writing = false;
    pthread_mutex_unlock(&r->lock);
    return rc;
}

void rag_http_stream_heartbeat(struct rag_http_request *r, const char *text)
{
    pthread_mutex_lock(&r->lock);
    r->heartbeat = text ? rag_arena_strdup(&r->arena, text) : NULL;
    pthread_mutex_unlock(&r->lock);
}

/* A client that closed its side is taken for gone, as nginx does: nobody asks a question and hangs up to
 * listen. */
bool rag_http_client_gone(struct rag_http_request *r)
{
    pthread_mutex_lock(&r->lock);
    if (!r->gone && !r->completed && r->fd >= 0) {
        struct pollfd p = {.fd = r->fd, .events = POLLRDHUP};
        if (poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)))
            r->gone = true;
    }
    bool gone = r->gone;
    pthread_mutex_unlock(&r->lock);
    return gone;
}
