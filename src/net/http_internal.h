/* http_internal.h: what the files of the HTTP server share. Life of a request: http_request.c (receive) →
 * http_workers.c (queue, thread) → the handler → http_reply.c (reply or stream) → http_request.c (free).
 *
 * Two kinds of threads touch a request: libmicrohttpd's event loop and one worker. The loop owns it until it
 * is queued; then the worker owns it, and both share the fields under "shared", guarded by its lock. It is
 * freed by whichever is last: the loop having completed the exchange, or the worker having returned. Lock
 * order: server, then request, then libmicrohttpd's own locks. */
#ifndef RAG_NET_HTTP_INTERNAL_H
#define RAG_NET_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

#include "base/buf.h"
#include "net/http_server.h"

struct rag_http_upload;

struct rag_http_server {
    struct rag_http_server_opts opts;
    struct MHD_Daemon *daemon;
    int port;

    pthread_mutex_t lock;
    pthread_cond_t work;    /* the queue grew, or stopping */
    pthread_cond_t quiet;   /* exchanges fell to 0 */
    pthread_cond_t streams; /* a stream began, or stopping */
    struct rag_http_request *queue_head, *queue_tail;
    int queued;
    struct rag_http_request *running; /* in a handler; doubly linked */
    int exchanges;                    /* requests not completed yet, queued and running ones included */
    int n_streams;                    /* of the running ones */
    pthread_t *threads, watcher;
    int n_threads, n_idle, max_threads;
    bool draining; /* refuses new requests */
    bool stopping; /* running ones are told to end */
};

struct rag_http_pair {
    struct rag_http_pair *next;
    const char *name, *value;
};

enum rag_http_phase { RAG_HTTP_HEAD, RAG_HTTP_BODY, RAG_HTTP_HANDLING };

struct rag_http_request {
    struct rag_http_server *server;
    struct MHD_Connection *conn;
    struct rag_arena arena;
    enum rag_http_phase phase;

    /* what was received */
    const char *method, *path, *target;
    struct rag_http_pair *query, *headers;
    char peer[INET6_ADDRSTRLEN];
    int fd; /* of the connection; valid until completed */
    double started;
    struct rag_http_policy policy;
    bool head_only; /* the method is HEAD */
    bool multipart;
    struct rag_buf body;
    size_t received;
    struct rag_http_upload *upload;
    int spool_fd; /* while a spooled body is received, else -1 */
    const char *spool_path;
    struct rag_err fault; /* code = HTTP status: the body is discarded, then on_error replies */

    /* the reply, made by the worker (or by the loop in on_error) */
    struct rag_http_pair *reply_headers;
    bool replied, streaming;

    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t room;           /* the loop took data, or the client is gone */
    struct MHD_Response *response; /* waits for the loop to queue it */
    int status;
    struct rag_buf out; /* stream data; the first out_at bytes are sent already */
    size_t out_at;
    bool parked;    /* the loop suspended the connection for want of stream data */
    bool writing;   /* the worker is inside stream_write: no heartbeat may come between */
    bool ended;     /* the handler has returned: the stream is complete */
    bool gone;      /* the client left, or the server stops */
    bool completed; /* the loop is done with it: conn and fd are invalid */
    bool worker_done;
    double last_write;
    const char *heartbeat;

    struct rag_http_request *next, *prev; /* in the queue or the running list; under the server's lock */
};

/* http_listen.c: a listening socket, or a negative code. */
int rag_http_listen(const char *host, int port, struct rag_err *err);
int rag_http_bound_port(int fd);

/* http_uri.c: splits and decodes a request target; false = malformed, err says how. */
bool rag_http_parse_target(struct rag_http_request *r, const char *target, struct rag_err *err);

/* http_request.c: libmicrohttpd's callbacks; cls is the server. */
void *rag_http_on_target(void *cls, const char *target, struct MHD_Connection *conn);
enum MHD_Result rag_http_on_request(void *cls, struct MHD_Connection *conn, const char *url,
                                    const char *method, const char *version, const char *data, size_t *n,
                                    void **con_cls);
void rag_http_on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
                           enum MHD_RequestTerminationCode why);
void rag_http_request_free(struct rag_http_request *r);
/* Makes on_error (or a plain text) reply. */
void rag_http_fail(struct rag_http_request *r, int status, const char *message);

/* http_upload.c: the parts of a multipart body, files on disk. NULL and r->fault on failure. */
struct rag_http_upload *rag_http_upload_new(struct rag_http_request *r, const char *content_type);
void rag_http_upload_feed(struct rag_http_request *r, struct rag_str data);
void rag_http_upload_finish(struct rag_http_request *r);
const struct rag_http_part *rag_http_upload_parts(const struct rag_http_upload *u, size_t *n);
/* Deletes the files that are still there. */
void rag_http_upload_free(struct rag_http_upload *u);

/* http_spool.c: the body as it comes, into a file; r->fault on failure. free deletes the file. */
void rag_http_spool_feed(struct rag_http_request *r, struct rag_str data);
void rag_http_spool_finish(struct rag_http_request *r);
void rag_http_spool_free(struct rag_http_request *r);

/* http_workers.c */
int rag_http_workers_open(struct rag_http_server *s, struct rag_err *err);
/* Ends running handlers (their writes fail), waits for them. */
void rag_http_workers_close(struct rag_http_server *s);
/* Hands over a suspended request. False when no thread can be had. */
bool rag_http_workers_run(struct rag_http_server *s, struct rag_http_request *r);

/* http_reply.c: with r->lock held: hands the connection back to the loop when it is parked. */
void rag_http_wake(struct rag_http_request *r);

#endif
