/* http_server.h: HTTP/1.1 server on libmicrohttpd. Knows nothing of RAG. Requests are received by the event
 * loop (multipart straight to disk), then run one blocking handler call each on a pool of worker threads. */
#ifndef RAG_NET_HTTP_SERVER_H
#define RAG_NET_HTTP_SERVER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct rag_http_server;
struct rag_http_request; /* one exchange; valid until the handler returns */

struct rag_http_part {     /* one part of a multipart body */
    struct rag_str name;   /* form field */
    const char *file_name; /* as sent, NULL for a plain field */
    const char
        *path; /* temporary file with the content (files only); removed after the handler if still there */
    struct rag_str value; /* plain fields only, <= 64 KiB */
    size_t size;
};

/* What may be received, decided from method and path before the body is read. */
struct rag_http_policy {
    size_t max_body;        /* beyond: 413 through on_error */
    const char *upload_dir; /* not NULL: multipart files are accepted and written here */
    /* Not NULL: the body, of whatever type, is not interpreted but written to a file here (for a proxy). */
    const char *spool_dir;
    int max_files;
};

struct rag_http_server_opts {
    const char *host;
    int port;           /* 0 = any free one */
    int listen_fd;      /* an already listening socket, which the server then owns; or -1 */
    int workers;        /* handler threads; 0 = 64 (they mostly wait) */
    int idle_timeout_s; /* 0 = 75 */
    void *ud;
    /* Called by the event loop, must not block. out holds RAG_LIMIT_JSON_BODY and no folder. */
    void (*policy)(void *ud, struct rag_http_request *r, struct rag_http_policy *out);
    /* Called by a worker thread, may block. */
    void (*handle)(void *ud, struct rag_http_request *r);
    /* For faults that never reach handle (400, 413, broken multipart, stopping): must call rag_http_reply,
     * must not block. NULL = plain text. */
    void (*on_error)(void *ud, struct rag_http_request *r, int status, const char *message);
};

/* Listens on return. Port in use: RAG_EBUSY with a sentence that names the port and says what to do. */
int rag_http_server_open(const struct rag_http_server_opts *opts, struct rag_http_server **out,
                         struct rag_err *err);
int rag_http_server_port(const struct rag_http_server *s);
/* Refuses new requests (503), lets running handlers end for at most drain_ms, then cuts them (their writes
 * fail). */
void rag_http_server_close(struct rag_http_server *s, int drain_ms);

/* ---- the request ---- */
const char *rag_http_method(const struct rag_http_request *r); /* "GET" also for HEAD */
const char *
rag_http_path(const struct rag_http_request *r); /* decoded, without query; NUL bytes are refused before */
/* First value, NULL when absent. Header names are case-insensitive. */
const char *rag_http_query(const struct rag_http_request *r, const char *name);
const char *rag_http_header(const struct rag_http_request *r, const char *name);
/* As received: path and query, percent-encoded. */
const char *rag_http_target(const struct rag_http_request *r);
struct rag_str rag_http_body(const struct rag_http_request *r); /* empty for multipart and spooled */
/* Spooled body: its file, removed after the handler; NULL when the request has no body. */
const char *rag_http_body_path(const struct rag_http_request *r);
const struct rag_http_part *rag_http_parts(const struct rag_http_request *r, size_t *n);
bool rag_http_is_multipart(const struct rag_http_request *r);
const char *rag_http_peer(const struct rag_http_request *r); /* numeric address */
double rag_http_started(const struct rag_http_request *r);   /* rag_clock_mono_s() when the head was read */
/* Freed after the exchange. */
struct rag_arena *rag_http_arena(struct rag_http_request *r);
/* The client has closed its side of the connection, or the server stops. A system call: not for inner loops.
 */
bool rag_http_client_gone(struct rag_http_request *r);

/* ---- the reply: headers first, then exactly one of reply and stream ---- */
void rag_http_set_header(struct rag_http_request *r, const char *name, const char *value);
/* body is copied (static: not copied, must live for ever). */
void rag_http_reply(struct rag_http_request *r, int status, const char *content_type, struct rag_str body);
void rag_http_reply_static(struct rag_http_request *r, int status, const char *content_type,
                           struct rag_str body);
/* Status and headers leave at once, unbuffered. */
void rag_http_stream_begin(struct rag_http_request *r, int status, const char *content_type);
/* Sent at once; blocks while the client is slow (RAG_LIMIT_STREAM_BUFFER). RAG_ECANCELED when the client has
 * left or the server stops. The stream ends when the handler returns. While the handler is silent the server
 * sends the keep-alive comment (see set_heartbeat), so that a client that left is noticed within 2 s. */
int rag_http_stream_write(struct rag_http_request *r, struct rag_str data);
/* Text sent when nothing was written for a second, e.g. ": \n\n" for SSE. NULL (default) = nothing. It comes
 * between two writes: each write then has to hold whole events. */
void rag_http_stream_heartbeat(struct rag_http_request *r, const char *text);

#endif
