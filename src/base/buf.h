/* buf.h: growable byte buffer with a mandatory maximum; errors are sticky, so that only the end is checked.
 */
#ifndef RAG_BASE_BUF_H
#define RAG_BASE_BUF_H

#include "base/str.h"

struct rag_buf {
    char *p; /* NUL-terminated whenever it is not NULL */
    size_t n, cap, max;
    int err; /* 0, RAG_ETOOBIG or RAG_ENOMEM: once set, later adds do nothing */
};

void rag_buf_init(struct rag_buf *b, size_t max);
void rag_buf_free(struct rag_buf *b);
/* Empties it, keeps the memory, clears the error. */
void rag_buf_reset(struct rag_buf *b);
/* All return b->err. */
int rag_buf_add(struct rag_buf *b, const void *p, size_t n);
int rag_buf_adds(struct rag_buf *b, const char *cstr);
int rag_buf_addstr(struct rag_buf *b, struct rag_str s);
int rag_buf_addc(struct rag_buf *b, char c);
int rag_buf_printf(struct rag_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Makes room for n more bytes and returns where they go (NULL on error); the caller then adds to b->n. */
void *rag_buf_reserve(struct rag_buf *b, size_t n);
/* Removes the first n bytes. */
void rag_buf_consume(struct rag_buf *b, size_t n);
static inline struct rag_str rag_buf_str(const struct rag_buf *b)
{
    return (struct rag_str){b->p ? b->p : "", b->n};
}

#endif
