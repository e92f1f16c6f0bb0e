/* arena.c: bump allocation in a list of blocks. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

struct rag_arena_block {
    struct rag_arena_block *next;
    size_t used, cap;
    _Alignas(16) char data[];
};

enum { FIRST_BLOCK = 4096, MAX_BLOCK = 1 << 20 };

void rag_arena_init(struct rag_arena *a, size_t max)
{
    *a = (struct rag_arena){.max = max};
}

void rag_arena_free(struct rag_arena *a)
{
    if (!a)
        return;
    for (struct rag_arena_block *b = a->head; b;) {
        struct rag_arena_block *next = b->next;
        free(b);
        b = next;
    }
    *a = (struct rag_arena){.max = a->max};
}

void *rag_arena_alloc(struct rag_arena *a, size_t n)
{
    size_t max = a->max ? a->max : RAG_LIMIT_ARENA;
    if (n > max || a->used > max - n)
        return NULL;
    size_t need = (n + 15) & ~(size_t)15;
    struct rag_arena_block *b = a->head;
    if (!b || b->cap - b->used < need) {
        size_t cap = b ? b->cap * 2 : FIRST_BLOCK;
        if (cap > MAX_BLOCK)
            cap = MAX_BLOCK;
        if (cap < need)
            cap = need;
        b = malloc(sizeof *b + cap);
        if (!b)
            return NULL;
        b->next = a->head;
        b->used = 0;
        b->cap = cap;
        a->head = b;
    }
    void *p = b->data + b->used;
    b->used += need;
    a->used += need;
    return memset(p, 0, need);
}

void *rag_arena_array(struct rag_arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    return rag_arena_alloc(a, n);
}

char *rag_arena_strndup(struct rag_arena *a, const char *p, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *s = rag_arena_alloc(a, n + 1);
    if (s && n)
        memcpy(s, p, n);
    return s;
}

char *rag_arena_strdup(struct rag_arena *a, const char *s)
{
    return rag_arena_strndup(a, s, strlen(s));
}

struct rag_str rag_arena_str(struct rag_arena *a, struct rag_str s)
{
    char *p = rag_arena_strndup(a, s.p, s.n);
    return (struct rag_str){p, p ? s.n : 0};
}

char *rag_arena_printf(struct rag_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = n < 0 ? NULL : rag_arena_alloc(a, (size_t)n + 1);
    if (s)
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}
