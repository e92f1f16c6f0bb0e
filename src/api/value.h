/* value.h: reads JSON members the way pydantic does in lax mode: "true" is a boolean, "3" a number. */
#ifndef RAG_API_VALUE_H
#define RAG_API_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"

enum rag_coerce {
    RAG_COERCE_OK,
    RAG_COERCE_TYPE,     /* a kind of value that never fits */
    RAG_COERCE_TEXT,     /* text that does not read as one */
    RAG_COERCE_FRACTION, /* a number with a fraction where an integer is wanted */
};

enum rag_coerce rag_coerce_bool(const json_t *v, bool *out);
enum rag_coerce rag_coerce_int(const json_t *v, long long *out);
enum rag_coerce rag_coerce_num(const json_t *v, double *out);

/* Members of an object that was validated; preset when absent or null. */
bool rag_value_bool(const json_t *obj, const char *key, bool preset);
long long rag_value_int(const json_t *obj, const char *key, long long preset);
double rag_value_num(const json_t *obj, const char *key, double preset);
struct rag_str rag_value_str(const json_t *obj, const char *key); /* p NULL when absent or null */
const char *rag_value_cstr(const json_t *obj, const char *key);   /* NULL when absent, null or empty */

#endif
