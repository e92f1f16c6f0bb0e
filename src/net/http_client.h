/* http_client.h: HTTP client on libcurl with kept-alive connections. Thread-safe: each call borrows a handle.
 */
#ifndef RAG_NET_HTTP_CLIENT_H
#define RAG_NET_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

struct rag_http_client;

struct rag_http_call {
    const char *method;         /* "GET", "POST", … */
    const char *url;            /* http or https only */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL = none */
    struct rag_str body;
    const char *body_path;  /* a file whose content is the body, instead of body; NULL = none */
    int connect_timeout_ms; /* 0 = 10 s */
    int idle_timeout_s;     /* no byte for this long: RAG_ETIMEOUT; 0 = 60 */
    size_t max_reply;       /* bytes; beyond: RAG_ETOOBIG */
    /* Called with each piece of a reply with status 2xx; NULL = collect in *reply. Non-zero stops:
     * RAG_ECANCELED. */
    int (*on_data)(void *ud, struct rag_str data);
    /* Called about once a second while waiting (NULL allowed); non-zero stops: RAG_ECANCELED. */
    int (*on_idle)(void *ud);
    /* Called once with the final status and its headers before any data (NULL allowed). */
    int (*on_head)(void *ud, int status, struct rag_str head);
    void *ud;
};

int rag_http_client_open(struct rag_http_client **out, struct rag_err *err);
void rag_http_client_close(struct rag_http_client *c);
/* Returns 0 when a reply arrived, whatever its status. Bodies of non-2xx replies, and all bodies without
 * on_data, are in reply. Error texts hold host and port, never path, query or headers. No redirects are
 * followed. */
int rag_http_client_call(struct rag_http_client *c, const struct rag_http_call *call, int *status,
                         struct rag_buf *reply, struct rag_err *err);

#endif
