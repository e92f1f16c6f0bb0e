/* cite.h: finds the markers [n] of an answer and checks each against the passage it points at. */
#ifndef RAG_RAG_CITE_H
#define RAG_RAG_CITE_H

#include "base/arena.h"
#include "core/types.h"
#include "pai_rag.h"
#include "text/segment.h"

/* One entry per marker ("[1]", "[1][2]", "[1, 2]", "【1】"). Its sentence is the text since the last sentence
 * end before it; support is the share of the sentence's content terms (words, Chinese dictionary words and
 * bigrams, without stop words) that the passage holds too. No call to a model: cheap enough for every answer.
 */
int rag_cite_check(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str answer,
                   const struct rag_hits *hits, struct rag_citation **out, size_t *n, struct rag_err *err);

/* Share (0..1) of the content terms of `claim` that `passage` holds; 0 for a claim without terms. */
double rag_cite_support(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str claim,
                        struct rag_str passage);

#endif
