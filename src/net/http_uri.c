/* http_uri.c: decodes the target of a request line, strictly. */
#include <strings.h>

#include "net/http_internal.h"
#include "text/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decoded copy of s; NULL with err when it is malformed. form: '+' means a space. */
static const char *decode(struct rag_arena *a, struct rag_str s, bool form, const char *what,
                          struct rag_err *err)
{
    char *out = rag_arena_alloc(a, s.n + 1);
    if (!out) {
        rag_err_set(err, RAG_ENOMEM, "not enough memory for the %s", what);
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            bool whole = s.n - i > 2;
            int high = whole ? hex_digit(s.p[i + 1]) : -1;
            int low = whole ? hex_digit(s.p[i + 2]) : -1;
            if (high < 0 || low < 0 || (high | low) == 0) {
                rag_err_set(err, RAG_EINVAL,
                            "the %s has an invalid percent-encoding: expected %% and two hexadecimal digits, "
                            "not %%00",
                            what);
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        out[n++] = c;
    }
    if (!rag_utf8_valid((struct rag_str){out, n})) {
        rag_err_set(err, RAG_EINVAL, "the %s is not valid UTF-8", what);
        return NULL;
    }
    return out;
}

/* Origin form of an absolute target ("http://host/path", as sent to proxies). */
static const char *origin_form(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    if (!scheme)
        return target;
    const char *slash = strchr(target + scheme, '/');
    return slash ? slash : "/";
}

static bool parse_query(struct rag_http_request *r, const char *query, struct rag_err *err)
{
    struct rag_http_pair **end = &r->query;
    while (*query) {
        size_t n = strcspn(query, "&");
        const char *equals = memchr(query, '=', n);
        struct rag_str name = {query, equals ? (size_t)(equals - query) : n};
        struct rag_str value = {equals ? equals + 1 : "", equals ? n - name.n - 1 : 0};
        query += n + (query[n] == '&');
        if (!n)
            continue;
        struct rag_http_pair *pair = rag_arena_alloc(&r->arena, sizeof *pair);
        if (!pair) {
            rag_err_set(err, RAG_ENOMEM, "not enough memory for the query");
            return false;
        }
        pair->name = decode(&r->arena, name, true, "query", err);
        pair->value = pair->name ? decode(&r->arena, value, true, "query", err) : NULL;
        if (!pair->value)
            return false;
        *end = pair;
        end = &pair->next;
    }
    return true;
}

bool rag_http_parse_target(struct rag_http_request *r, const char *target, struct rag_err *err)
{
    target = origin_form(target);
    r->target = rag_arena_strdup(&r->arena, target);
    if (!r->target) {
        rag_err_set(err, RAG_ENOMEM, "not enough memory for the request target");
        return false;
    }
    size_t n = strcspn(target, "?");
    r->path = decode(&r->arena, (struct rag_str){target, n}, false, "path", err);
    if (!r->path)
        return false;
    if (r->path[0] != '/' && strcmp(r->path, "*") != 0) {
        rag_err_set(err, RAG_EINVAL, "the path does not begin with a slash");
        return false;
    }
    return target[n] == '\0' || parse_query(r, target + n + 1, err);
}
