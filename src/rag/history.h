/* history.h: sessions and condensed follow-up questions. */
#ifndef RAG_RAG_HISTORY_H
#define RAG_RAG_HISTORY_H

#include "rag/engine.h"

/* What was said before: the stored session, then what the request brought along. The newest
 * RAG_LIMIT_SESSION_TURNS messages are kept. */
int rag_history_load(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                     struct rag_messages *out, struct rag_err *err);
/* Makes a stand-alone question of a follow-up, by the model. Without history, or without a model, it is the
 * question itself. usage is added to. */
int rag_history_condense(struct rag_engine *e, struct rag_arena *a, const struct rag_llm_opts *llm,
                         const struct rag_messages *history, struct rag_str question, struct rag_str *out,
                         struct rag_usage *usage, struct rag_err *err);
/* Appends the request's history, the question and the answer to the session. */
int rag_history_store(struct rag_engine *e, const char *session_id, const struct rag_query *q,
                      struct rag_str answer, struct rag_err *err);

#endif
