/* kernels.h: the arithmetic of the encoder, one table of functions per instruction set. */
#ifndef RAG_ENCODER_KERNELS_H
#define RAG_ENCODER_KERNELS_H

#include <stdbool.h>

#include "base/err.h"

/* Rows that pass over a panel together, so that they stay in the second-level cache. */
enum { RAG_ROW_BLOCK = 96 };

/* c[rows][columns] = a[rows][k] * panels, plus bias, then GELU; columns are those of panels first..last-1. */
struct rag_matmul {
    const float *a;
    long a_stride; /* floats from row to row */
    int rows, k;
    const float *panels; /* as in weights.h, from panel 0 */
    int first, last;
    const float *bias; /* from column 0; NULL = none */
    bool gelu;
    float *c; /* column 0 */
    long c_stride;
};

struct rag_kernels {
    const char *isa;
    void (*matmul)(const struct rag_matmul *m);
    /* x = layer norm of x + y (y NULL: of x), n a multiple of 32. Epsilon 1e-12. */
    void (*add_norm)(float *x, const float *y, int n, const float *weight, const float *bias);
    /* x = softmax of scale * x over the first n; room for n rounded up to 32, which is overwritten. */
    void (*softmax)(float *x, int n, float scale);
};

/* isa NULL: the best that this machine has. RAG_EINVAL for an unknown name, RAG_EUNSUPPORTED for one that the
 * machine lacks. */
int rag_kernels_choose(const char *isa, const struct rag_kernels **out, struct rag_err *err);

extern const struct rag_kernels rag_kernels_portable;
#ifdef __x86_64__
extern const struct rag_kernels rag_kernels_avx2, rag_kernels_avx512;
#endif

#endif
