/* call.h: one API call on its way from the server to a handler and back. */
#ifndef RAG_API_CALL_H
#define RAG_API_CALL_H

#include <jansson.h>
#include <pthread.h>
#include <time.h>

#include "api/api.h"
#include "api/routes.h"
#include "text/json.h"

struct rag_api {
    struct rag_engine *engine;
    struct rag_config *config;
    struct rag_http_server *server;
    char *upload_dir, *api_key, *cors_origins;
    time_t started;
    double started_mono;
    pthread_mutex_t patch_lock; /* one change of settings at a time */
};

struct rag_call {
    struct rag_api *api;
    struct rag_engine *engine;
    struct rag_http_request *http;
    struct rag_arena *arena;
    struct rag_match match;
    json_t *body;       /* validated request body (form fields too), or NULL */
    json_t *query;      /* validated query parameters, or NULL */
    struct rag_buf out; /* the reply being made */
    char request_id[37];
    int status; /* of the reply; 0 until there is one */
};

/* A writer on call->out. */
struct rag_json rag_call_json(struct rag_call *c);
/* Sends call->out as JSON. */
void rag_call_reply(struct rag_call *c, int status);
/* Sends anything. body is copied. */
void rag_call_send(struct rag_call *c, int status, const char *content_type, struct rag_str body);
/* Sends a text that lives for ever. */
void rag_call_send_static(struct rag_call *c, int status, const char *content_type, struct rag_str body);

/* An error in the style of the route (or of the path, when there is no route). */
void rag_call_error(struct rag_call *c, int status, const char *message);
/* As above, with the field at fault, which the OpenAI style shows. */
void rag_call_error_field(struct rag_call *c, int status, const char *message, const char *field);
/* An engine call failed. what: "Query RAG", "Add index 'x'": PAI-RAG's prefix on compatibility routes. */
void rag_call_fail(struct rag_call *c, const struct rag_err *err, const char *what);
/* The sentence that rag_call_fail would send (arena). */
const char *rag_call_fault_text(struct rag_call *c, const struct rag_err *err, const char *what, int *status);

/* Index that the request names, or NULL for the default one. */
const char *rag_call_index_name(struct rag_call *c);
/* An emit function for answers that are not streamed: stops the engine when the client has left. ud: the
 * call. */
int rag_call_still_wanted(void *ud, struct rag_str piece);

#endif
