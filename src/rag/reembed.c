/* reembed.c: embeds the stored chunks of an index again and swaps all its vectors in one transaction. */
#include "rag/reembed.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "rag/engine.h"

enum { SLICE = 256 }; /* chunks between two looks at the stop flag */

static int reembed_index(struct rag_engine *e, struct rag_encoder *enc, const struct rag_index *index,
                         struct rag_err *err)
{
    struct rag_arena a;
    int64_t index_id, *ids;
    struct rag_str *texts;
    size_t n;
    float *vectors = NULL;
    int dims = rag_encoder_dims(enc), window = rag_encoder_window(enc);
    rag_arena_init(&a, RAG_LIMIT_ARENA);
    int rc = rag_store_index_id(e->store, index->name, &index_id, err);
    if (rc || (rc = rag_store_index_chunks(e->store, &a, index_id, &ids, &texts, &n, err)))
        goto out;
    vectors = calloc(n ? n : 1, (size_t)dims * sizeof *vectors);
    if (!vectors) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory for %zu vectors", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        int tokens = rag_encoder_count_tokens(enc, texts[i]);
        if (tokens > window) {
            rc = rag_err_set(
                err, RAG_ETOOBIG,
                "a chunk of %d tokens does not fit the model's %d: upload the documents of index '%s' again",
                tokens, window, index->name);
            goto out;
        }
    }
    for (size_t i = 0; i < n; i += SLICE) {
        size_t k = n - i < SLICE ? n - i : SLICE;
        if (atomic_load(&e->ingest.stop)) {
            rc = rag_err_set(err, RAG_ECANCELED, "stopped; it starts again at the next start");
            goto out;
        }
        rc = rag_encoder_embed(enc, texts + i, k, RAG_ENCODER_INGEST, vectors + i * (size_t)dims, NULL, NULL,
                               NULL, err);
        if (rc)
            goto out;
    }
    rc = rag_store_replace_vectors(e->store, index_id, ids, vectors, n, dims, e->model_name,
                                   rag_encoder_fingerprint(enc), err);
out:
    free(vectors);
    rag_arena_free(&a);
    return rc;
}

void rag_reembed_stale(struct rag_engine *e)
{
    struct rag_arena a;
    struct rag_err err = {0};
    struct rag_encoder *enc;
    struct rag_index *v;
    size_t n;
    rag_arena_init(&a, RAG_MIB);
    if (rag_engine_encoder(e, &enc, &err) || rag_store_index_list(e->store, &a, &v, &n, &err))
        goto out;
    for (size_t i = 0; i < n; i++) {
        if (!rag_engine_check_index(enc, &v[i], NULL))
            continue;
        rag_info("engine", "index %s was made by other weights: embedding its %lld chunks again", v[i].name,
                 (long long)v[i].chunks);
        if (reembed_index(e, enc, &v[i], &err))
            rag_error("engine", "index %s was not embedded again: %s", v[i].name, err.msg);
        else
            rag_info("engine", "index %s is ready", v[i].name);
    }
out:
    rag_arena_free(&a);
}
