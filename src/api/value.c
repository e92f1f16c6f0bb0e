/* value.c: lenient reading of JSON members. */
#include "api/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

enum rag_coerce rag_coerce_bool(const json_t *v, bool *out)
{
    static const char *const yes[] = {"1", "true", "t", "yes", "y", "on"};
    static const char *const no[] = {"0", "false", "f", "no", "n", "off"};
    if (json_is_boolean(v)) {
        *out = json_is_true(v);
        return RAG_COERCE_OK;
    }
    if (json_is_number(v)) {
        double d = json_number_value(v);
        *out = d == 1;
        return d == 0 || d == 1 ? RAG_COERCE_OK : RAG_COERCE_TEXT;
    }
    if (!json_is_string(v))
        return RAG_COERCE_TYPE;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        *out = !strcasecmp(json_string_value(v), yes[i]);
        if (*out || !strcasecmp(json_string_value(v), no[i]))
            return RAG_COERCE_OK;
    }
    return RAG_COERCE_TEXT;
}

enum rag_coerce rag_coerce_num(const json_t *v, double *out)
{
    if (json_is_number(v)) {
        *out = json_number_value(v);
        return RAG_COERCE_OK;
    }
    if (json_is_boolean(v)) {
        *out = json_is_true(v);
        return RAG_COERCE_OK;
    }
    if (!json_is_string(v))
        return RAG_COERCE_TYPE;
    const char *text = json_string_value(v);
    char *end;
    *out = strtod(text, &end);
    return *text && !*end && isfinite(*out) ? RAG_COERCE_OK : RAG_COERCE_TEXT;
}

enum rag_coerce rag_coerce_int(const json_t *v, long long *out)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return RAG_COERCE_OK;
    }
    if (json_is_string(v)) {
        const char *text = json_string_value(v);
        char *end;
        errno = 0;
        *out = strtoll(text, &end, 10);
        return *text && !*end && !errno ? RAG_COERCE_OK : RAG_COERCE_TEXT;
    }
    double d;
    if (rag_coerce_num(v, &d) != RAG_COERCE_OK)
        return RAG_COERCE_TYPE;
    if (d != floor(d) || fabs(d) > 9e15)
        return RAG_COERCE_FRACTION;
    *out = (long long)d;
    return RAG_COERCE_OK;
}

bool rag_value_bool(const json_t *obj, const char *key, bool preset)
{
    bool v;
    return rag_coerce_bool(json_object_get(obj, key), &v) == RAG_COERCE_OK ? v : preset;
}

long long rag_value_int(const json_t *obj, const char *key, long long preset)
{
    long long v;
    return rag_coerce_int(json_object_get(obj, key), &v) == RAG_COERCE_OK ? v : preset;
}

double rag_value_num(const json_t *obj, const char *key, double preset)
{
    double v;
    return rag_coerce_num(json_object_get(obj, key), &v) == RAG_COERCE_OK ? v : preset;
}

struct rag_str rag_value_str(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    return (struct rag_str){json_string_value(v), json_string_length(v)};
}

const char *rag_value_cstr(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    return s && *s ? s : NULL;
}
