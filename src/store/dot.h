/* dot.h: dot products of many rows with one vector, as fast as the processor allows. */
#ifndef RAG_STORE_DOT_H
#define RAG_STORE_DOT_H

#include <stddef.h>

/* out[i] = rows[i * stride .. +stride] · q for n rows; rows and q are 64-byte aligned. */
typedef void rag_dot_fn(const float *rows, size_t n, size_t stride, const float *q, float *out);

/* Chosen once, by what the processor can do. */
rag_dot_fn *rag_dot_choose(void);

/* Floats from row to row for vectors of dims: whole vectors of the widest kind. */
static inline size_t rag_dot_stride(int dims)
{
    return ((size_t)dims + 15) / 16 * 16;
}

#endif
