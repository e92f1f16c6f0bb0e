/* weights.h: the encoder's numbers in memory, dequantised and laid out for the kernels. */
#ifndef RAG_ENCODER_WEIGHTS_H
#define RAG_ENCODER_WEIGHTS_H

#include <stdint.h>

#include "encoder/onnx.h"

/* Matrices are stored as panels of this many output columns: panels[column / 32][in][column % 32], so that a
 * kernel reads them from front to back. Every dimension is a multiple of it. */
enum { RAG_PANEL = 32 };

/* y[out] = x[in] * matrix + bias */
struct rag_linear {
    int in, out;
    float *panels; /* 64-byte aligned */
    float *bias;   /* [out] */
};

struct rag_norm {
    float *weight, *bias; /* [dims] */
};

struct rag_layer {
    struct rag_linear qkv; /* queries, keys, values side by side: out = 3 * dims */
    struct rag_linear attention_out;
    struct rag_norm attention_norm;
    struct rag_linear up, down;
    struct rag_norm output_norm;
};

struct rag_weights {
    int dims, heads, ff, vocabulary, positions, layers;
    uint8_t *words; /* [vocabulary][dims]: value = (byte - word_zero) * word_scale */
    float word_scale;
    int word_zero;
    float *places; /* [positions][dims]: position plus token type 0 */
    struct rag_norm embedding_norm;
    struct rag_layer *layer;
    float *slab; /* all floats above */
};

/* Copies what it needs: m may be freed afterwards. RAG_EFORMAT names file and tensor. */
int rag_weights_load(const struct rag_onnx *m, struct rag_weights *out, struct rag_err *err);
void rag_weights_free(struct rag_weights *w);

#endif
