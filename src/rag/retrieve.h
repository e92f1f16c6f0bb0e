/* retrieve.h: question in, hits out. */
#ifndef RAG_RAG_RETRIEVE_H
#define RAG_RAG_RETRIEVE_H

#include "rag/engine.h"

/* Embeds the question, searches both sides as o->mode says, fuses, drops hits under o->similarity_threshold,
 * keeps o->top_k. index NULL or "" = default_index; RAG_ENOTFOUND, RAG_EMISMATCH, RAG_ENOTREADY. */
int rag_retrieve(struct rag_engine *e, struct rag_arena *a, const char *index, struct rag_str question,
                 const struct rag_retrieve_opts *o, struct rag_hits *out, struct rag_err *err);

#endif
