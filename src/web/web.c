/* web.c: the `pai_rag ui` server: API paths go to the proxy, everything else is the page. */
#include "web/web.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "web/assets.h"
#include "web/proxy.h"

struct rag_web {
    struct rag_http_server *server;
    struct rag_web_proxy proxy;
    char *tmp_dir;
};

static void policy(void *ud, struct rag_http_request *r, struct rag_http_policy *out)
{
    struct rag_web *w = ud;
    if (!rag_web_is_api(rag_http_path(r)))
        return; /* the page takes no body */
    out->max_body = RAG_LIMIT_UPLOAD;
    out->spool_dir = w->tmp_dir;
}

static void handle(void *ud, struct rag_http_request *r)
{
    struct rag_web *w = ud;
    if (rag_web_is_api(rag_http_path(r)))
        rag_web_proxy_handle(&w->proxy, r);
    else
        rag_web_serve_page(r);
}

static void on_error(void *ud, struct rag_http_request *r, int status, const char *message)
{
    (void)ud;
    rag_web_reply_error(r, status, message);
}

int rag_web_open(const struct rag_web_opts *opts, struct rag_web **out, struct rag_err *err)
{
    struct rag_web *w = calloc(1, sizeof *w);
    int rc;
    if (!w)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the page server");
    if (!(w->tmp_dir = strdup(opts->tmp_dir))) {
        rc = rag_err_set(err, RAG_ENOMEM, "not enough memory for the page server");
        goto out;
    }
    if ((rc = rag_fs_mkdirs(w->tmp_dir, err)) || (rc = rag_web_proxy_open(&w->proxy, opts->api_url, err)))
        goto out;
    struct rag_http_server_opts server = {
        .host = opts->host,
        .port = opts->port,
        .listen_fd = opts->listen_fd,
        .ud = w,
        .policy = policy,
        .handle = handle,
        .on_error = on_error,
    };
    rc = rag_http_server_open(&server, &w->server, err);
out:
    if (rc) {
        rag_web_close(w, 0);
        w = NULL;
    }
    *out = w;
    return rc;
}

int rag_web_port(const struct rag_web *w)
{
    return rag_http_server_port(w->server);
}

void rag_web_close(struct rag_web *w, int drain_ms)
{
    if (!w)
        return;
    rag_http_server_close(w->server, drain_ms);
    rag_web_proxy_close(&w->proxy);
    free(w->tmp_dir);
    free(w);
}
