/* fuse.c: reciprocal rank fusion of the dense and the lexical list. */
#include "rag/fuse.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

static int rank_or_last(int rank)
{
    return rank ? rank : INT_MAX;
}

static int compare(const void *pa, const void *pb)
{
    const struct rag_hit *a = pa, *b = pb;
    if (a->rrf_score != b->rrf_score)
        return a->rrf_score < b->rrf_score ? 1 : -1;
    if (a->dense_rank != b->dense_rank)
        return rank_or_last(a->dense_rank) < rank_or_last(b->dense_rank) ? -1 : 1;
    return (a->chunk_id > b->chunk_id) - (a->chunk_id < b->chunk_id);
}

/* Lists hold some dozens of matches: a linear look-up is the simple and fast one. */
static struct rag_hit *find_or_add(struct rag_hits *hits, int64_t chunk_id)
{
    for (size_t i = 0; i < hits->n; i++)
        if (hits->v[i].chunk_id == chunk_id)
            return &hits->v[i];
    struct rag_hit *h = &hits->v[hits->n++];
    h->chunk_id = chunk_id;
    h->score = NAN;
    return h;
}

int rag_fuse(struct rag_arena *a, const struct rag_store_match *dense, size_t n_dense,
             const struct rag_store_match *lexical, size_t n_lexical, int k, struct rag_hits *out,
             struct rag_err *err)
{
    *out = (struct rag_hits){.v = rag_arena_array(a, n_dense + n_lexical + 1, sizeof *out->v)};
    if (!out->v)
        return rag_err_set(err, RAG_ENOMEM, "out of memory for %zu hits", n_dense + n_lexical);
    for (size_t i = 0; i < n_dense; i++) {
        struct rag_hit *h = find_or_add(out, dense[i].chunk_id);
        h->dense_rank = (int)i + 1;
        h->score = (1 + dense[i].score) / 2;
        h->rrf_score += 1.0 / (k + (int)i + 1);
    }
    for (size_t i = 0; i < n_lexical; i++) {
        struct rag_hit *h = find_or_add(out, lexical[i].chunk_id);
        h->lexical_rank = (int)i + 1;
        h->bm25_score = lexical[i].score;
        h->rrf_score += 1.0 / (k + (int)i + 1);
    }
    qsort(out->v, out->n, sizeof *out->v, compare);
    return 0;
}
