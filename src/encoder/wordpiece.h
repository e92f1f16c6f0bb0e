/* wordpiece.h: BERT's uncased tokenizer: text to token numbers. */
#ifndef RAG_ENCODER_WORDPIECE_H
#define RAG_ENCODER_WORDPIECE_H

#include "base/err.h"
#include "base/str.h"

struct rag_wordpiece;

/* json is a Hugging Face tokenizer.json with a WordPiece model; path is for messages. Immutable after open.
 */
int rag_wordpiece_open(struct rag_str json, const char *path, struct rag_wordpiece **out,
                       struct rag_err *err);
void rag_wordpiece_close(struct rag_wordpiece *w);

/* Returns how many tokens text has, without special ones, and writes the first cap of them (cap 0: ids may be
 * NULL). Any bytes are fine: invalid UTF-8 is left out. Text such as "[SEP]" is text, never a special token.
 */
size_t rag_wordpiece_encode(const struct rag_wordpiece *w, struct rag_str text, int *ids, size_t cap);

int rag_wordpiece_cls(const struct rag_wordpiece *w);
int rag_wordpiece_sep(const struct rag_wordpiece *w);
/* Largest token number of the vocabulary. */
int rag_wordpiece_last(const struct rag_wordpiece *w);

#endif
