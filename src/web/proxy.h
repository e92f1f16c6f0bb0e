/* proxy.h: passes requests on to the API, for use without nginx. */
#ifndef RAG_WEB_PROXY_H
#define RAG_WEB_PROXY_H

#include <stdbool.h>

#include "net/http_client.h"
#include "net/http_server.h"

struct rag_web_proxy {
    struct rag_http_client *client;
    char base[512]; /* "http://127.0.0.1:8001", no trailing slash */
};

/* api_url as the user gave it: http or https, host 0.0.0.0 means this machine; anything after the port is a
 * prefix. */
int rag_web_proxy_open(struct rag_web_proxy *p, const char *api_url, struct rag_err *err);
void rag_web_proxy_close(struct rag_web_proxy *p);

/* True when the path belongs to the API (src/config/proxy_paths.h): the prefix itself or below it. */
bool rag_web_is_api(const char *path);
/* Passes the request on and its answer back, piece by piece. */
void rag_web_proxy_handle(struct rag_web_proxy *p, struct rag_http_request *r);
/* A JSON error in the shape that the path's clients expect: {"message"}, or OpenAI's {"error"}. */
void rag_web_reply_error(struct rag_http_request *r, int status, const char *message);

#endif
