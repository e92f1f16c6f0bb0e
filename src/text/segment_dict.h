/* segment_dict.h: the word list of the segmenter as a trie of code points with log probabilities. */
#ifndef RAG_TEXT_SEGMENT_DICT_H
#define RAG_TEXT_SEGMENT_DICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct rag_dict;

/* Reads "word freq [tag]" lines (jieba's format). Words with anything but CJK characters are skipped: only
 * CJK runs are looked up. Immutable afterwards. */
int rag_dict_open(const char *path, struct rag_dict **out, struct rag_err *err);
void rag_dict_close(struct rag_dict *d);

/* Child of node by cp, 0 when there is none. The root is node 0. */
uint32_t rag_dict_child(const struct rag_dict *d, uint32_t node, uint32_t cp);
/* True when the path to node is a word; *weight is then ln(freq / total). */
bool rag_dict_word(const struct rag_dict *d, uint32_t node, float *weight);
/* Weight of a character that no word covers: ln(1 / total). */
float rag_dict_unknown(const struct rag_dict *d);

#endif
