/* segment.h: cuts text into the terms of the lexical index: folded words with English stems, Chinese
 * dictionary words, and CJK bigrams as recall fallback. The same function serves documents and questions. */
#ifndef RAG_TEXT_SEGMENT_H
#define RAG_TEXT_SEGMENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct rag_segmenter;

/* dict_path: a jieba-format dictionary ("word freq [tag]" a line), or NULL: bigrams only. Returns at once; a
 * thread reads the dictionary, and the first calls of rag_segment wait for it. Shared by all threads. */
int rag_segmenter_open(const char *dict_path, struct rag_segmenter **out, struct rag_err *err);
/* Waits until the dictionary is read; 0, or why it could not be (rag_segment then returns the same code). */
int rag_segmenter_ready(struct rag_segmenter *s, struct rag_err *err);
void rag_segmenter_close(struct rag_segmenter *s);

/* A term: folded text (NFKC, lower case, stemmed) in a buffer valid during the call, and the byte range it
 * came from. Terms come in order of begin; their ranges overlap (a compound and its parts, a Chinese word and
 * its bigrams). Non-zero stops and is returned. */
typedef int rag_term_fn(void *ud, struct rag_str term, size_t begin, size_t end);
/* for_query leaves out stop words (unless nothing else is left). */
int rag_segment(struct rag_segmenter *s, struct rag_str text, bool for_query, rag_term_fn *fn, void *ud);

#endif
