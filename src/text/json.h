/* json.h: JSON by jansson for what comes in; a small writer into a rag_buf for what goes out. */
#ifndef RAG_TEXT_JSON_H
#define RAG_TEXT_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

/* Strict: UTF-8, no trailing text, at most RAG_LIMIT_JSON_DEPTH levels (checked before jansson recurses).
 * Duplicate keys: the last wins. NULL on error, err says what is wrong and at which byte. Free with
 * json_decref. */
json_t *rag_json_parse(struct rag_str text, struct rag_err *err);

/* Writer: commas are placed by the writer itself; key NULL inside arrays. Invalid UTF-8 becomes U+FFFD;
 * Chinese is not escaped. NaN and infinity become null. */
struct rag_json {
    struct rag_buf *out;
    bool comma; /* a comma goes before the next value */
};
void rag_json_init(struct rag_json *j, struct rag_buf *out);
void rag_json_obj(struct rag_json *j, const char *key);
void rag_json_end_obj(struct rag_json *j);
void rag_json_arr(struct rag_json *j, const char *key);
void rag_json_end_arr(struct rag_json *j);
void rag_json_str(struct rag_json *j, const char *key, struct rag_str v);
void rag_json_cstr(struct rag_json *j, const char *key, const char *v); /* NULL = null */
void rag_json_int(struct rag_json *j, const char *key, long long v);
void rag_json_num(struct rag_json *j, const char *key,
                  double v); /* shortest text that reads back equal to 6 places */
void rag_json_bool(struct rag_json *j, const char *key, bool v);
void rag_json_null(struct rag_json *j, const char *key);
/* JSON text that is already valid. */
void rag_json_raw(struct rag_json *j, const char *key, struct rag_str json);

#endif
