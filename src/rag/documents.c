/* documents.c: takes uploads, durable before they are acknowledged; lists and deletes documents. */
#include <limits.h>
#include <stdio.h>

#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "rag/engine.h"
#include "rag/files.h"

int rag_ingest_submit(struct rag_engine *e, const char *index, const struct rag_upload_file *files, size_t n,
                      char task_id[33], struct rag_err *err)
{
    struct rag_arena a;
    rag_arena_init(&a, 16 * RAG_MIB);
    struct rag_settings *s = rag_settings_acquire(e);
    char path[PATH_MAX];
    size_t stored = 0;
    int64_t index_id;
    int rc = rag_store_index_id(e->store, index && *index ? index : "default_index", &index_id, err);
    if (rc)
        goto out;
    if (n == 0 || n > RAG_LIMIT_UPLOAD_FILES) {
        rc = rag_err_set(err, RAG_EINVAL, "one upload takes 1 to %d files, not %zu", RAG_LIMIT_UPLOAD_FILES,
                         n);
        goto out;
    }
    struct rag_store_job_file *jobs = rag_arena_array(&a, n, sizeof *jobs);
    if (!jobs) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory");
        goto out;
    }
    for (; stored < n; stored++)
        if ((rc = rag_file_store(s, &a, &files[stored], &jobs[stored], err)))
            goto undo;
    snprintf(path, sizeof path, "%s/files", s->opts.data_dir);
    if ((rc = rag_fs_sync_dir(path, err)))
        goto undo;
    rag_id_new(task_id);
    if ((rc = rag_store_job_create(e->store, task_id, index_id, jobs, n, err)))
        goto undo;
    rag_ingest_wake(e);
    goto out;
undo:
    for (size_t i = 0; i < stored; i++)
        rag_file_remove(e, jobs[i].stored_path);
out:
    rag_settings_release(s);
    rag_arena_free(&a);
    return rc;
}

int rag_document_list(struct rag_engine *e, struct rag_arena *a, const char *index, const char *query,
                      int limit, int offset, struct rag_document **out, size_t *n, int64_t *total,
                      struct rag_err *err)
{
    return rag_store_document_list(e->store, a, index && *index ? index : "default_index", query, limit,
                                   offset, out, n, total, err);
}

int rag_document_get(struct rag_engine *e, struct rag_arena *a, const char *id, struct rag_document *out,
                     struct rag_err *err)
{
    return rag_store_document_get(e->store, a, id, out, err);
}

int rag_document_delete(struct rag_engine *e, const char *id, struct rag_err *err)
{
    struct rag_arena a;
    rag_arena_init(&a, RAG_MIB);
    const char *stored = NULL;
    int rc = rag_store_document_delete(e->store, &a, id, &stored, err);
    if (!rc && stored)
        rag_file_remove(e, stored);
    rag_arena_free(&a);
    return rc;
}
