/* retrieve.c: embed the question → dense and lexical search → fuse → score → load. */
#include "rag/retrieve.h"

#include <math.h>

#include "base/limits.h"
#include "rag/fuse.h"
#include "text/utf8.h"

/* How far down each list fusion looks: a chunk that both sides rank moderately beats one that a single side
 * ranks first, so the lists must be longer than what is returned. */
enum { MIN_DEPTH = 50 };

/* A question longer than the embedder's window is shortened for the dense side: unlike a document, nothing is
 * lost, the lexical side and the prompt get all of it. */
static struct rag_str fit_window(const struct rag_encoder *enc, struct rag_str q)
{
    int window = rag_encoder_window(enc);
    while (q.n && rag_encoder_count_tokens(enc, q) > window)
        q.n = rag_utf8_floor(q, q.n - (q.n + 3) / 4);
    return q;
}

/* Cosines for the hits that only the lexical side found, so that every hit has a score on one scale. */
static int score_lexical_only(struct rag_engine *e, struct rag_arena *a, int64_t index_id,
                              const float *vector, int dims, struct rag_hits *hits, struct rag_err *err)
{
    int64_t *ids = rag_arena_array(a, hits->n + 1, sizeof *ids);
    double *cosines = rag_arena_array(a, hits->n + 1, sizeof *cosines);
    size_t n = 0, at = 0;
    if (!ids || !cosines)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    for (size_t i = 0; i < hits->n; i++)
        if (isnan(hits->v[i].score))
            ids[n++] = hits->v[i].chunk_id;
    if (n == 0)
        return 0;
    int rc = rag_store_cosines(e->store, index_id, vector, dims, ids, n, cosines, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < hits->n; i++)
        if (isnan(hits->v[i].score))
            hits->v[i].score = (1 + cosines[at++]) / 2;
    return 0;
}

static void keep_best(struct rag_hits *hits, const struct rag_retrieve_opts *o)
{
    size_t kept = 0;
    for (size_t i = 0; i < hits->n && kept < (size_t)o->top_k; i++)
        if (!isnan(hits->v[i].score) && hits->v[i].score >= o->similarity_threshold)
            hits->v[kept++] = hits->v[i];
    hits->n = kept;
}

int rag_retrieve(struct rag_engine *e, struct rag_arena *a, const char *index, struct rag_str question,
                 const struct rag_retrieve_opts *o, struct rag_hits *out, struct rag_err *err)
{
    struct rag_encoder *enc;
    struct rag_index entry;
    int64_t index_id;
    size_t n_dense = 0, n_lexical = 0;
    *out = (struct rag_hits){0};
    const char *name = index && *index ? index : "default_index";
    int rc = rag_store_index_id(e->store, name, &index_id, err);
    if (rc || o->top_k <= 0)
        return rc;
    if ((rc = rag_engine_encoder(e, &enc, err)) ||
        (rc = rag_store_index_get(e->store, a, name, &entry, err)) ||
        (rc = rag_engine_check_index(enc, &entry, err)))
        return rc;
    if (entry.chunks == 0)
        return 0;

    int dims = rag_encoder_dims(enc);
    int top_k = o->top_k < RAG_LIMIT_TOP_K ? o->top_k : RAG_LIMIT_TOP_K;
    int depth = 4 * top_k > MIN_DEPTH ? 4 * top_k : MIN_DEPTH;
    float *vector = rag_arena_array(a, (size_t)dims, sizeof *vector);
    struct rag_store_match *dense = rag_arena_array(a, (size_t)depth, sizeof *dense);
    struct rag_store_match *lexical = rag_arena_array(a, (size_t)depth, sizeof *lexical);
    if (!vector || !dense || !lexical)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");

    /* One after the other: each of them uses all cores or is over in a millisecond. */
    struct rag_str shortened = fit_window(enc, question);
    rc = rag_encoder_embed(enc, &shortened, 1, RAG_ENCODER_QUERY, vector, NULL, NULL, NULL, err);
    if (!rc && o->mode != RAG_MODE_LEXICAL)
        rc = rag_store_search_dense(e->store, index_id, vector, dims, depth, dense, &n_dense, err);
    if (!rc && o->mode != RAG_MODE_DENSE)
        rc = rag_store_search_lexical(e->store, index_id, question, depth, lexical, &n_lexical, err);
    if (!rc)
        rc = rag_fuse(a, dense, n_dense, lexical, n_lexical, o->rrf_k > 0 ? o->rrf_k : 60, out, err);
    if (!rc)
        rc = score_lexical_only(e, a, index_id, vector, dims, out, err);
    if (rc)
        return rc;
    keep_best(out, o);
    if (o->mode != RAG_MODE_HYBRID)
        for (size_t i = 0; i < out->n; i++)
            out->v[i].rrf_score = 0;
    return rag_store_load_hits(e->store, a, out, err);
}
