/* sentence.h: sentence boundaries of Chinese and English text. */
#ifndef RAG_TEXT_SENTENCE_H
#define RAG_TEXT_SENTENCE_H

#include "base/str.h"

/* End of the sentence that begins at byte `from` (< text.n), closing quotes and the white space after it
 * included, so that consecutive calls cover the text without gaps. Ends: 。！？；… and . ! ? before white
 * space (not after abbreviations, initials, numbers, or before a lower-case word), an empty line, a line
 * before a list item, table row or heading. Linear in the sentence. */
size_t rag_sentence_end(struct rag_str text, size_t from);

#endif
