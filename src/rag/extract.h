/* extract.h: answers without a model: the best-supported sentences of the hits, each with its citation. */
#ifndef RAG_RAG_EXTRACT_H
#define RAG_RAG_EXTRACT_H

#include "rag/engine.h"

/* out: the best sentences, best first, each followed by " [n]". When none of them has to do with the
 * question: one sentence that says so, in Chinese for a question with Chinese characters, else in English. */
int rag_extract_answer(struct rag_engine *e, struct rag_arena *a, struct rag_str question,
                       const struct rag_hits *hits, struct rag_str *out, struct rag_err *err);

#endif
