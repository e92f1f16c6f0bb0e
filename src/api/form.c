/* form.c: form fields, multipart or urlencoded, as JSON members. */
#include "api/form.h"

#include <stdlib.h>
#include <strings.h>

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Decodes %XX and + into out, which has room for s.n bytes; returns how many were written. */
static size_t decode(struct rag_str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int hi = i + 2 < s.n && s.p[i] == '%' ? hex(s.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex(s.p[i + 2]) : -1;
        if (lo >= 0) {
            out[n++] = (char)(hi * 16 + lo);
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    return n;
}

int rag_form_parse(struct rag_str text, json_t *obj)
{
    char *key = malloc(2 * text.n + 2);
    if (!key)
        return RAG_ENOMEM;
    char *value = key + text.n + 1;
    while (text.n) {
        const char *end = memchr(text.p, '&', text.n);
        struct rag_str pair = {text.p, end ? (size_t)(end - text.p) : text.n};
        const char *eq = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
        if (eq) {
            size_t k = decode((struct rag_str){pair.p, (size_t)(eq - pair.p)}, key);
            size_t v = decode((struct rag_str){eq + 1, pair.n - (size_t)(eq - pair.p) - 1}, value);
            key[k] = '\0';
            json_object_set_new(obj, key, json_stringn(value, v));
        }
        text.p += pair.n + (end != NULL);
        text.n -= pair.n + (end != NULL);
    }
    free(key);
    return 0;
}

int rag_form_fields(struct rag_http_request *r, json_t *obj)
{
    size_t n;
    const char *type = rag_http_header(r, "Content-Type");
    if (!rag_http_is_multipart(r))
        return type && !strncasecmp(type, "application/x-www-form-urlencoded", 33)
                   ? rag_form_parse(rag_http_body(r), obj)
                   : 0;
    const struct rag_http_part *parts = rag_http_parts(r, &n);
    for (size_t i = 0; i < n; i++) {
        char name[64];
        if (parts[i].file_name || parts[i].name.n >= sizeof name)
            continue;
        memcpy(name, parts[i].name.p, parts[i].name.n);
        name[parts[i].name.n] = '\0';
        json_object_set_new(obj, name, json_stringn(parts[i].value.p, parts[i].value.n));
    }
    return 0;
}
