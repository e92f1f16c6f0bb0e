/* reference.h: the encoder once more, in double precision and as plainly as it can be written: what tests
 * compare with.
 *
 * It shares the ONNX reader with the program (which test_onnx.c checks), and nothing else. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "encoder/onnx.h"

struct ref_model {
    const struct rag_onnx *onnx;
    int dims, heads, layers;
};

static float *ref_floats(const struct ref_model *m, const char *fmt, ...)
{
    char name[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    const struct rag_onnx_tensor *t = rag_onnx_find(m->onnx, name);
    float *out = malloc(rag_onnx_count(t) * sizeof *out);
    if (rag_onnx_floats(m->onnx, t, out, NULL))
        abort();
    return out;
}

/* The stored weights as floats, (q - zero) * scale, with one scale for all or one per column. */
static float *ref_weights(const struct ref_model *m, const char *base, int *columns)
{
    char name[160];
    snprintf(name, sizeof name, "%s_quantized", base);
    const struct rag_onnx_tensor *t = rag_onnx_find(m->onnx, name);
    snprintf(name, sizeof name, "%s_zero_point", base);
    const struct rag_onnx_tensor *z = rag_onnx_find(m->onnx, name);
    const size_t n = rag_onnx_count(t), scales = rag_onnx_count(z);
    int *q = malloc(n * sizeof *q), *zero = malloc(scales * sizeof *zero);
    float *scale = ref_floats(m, "%s_scale", base), *out = malloc(n * sizeof *out);
    if (rag_onnx_ints(m->onnx, t, q, NULL) || rag_onnx_ints(m->onnx, z, zero, NULL))
        abort();
    for (size_t i = 0; i < n; i++) {
        const size_t column = scales > 1 ? i % scales : 0;
        out[i] = (float)(q[i] - zero[column]) * scale[column];
    }
    *columns = (int)t->dims[1];
    free(q);
    free(zero);
    free(scale);
    return out;
}

/* gcc's -O2 leaves this loop scalar, which makes the tests slow; clang's does not. */
#if defined __GNUC__ && !defined __clang__
__attribute__((optimize("O3")))
#endif
static void
ref_add_scaled(double *restrict to, const float *restrict row, double by, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += by * (double)row[i];
}

/* Returns x[rows][in] * W + b as new array [rows][*out]. */
static double *ref_linear(const struct ref_model *m, int layer, const char *part, const double *x, int rows,
                          int in, int *out)
{
    char base[160];
    snprintf(base, sizeof base, "model.layers.%d.%s.MatMul.weight", layer, part);
    float *w = ref_weights(m, base, out), *b = ref_floats(m, "model.layers.%d.%s.Add.bias", layer, part);
    const int n = *out;
    double *y = malloc((size_t)rows * (size_t)n * sizeof *y);
    for (int r = 0; r < rows; r++) {
        double *to = y + (size_t)r * (size_t)n;
        for (int i = 0; i < n; i++)
            to[i] = b[i];
        for (int k = 0; k < in; k++)
            ref_add_scaled(to, w + (size_t)k * (size_t)n, x[(size_t)r * (size_t)in + (size_t)k], n);
    }
    free(w);
    free(b);
    return y;
}

/* x = norm(x + y) */
static void ref_add_norm(const struct ref_model *m, int layer, const char *part, double *x, const double *y,
                         int rows)
{
    float *w = ref_floats(m, "model.layers.%d.%s_layernorm.weight", layer, part);
    float *b = ref_floats(m, "model.layers.%d.%s_layernorm.bias", layer, part);
    const int n = m->dims;
    for (int r = 0; r < rows; r++, x += n) {
        double mean = 0, variance = 0;
        for (int i = 0; i < n; i++)
            mean += (x[i] += y ? y[(size_t)r * (size_t)n + (size_t)i] : 0) / n;
        for (int i = 0; i < n; i++)
            variance += (x[i] - mean) * (x[i] - mean) / n;
        for (int i = 0; i < n; i++)
            x[i] = (x[i] - mean) / sqrt(variance + 1e-12) * w[i] + b[i];
    }
    free(w);
    free(b);
}

static double *ref_attention(const struct ref_model *m, const double *q, const double *k, const double *v,
                             int len)
{
    const int n = m->dims, head = n / m->heads;
    double *out = calloc((size_t)len * (size_t)n, sizeof *out), *p = malloc((size_t)len * sizeof *p);
    for (int h = 0; h < n; h += head) {
        for (int i = 0; i < len; i++) {
            double max = -INFINITY, sum = 0;
            for (int j = 0; j < len; j++) {
                p[j] = 0;
                for (int d = h; d < h + head; d++)
                    p[j] += q[i * n + d] * k[j * n + d] / sqrt(head);
                max = fmax(max, p[j]);
            }
            for (int j = 0; j < len; j++)
                sum += p[j] = exp(p[j] - max);
            for (int j = 0; j < len; j++) {
                for (int d = h; d < h + head; d++)
                    out[i * n + d] += p[j] / sum * v[j * n + d];
            }
        }
    }
    free(p);
    return out;
}

static void ref_layer(const struct ref_model *m, int l, double *x, int len)
{
    int n = m->dims, ff;
    double *q = ref_linear(m, l, "attn.q_proj", x, len, n, &n),
           *k = ref_linear(m, l, "attn.k_proj", x, len, n, &n);
    double *v = ref_linear(m, l, "attn.v_proj", x, len, n, &n), *mixed = ref_attention(m, q, k, v, len);
    double *y = ref_linear(m, l, "attn.o_proj", mixed, len, n, &n);
    ref_add_norm(m, l, "attention_output_norm", x, y, len);
    double *up = ref_linear(m, l, "mlp.fc1", x, len, n, &ff);
    for (int i = 0; i < len * ff; i++)
        up[i] = up[i] / 2 * (1 + erf(up[i] / sqrt(2)));
    double *down = ref_linear(m, l, "mlp.fc2", up, len, ff, &n);
    ref_add_norm(m, l, "mlp_output_norm", x, down, len);
    free(q), free(k), free(v), free(mixed), free(y), free(up), free(down);
}

/* out: dims doubles, unit length. ids include the special tokens. */
static void ref_embed(const struct ref_model *m, const int *ids, int len, double *out)
{
    int n;
    float *words = ref_weights(m, ".model.embeddings.word_embeddings.weight", &n);
    float *places = ref_weights(m, ".model.embeddings.position_embeddings.weight", &n);
    float *types = ref_weights(m, ".model.embeddings.token_type_embeddings.weight", &n);
    double *x = malloc((size_t)len * (size_t)n * sizeof *x), squares = 0;
    for (int r = 0; r < len; r++) {
        for (int i = 0; i < n; i++)
            x[r * n + i] =
                (double)words[(size_t)ids[r] * (size_t)n + (size_t)i] + places[r * n + i] + types[i];
    }
    ref_add_norm(m, -1, "embeddings_norm", x, NULL, len);
    for (int l = 0; l < m->layers; l++)
        ref_layer(m, l, x, len);
    for (int i = 0; i < n; i++)
        squares += x[i] * x[i];
    for (int i = 0; i < n; i++)
        out[i] = x[i] / sqrt(squares);
    free(words), free(places), free(types), free(x);
}

#endif
