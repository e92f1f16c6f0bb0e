/* arena.h: memory of one request or one document: many allocations, one free. Not thread-safe. */
#ifndef RAG_BASE_ARENA_H
#define RAG_BASE_ARENA_H

#include "base/str.h"

struct rag_arena_block;
struct rag_arena {
    struct rag_arena_block *head; /* newest block first */
    size_t used;                  /* bytes handed out */
    size_t max;                   /* refuses beyond this many bytes */
};

/* An arena is usable when zeroed (max then is RAG_LIMIT_ARENA). */
void rag_arena_init(struct rag_arena *a, size_t max);
void rag_arena_free(struct rag_arena *a);

/* 16-byte aligned and zeroed; NULL when the arena's maximum or the memory is exhausted. n = 0 gives a valid
 * pointer. */
void *rag_arena_alloc(struct rag_arena *a, size_t n);
/* count*size with overflow check. */
void *rag_arena_array(struct rag_arena *a, size_t count, size_t size);
/* NUL-terminated copies. */
char *rag_arena_strndup(struct rag_arena *a, const char *p, size_t n);
char *rag_arena_strdup(struct rag_arena *a, const char *s);
struct rag_str rag_arena_str(struct rag_arena *a, struct rag_str s);
char *rag_arena_printf(struct rag_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
