/* remote.h: a running pai_rag, spoken to over its HTTP API. */
#ifndef RAG_CLI_REMOTE_H
#define RAG_CLI_REMOTE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/types.h"

struct rag_http_client;

struct rag_remote {
    struct rag_http_client *http;
    char base[300];           /* "http://127.0.0.1:8001" */
    char auth[600];           /* "Authorization: Bearer …", or "" */
    int (*on_idle)(void *ud); /* NULL, or called about once a second while waiting; non-zero gives up */
    void *ud;
};

/* host 0.0.0.0 and "" mean 127.0.0.1. Nothing is sent yet. */
int rag_remote_open(struct rag_remote *r, const char *host, int port, const char *api_key,
                    struct rag_err *err);
void rag_remote_close(struct rag_remote *r);
/* A pai_rag answers there. */
bool rag_remote_is_up(struct rag_remote *r);
/* GET of path is answered with a status 2xx. */
bool rag_remote_answers(struct rag_remote *r, const char *path);
/* GET (body NULL) or POST; the reply parsed. Any status but 2xx is an error with the server's message. */
json_t *rag_remote_json(struct rag_remote *r, const char *path, const json_t *body, struct rag_err *err);
/* Waits until the model answers. RAG_ETIMEOUT after timeout_ms. */
int rag_remote_wait_ready(struct rag_remote *r, int timeout_ms, struct rag_err *err);
/* Sends one file as name; index NULL = default_index. */
int rag_remote_upload(struct rag_remote *r, const char *path, const char *name, const char *index,
                      char task_id[33], struct rag_err *err);
/* Asks with citations; text goes to emit while it is made. *last: the stream's last message (docs, citations,
 * …). */
int rag_remote_ask(struct rag_remote *r, const char *question, const char *index, rag_emit_fn *emit, void *ud,
                   json_t **last, struct rag_err *err);

#endif
