/* prompt.h: hits and question in, messages for the model out, never longer than its window. */
#ifndef RAG_RAG_PROMPT_H
#define RAG_RAG_PROMPT_H

#include "base/arena.h"
#include "base/err.h"
#include "core/opts.h"
#include "core/types.h"

/* Fills the template's {context_str} with "Source 1:\n<text>\n…" and {query_str} with the question. Tokens
 * are counted with `tokens` (an upper estimate for current chat models). window - reserve is what the prompt
 * may use, reserve being the answer's tokens. Hits that do not fit are removed from the end of hits, so that
 * [n] always means hits->v[n-1]; the first hit is shortened rather than removed. */
int rag_prompt_build(struct rag_arena *a, const char *template, struct rag_str question,
                     struct rag_hits *hits, const struct rag_token_counter *tokens, int window, int reserve,
                     struct rag_str *out, struct rag_err *err);

#endif
