/* http_spool.c: a request body as it comes, into a temporary file, for a proxy that passes it on. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/id.h"
#include "net/http_internal.h"

static bool open_spool(struct rag_http_request *r)
{
    char id[RAG_ID_HEX + 1];
    rag_id_new(id);
    const char *path = rag_arena_printf(&r->arena, "%s/%s", r->policy.spool_dir, id);
    if (path)
        r->spool_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (r->spool_fd < 0) {
        rag_err_set(&r->fault, 500, "cannot store the request body: %s",
                    path ? strerror(errno) : "out of memory");
        return false;
    }
    r->spool_path = path;
    return true;
}

void rag_http_spool_feed(struct rag_http_request *r, struct rag_str data)
{
    if (r->spool_fd < 0 && !open_spool(r))
        return;
    int rc = rag_fs_write_all(r->spool_fd, data.p, data.n);
    if (rc)
        rag_err_set(&r->fault, rc == -ENOSPC ? 507 : 500, "cannot store the request body: %s", strerror(-rc));
}

void rag_http_spool_finish(struct rag_http_request *r)
{
    if (r->spool_fd >= 0 && close(r->spool_fd) != 0)
        rag_err_set(&r->fault, 500, "cannot store the request body: %s", strerror(errno));
    r->spool_fd = -1;
}

void rag_http_spool_free(struct rag_http_request *r)
{
    if (r->spool_fd >= 0)
        close(r->spool_fd);
    r->spool_fd = -1;
    if (r->spool_path)
        unlink(r->spool_path);
    r->spool_path = NULL;
}

const char *rag_http_body_path(const struct rag_http_request *r)
{
    return r->spool_path;
}
