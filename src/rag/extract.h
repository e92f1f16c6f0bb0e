/* extract.h: answers without a model: the best-supported sentences of the hits, each with its citation. */
#ifndef RAG_RAG_EXTRACT_H
#define RAG_RAG_EXTRACT_H

#include "rag/engine.h"

/* out: sentences in reading order, each followed by " [n]". Never empty when hits hold text. */
int rag_extract_answer(struct rag_engine *e, struct rag_arena *a, struct rag_str question,
                       const struct rag_hits *hits, struct rag_str *out, struct rag_err *err);

#endif
