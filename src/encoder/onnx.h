/* onnx.h: reads the stored tensors out of an ONNX file held in memory. */
#ifndef RAG_ENCODER_ONNX_H
#define RAG_ENCODER_ONNX_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* TensorProto.DataType of the ONNX standard. */
enum rag_onnx_type { RAG_ONNX_FLOAT = 1, RAG_ONNX_UINT8 = 2, RAG_ONNX_INT8 = 3 };

enum { RAG_ONNX_MAX_RANK = 2 };

struct rag_onnx_tensor {
    struct rag_str name;
    int type; /* any DataType; only those of the enum can be read */
    int rank;
    int64_t dims[RAG_ONNX_MAX_RANK]; /* [in, out] of a matrix, [rows, columns] of a table */
    struct rag_str raw;              /* little-endian elements, when the file stores them so */
    struct rag_str varints;          /* int32_data: small integers, otherwise */
    bool external;                   /* the data is in another file */
};

struct rag_onnx {
    const char *path; /* for messages; borrowed */
    struct rag_onnx_tensor *tensors;
    size_t n;
    int heads; /* attention heads; 0 = no attention node says so */
};

/* Borrows data until rag_onnx_free. RAG_EFORMAT names path and, where one is known, the tensor. */
int rag_onnx_parse(struct rag_str data, const char *path, struct rag_onnx *out, struct rag_err *err);
void rag_onnx_free(struct rag_onnx *m);

/* NULL when the file has no such tensor. */
const struct rag_onnx_tensor *rag_onnx_find(const struct rag_onnx *m, const char *name);
/* The tensor, checked: rank dimensions d0 and d1 (0 = whatever the file says). NULL: err is filled. */
const struct rag_onnx_tensor *rag_onnx_get(const struct rag_onnx *m, const char *name, int rank, int64_t d0,
                                           int64_t d1, struct rag_err *err);
/* All elements of a float tensor that rag_onnx_get returned. Infinity and NaN are RAG_EFORMAT. */
int rag_onnx_floats(const struct rag_onnx *m, const struct rag_onnx_tensor *t, float *out,
                    struct rag_err *err);
/* All elements of a tensor of 8-bit integers. */
int rag_onnx_ints(const struct rag_onnx *m, const struct rag_onnx_tensor *t, int *out, struct rag_err *err);
/* The stored bytes of a tensor of 8-bit integers, one byte per element; NULL: err is filled. */
const uint8_t *rag_onnx_bytes(const struct rag_onnx *m, const struct rag_onnx_tensor *t,
                              enum rag_onnx_type type, struct rag_err *err);
size_t rag_onnx_count(const struct rag_onnx_tensor *t);

#endif
