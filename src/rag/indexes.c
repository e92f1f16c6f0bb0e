/* indexes.c: administers knowledge bases. */
#include <limits.h>

#include "base/limits.h"
#include "rag/engine.h"
#include "rag/files.h"

int rag_index_list(struct rag_engine *e, struct rag_arena *a, struct rag_index **out, size_t *n,
                   struct rag_err *err)
{
    return rag_store_index_list(e->store, a, out, n, err);
}

int rag_index_get(struct rag_engine *e, struct rag_arena *a, const char *name, struct rag_index *out,
                  struct rag_err *err)
{
    return rag_store_index_get(e->store, a, name, out, err);
}

static int check_name(const char *name, struct rag_err *err)
{
    static const char ok[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    size_t n = name ? strlen(name) : 0;
    if (n < 3 || n > 20 || strspn(name, ok) != n)
        return rag_err_set(err, RAG_EINVAL,
                           "index name '%.40s' is not usable: 3 to 20 of 0-9, a-z, A-Z, _ and -",
                           name ? name : "");
    return 0;
}

int rag_index_create(struct rag_engine *e, const struct rag_index *index, struct rag_err *err)
{
    int rc = check_name(index->name, err);
    if (rc)
        return rc;
    struct rag_settings *s = rag_settings_acquire(e);
    int max = s->opts.max_indexes > 0 ? s->opts.max_indexes : RAG_LIMIT_INDEXES;
    rag_settings_release(s);
    return rag_store_index_create(e->store, index, max, err);
}

int rag_index_update(struct rag_engine *e, const struct rag_index *index, struct rag_err *err)
{
    return rag_store_index_update(e->store, index, err);
}

int rag_index_delete(struct rag_engine *e, const char *name, struct rag_err *err)
{
    int rc = rag_store_index_delete(e->store, name, err);
    if (rc)
        return rc;
    rag_file_sweep(e);
    /* Requests that name no index mean this one, so there always is one, if need be an empty one. */
    if (!strcmp(name, "default_index"))
        rc = rag_store_index_create(e->store, &(struct rag_index){.name = name}, INT_MAX, err);
    return rc;
}
