/* pool.h: the compute threads: a team for queries, independent workers at low priority for ingestion. */
#ifndef RAG_ENCODER_POOL_H
#define RAG_ENCODER_POOL_H

#include "base/err.h"
#include "encoder/encoder.h"
#include "encoder/forward.h"

struct rag_pool;

/* threads 0: as many as the process may use (affinity and cgroup quota). m must outlive the pool. */
int rag_pool_open(const struct rag_model *m, int threads, struct rag_pool **out, struct rag_err *err);
/* No rag_pool_run may be under way. */
void rag_pool_close(struct rag_pool *p);

/* Fills the out of every sequence; returns when all are done. progress (NULL allowed) is called from this
 * thread. Sequences are put into order of length (seqs itself is reordered). */
void rag_pool_run(struct rag_pool *p, enum rag_encoder_priority priority, struct rag_seq *seqs, size_t n,
                  void (*progress)(void *ud, size_t done), void *ud);

#endif
