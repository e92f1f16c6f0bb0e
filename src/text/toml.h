/* toml.h: TOML text to a jansson value and back. toml++ stays behind this header. */
#ifndef RAG_TEXT_TOML_H
#define RAG_TEXT_TOML_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The document as a JSON object; dates and times become their text. places (NULL allowed) receives an object
 * "a.b.c" → "line L, column C" with one entry per key. NULL on error, RAG_EFORMAT: what is wrong and
 * "line L, column C". Free both with json_decref. */
json_t *rag_toml_parse(struct rag_str text, json_t **places, struct rag_err *err);

/* The object as a TOML document: plain values first, then one [table] per nested object. null values are left
 * out (TOML has none). Returns out->err. */
int rag_toml_write(const json_t *object, struct rag_buf *out);
/* One value as TOML writes it on the right of "=". Nested objects become inline tables. */
int rag_toml_write_value(const json_t *value, struct rag_buf *out);

#ifdef __cplusplus
}
#endif

#endif
