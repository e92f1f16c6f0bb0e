/* api.h: the HTTP API: routes to engine calls and back. */
#ifndef RAG_API_API_H
#define RAG_API_API_H

#include "config/config.h"
#include "net/http_server.h"
#include "pai_rag.h"

struct rag_api;

struct rag_api_opts {
    const char *host;
    int port;
    int listen_fd;            /* already listening, or -1 */
    const char *upload_dir;   /* temporary files of uploads; same file system as the engine's data */
    const char *api_key;      /* PAI_RAG_API_KEY; NULL or "" = open */
    const char *cors_origins; /* comma list of allowed origins; NULL or "" = none */
};

/* engine and config are borrowed. Listens on return; health answers at once. */
int rag_api_open(struct rag_engine *engine, struct rag_config *config, const struct rag_api_opts *opts,
                 struct rag_api **out, struct rag_err *err);
int rag_api_port(const struct rag_api *api);
void rag_api_close(struct rag_api *api, int drain_ms);
/* The complete OpenAPI 3.1 document, made from the route table. */
int rag_api_openapi(struct rag_buf *out);

#endif
