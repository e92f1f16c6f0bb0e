/* fetch.h: a file from the network, resumable, and a member of an npm package. */
#ifndef RAG_CLI_FETCH_H
#define RAG_CLI_FETCH_H

#include "base/err.h"

struct rag_http_client;

/* Downloads url to path. What path + ".part" holds already is not asked for again. Redirects are followed
 * (5). Shows progress with label. */
int rag_fetch_url(struct rag_http_client *http, const char *url, const char *path, const char *label,
                  struct rag_err *err);
/* Downloads the archive of an npm package ("name@1.2.3") to path. Where it lies is asked of the npm client,
 * so that its registry, proxy and rights apply. */
int rag_fetch_npm(struct rag_http_client *http, const char *package, const char *path, struct rag_err *err);
/* Copies the member `name` of a .tgz archive to path. RAG_ENOTFOUND when it has none. */
int rag_fetch_unpack(const char *archive, const char *name, const char *path, struct rag_err *err);

#endif
