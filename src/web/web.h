/* web.h: the `pai_rag ui` server: the single-page app from memory, and a proxy to the API for use without
 * nginx. */
#ifndef RAG_WEB_WEB_H
#define RAG_WEB_WEB_H

#include "base/buf.h"
#include "base/err.h"

struct rag_web;

struct rag_web_opts {
    const char *host;
    int port;
    int listen_fd;       /* already listening, or -1 */
    const char *api_url; /* "http://0.0.0.0:8001/"; 0.0.0.0 means 127.0.0.1 */
    const char *tmp_dir; /* for large bodies on their way to the API */
};

int rag_web_open(const struct rag_web_opts *opts, struct rag_web **out, struct rag_err *err);
int rag_web_port(const struct rag_web *w);
void rag_web_close(struct rag_web *w, int drain_ms);

/* nginx.conf for port listen, made from the template and proxy_paths.h. run_dir: pid, logs and temporary
 * paths. */
struct rag_nginx_opts {
    int listen;
    const char *api, *ui; /* "127.0.0.1:8001" */
    const char *run_dir;  /* absolute */
};
int rag_nginx_conf(const struct rag_nginx_opts *opts, struct rag_buf *out, struct rag_err *err);

#endif
