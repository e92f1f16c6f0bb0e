/* utf8.h: validation, decoding, cleaning and case folding of UTF-8. */
#ifndef RAG_TEXT_UTF8_H
#define RAG_TEXT_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Strict (no surrogates, no overlong forms, <= U+10FFFF). */
bool rag_utf8_valid(struct rag_str s);
/* Decodes the code point at *at and advances; an invalid byte gives U+FFFD and advances by one. *at < s.n
 * required. */
uint32_t rag_utf8_next(struct rag_str s, size_t *at);
/* Writes 1..4 bytes, returns how many. */
int rag_utf8_put(uint32_t cp, char out[4]);
/* Appends s with invalid bytes replaced by U+FFFD and NUL removed. */
int rag_utf8_clean(struct rag_buf *out, struct rag_str s);
/* Largest n' <= n that does not cut a code point of s. */
size_t rag_utf8_floor(struct rag_str s, size_t n);
/* CJK ideographs (with extensions and compatibility), kana and hangul: what has no spaces between words. */
bool rag_utf8_is_cjk(uint32_t cp);
bool rag_utf8_is_space(uint32_t cp);
bool rag_utf8_is_punct(uint32_t cp);

#endif
