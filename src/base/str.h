/* str.h: borrowed text, a pointer and a length. Owns nothing; the text need not end in NUL. */
#ifndef RAG_BASE_STR_H
#define RAG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct rag_str {
    const char *p;
    size_t n;
};

#define RAG_STR(lit) ((struct rag_str){(lit), sizeof(lit) - 1})
/* For printf: printf("%.*s", RAG_STR_ARG(s)). */
#define RAG_STR_ARG(s) (int)(s).n, (s).p

static inline struct rag_str rag_str_of(const char *cstr)
{
    return (struct rag_str){cstr, cstr ? strlen(cstr) : 0};
}

static inline bool rag_str_eq(struct rag_str a, struct rag_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool rag_str_eqz(struct rag_str a, const char *cstr)
{
    return rag_str_eq(a, rag_str_of(cstr));
}

/* ASCII white space removed at both ends. */
static inline struct rag_str rag_str_trim(struct rag_str s)
{
    while (s.n && strchr(" \t\r\n\f\v", s.p[0]) && s.p[0])
        s.p++, s.n--;
    while (s.n && s.p[s.n - 1] && strchr(" \t\r\n\f\v", s.p[s.n - 1]))
        s.n--;
    return s;
}

#endif
