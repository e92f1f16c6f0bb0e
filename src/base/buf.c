/* buf.c: growable byte buffer. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

void rag_buf_init(struct rag_buf *b, size_t max)
{
    *b = (struct rag_buf){.max = max};
}

void rag_buf_free(struct rag_buf *b)
{
    if (!b)
        return;
    free(b->p);
    *b = (struct rag_buf){.max = b->max};
}

void rag_buf_reset(struct rag_buf *b)
{
    b->n = 0;
    b->err = 0;
    if (b->p)
        b->p[0] = '\0';
}

void *rag_buf_reserve(struct rag_buf *b, size_t n)
{
    if (b->err)
        return NULL;
    if (n > b->max || b->n > b->max - n) {
        b->err = RAG_ETOOBIG;
        return NULL;
    }
    size_t need = b->n + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        if (cap < need)
            cap = need;
        if (cap > b->max + 1)
            cap = b->max + 1;
        char *p = realloc(b->p, cap);
        if (!p) {
            b->err = RAG_ENOMEM;
            return NULL;
        }
        b->p = p;
        b->cap = cap;
        b->p[b->n] = '\0';
    }
    return b->p + b->n;
}

int rag_buf_add(struct rag_buf *b, const void *p, size_t n)
{
    char *to = rag_buf_reserve(b, n);
    if (!to)
        return b->err;
    if (n)
        memcpy(to, p, n);
    b->n += n;
    b->p[b->n] = '\0';
    return 0;
}

int rag_buf_adds(struct rag_buf *b, const char *cstr)
{
    return rag_buf_add(b, cstr, strlen(cstr));
}

int rag_buf_addstr(struct rag_buf *b, struct rag_str s)
{
    return rag_buf_add(b, s.p, s.n);
}

int rag_buf_addc(struct rag_buf *b, char c)
{
    return rag_buf_add(b, &c, 1);
}

int rag_buf_printf(struct rag_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *to = n < 0 ? NULL : rag_buf_reserve(b, (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
    return b->err;
}

void rag_buf_consume(struct rag_buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (!n)
        return;
    memmove(b->p, b->p + n, b->n - n + 1);
    b->n -= n;
}
