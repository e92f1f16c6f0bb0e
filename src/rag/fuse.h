/* fuse.h: merges the dense and the lexical list. */
#ifndef RAG_RAG_FUSE_H
#define RAG_RAG_FUSE_H

#include "base/arena.h"
#include "base/err.h"
#include "core/types.h"
#include "store/store.h"

/* Reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009): rrf_score = Σ 1 / (k + rank), rank from 1.
 * Either list may be empty. out: every chunk of both lists once, best first; ties go to the better dense
 * rank, then the smaller chunk id. Fills chunk_id, rrf_score, bm25_score, dense_rank, lexical_rank, and score
 * = (1 + cosine) / 2 for chunks of the dense list (NAN for the others). */
int rag_fuse(struct rag_arena *a, const struct rag_store_match *dense, size_t n_dense,
             const struct rag_store_match *lexical, size_t n_lexical, int k, struct rag_hits *out,
             struct rag_err *err);

#endif
