/* weights.c: finds the tensors of a BERT encoder by name, checks, dequantises and packs them.
 *
 * The names are those of ONNX Runtime's model builder with dynamic int8 quantisation: a matrix X is
 * X_quantized (int8, [in][out]) with one scale and zero point per output column; a table has one of each. */
#include "encoder/weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Beyond any BERT; they keep sizes computed from a damaged file far from overflow. */
enum { MAX_LAYERS = 64, MAX_DIMS = 8192, MAX_FF = 32768, MAX_POSITIONS = 65536, MAX_ROWS = 1 << 20 };

enum { NAME_CAP = 128, HUGE_PAGE = 2 << 20 };

struct loader {
    const struct rag_onnx *m;
    struct rag_weights *w;
    size_t used, capacity; /* floats of the slab */
    struct rag_err *err;
};

/* 64-byte aligned piece of the slab, whose size is known from the shapes. */
static float *carve(struct loader *l, size_t n)
{
    float *p = l->w->slab + l->used;
    l->used += (n + 15) / 16 * 16;
    return l->used <= l->capacity ? p : NULL;
}

/* ---- single tensors */

/* rag_onnx_get of a formatted name. */
__attribute__((format(printf, 5, 6))) static const struct rag_onnx_tensor *
get(struct loader *l, int rank, int64_t d0, int64_t d1, const char *fmt, ...)
{
    char name[NAME_CAP];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    return rag_onnx_get(l->m, name, rank, d0, d1, l->err);
}

/* A vector of n floats, put at out. */
static int read_floats(struct loader *l, const struct rag_onnx_tensor *t, float *out)
{
    if (!t)
        return RAG_EFORMAT;
    return out ? rag_onnx_floats(l->m, t, out, l->err) : RAG_EINTERNAL;
}

static int read_ints(struct loader *l, const struct rag_onnx_tensor *t, int *out)
{
    return t ? rag_onnx_ints(l->m, t, out, l->err) : RAG_EFORMAT;
}

/* A table of uint8 with one scale and zero point. */
struct table {
    const uint8_t *bytes;
    int64_t rows, columns;
    float scale;
    int zero;
};

static int read_table(struct loader *l, const char *name, int64_t columns, struct table *out)
{
    const struct rag_onnx_tensor *t = get(l, 2, 0, columns, ".model.embeddings.%s.weight_quantized", name);
    if (!t)
        return RAG_EFORMAT;
    out->rows = t->dims[0];
    out->columns = t->dims[1];
    out->bytes = rag_onnx_bytes(l->m, t, RAG_ONNX_UINT8, l->err);
    if (!out->bytes)
        return RAG_EFORMAT;
    int rc = read_floats(l, get(l, 0, 0, 0, ".model.embeddings.%s.weight_scale", name), &out->scale);
    if (rc == 0)
        rc = read_ints(l, get(l, 0, 0, 0, ".model.embeddings.%s.weight_zero_point", name), &out->zero);
    return rc;
}

/* ---- matrices */

/* Dequantises q [in][out] into panels. */
static void pack(const int8_t *q, const float *scale, const int *zero, int in, int out, float *panels)
{
    for (int p = 0; p < out / RAG_PANEL; p++) {
        const float *s = scale + p * RAG_PANEL;
        const int *z = zero + p * RAG_PANEL;
        for (int k = 0; k < in; k++, panels += RAG_PANEL) {
            const int8_t *row = q + (size_t)k * (size_t)out + (size_t)p * RAG_PANEL;
            for (int c = 0; c < RAG_PANEL; c++)
                panels[c] = (float)(row[c] - z[c]) * s[c];
        }
    }
}

static int read_matrix(struct loader *l, int layer, const char *name, int in, int out, float *panels)
{
    const uint8_t *q = NULL;
    float *scale = malloc((size_t)out * sizeof *scale);
    int *zero = malloc((size_t)out * sizeof *zero);
    int rc =
        scale && zero ? 0 : rag_err_set(l->err, RAG_ENOMEM, "out of memory while reading %s", l->m->path);
    if (rc == 0)
        rc = read_floats(l, get(l, 1, out, 0, "model.layers.%d.%s.MatMul.weight_scale", layer, name), scale);
    if (rc == 0)
        rc =
            read_ints(l, get(l, 1, out, 0, "model.layers.%d.%s.MatMul.weight_zero_point", layer, name), zero);
    if (rc == 0) {
        const struct rag_onnx_tensor *t =
            get(l, 2, in, out, "model.layers.%d.%s.MatMul.weight_quantized", layer, name);
        q = t ? rag_onnx_bytes(l->m, t, RAG_ONNX_INT8, l->err) : NULL;
        rc = q ? 0 : RAG_EFORMAT;
    }
    if (rc == 0)
        pack((const int8_t *)q, scale, zero, in, out, panels);
    free(scale);
    free(zero);
    return rc;
}

/* n matrices of the same shape side by side, as one linear map. */
static int read_linear(struct loader *l, int layer, const char *const *names, int n, int in, int out,
                       struct rag_linear *to)
{
    const size_t size = (size_t)in * (size_t)out;
    *to = (struct rag_linear){.in = in, .out = out * n};
    to->panels = carve(l, size * (size_t)n);
    to->bias = carve(l, (size_t)to->out);
    int rc = to->panels && to->bias ? 0 : RAG_EINTERNAL;
    for (int i = 0; rc == 0 && i < n; i++) {
        rc = read_matrix(l, layer, names[i], in, out, to->panels + (size_t)i * size);
        if (rc == 0)
            rc = read_floats(l, get(l, 1, out, 0, "model.layers.%d.%s.Add.bias", layer, names[i]),
                             to->bias + (size_t)i * (size_t)out);
    }
    return rc;
}

static int read_norm(struct loader *l, int layer, const char *name, struct rag_norm *to)
{
    const int dims = l->w->dims;
    to->weight = carve(l, (size_t)dims);
    to->bias = carve(l, (size_t)dims);
    int rc =
        read_floats(l, get(l, 1, dims, 0, "model.layers.%d.%s_layernorm.weight", layer, name), to->weight);
    if (rc == 0)
        rc = read_floats(l, get(l, 1, dims, 0, "model.layers.%d.%s_layernorm.bias", layer, name), to->bias);
    return rc;
}

static int read_layer(struct loader *l, int i)
{
    static const char *const qkv[] = {"attn.q_proj", "attn.k_proj", "attn.v_proj"};
    static const char *const attention_out[] = {"attn.o_proj"}, *const up[] = {"mlp.fc1"},
                             *const down[] = {"mlp.fc2"};
    const int dims = l->w->dims, ff = l->w->ff;
    struct rag_layer *to = &l->w->layer[i];
    int rc = read_linear(l, i, qkv, 3, dims, dims, &to->qkv);
    if (rc == 0)
        rc = read_linear(l, i, attention_out, 1, dims, dims, &to->attention_out);
    if (rc == 0)
        rc = read_norm(l, i, "attention_output_norm", &to->attention_norm);
    if (rc == 0)
        rc = read_linear(l, i, up, 1, dims, ff, &to->up);
    if (rc == 0)
        rc = read_linear(l, i, down, 1, ff, dims, &to->down);
    if (rc == 0)
        rc = read_norm(l, i, "mlp_output_norm", &to->output_norm);
    return rc;
}

/* ---- the whole */

static int count_layers(const struct rag_onnx *m)
{
    for (int i = 0; i <= MAX_LAYERS; i++) {
        char name[NAME_CAP];
        snprintf(name, sizeof name, "model.layers.%d.attn.q_proj.MatMul.weight_quantized", i);
        if (!rag_onnx_find(m, name))
            return i;
    }
    return MAX_LAYERS + 1;
}

static int check_shape(const struct rag_onnx *m, const struct rag_weights *w, struct rag_err *err)
{
    if (w->layers < 1 || w->layers > MAX_LAYERS)
        return rag_err_set(err, RAG_EFORMAT, "%s has %d layers of the expected names, expected 1 to %d",
                           m->path, w->layers, MAX_LAYERS);
    if (w->dims % RAG_PANEL || w->ff % RAG_PANEL)
        return rag_err_set(err, RAG_EFORMAT,
                           "%s has %d dimensions and %d feed-forward units, expected multiples of %d",
                           m->path, w->dims, w->ff, RAG_PANEL);
    if (w->heads < 1 || w->dims % w->heads || w->dims / w->heads % RAG_PANEL)
        return rag_err_set(err, RAG_EFORMAT,
                           "%s has %d dimensions in %d attention heads, expected heads of a multiple of %d",
                           m->path, w->dims, w->heads, RAG_PANEL);
    return 0;
}

/* Dimensions from the tables, so that everything after can be checked against them. */
static int read_shape(struct loader *l, struct table *words, struct table *positions, struct table *types)
{
    struct rag_weights *w = l->w;
    if (read_table(l, "word_embeddings", 0, words) ||
        read_table(l, "position_embeddings", words->columns, positions) ||
        read_table(l, "token_type_embeddings", words->columns, types))
        return RAG_EFORMAT;
    const struct rag_onnx_tensor *up =
        get(l, 2, words->columns, 0, "model.layers.0.mlp.fc1.MatMul.weight_quantized");
    if (!up)
        return RAG_EFORMAT;
    if (words->columns > MAX_DIMS || up->dims[1] > MAX_FF || positions->rows > MAX_POSITIONS ||
        words->rows > MAX_ROWS || positions->rows < 3)
        return rag_err_set(l->err, RAG_EFORMAT, "%s: the shape of the model is out of range", l->m->path);
    w->dims = (int)words->columns;
    w->ff = (int)up->dims[1];
    w->vocabulary = (int)words->rows;
    w->positions = (int)positions->rows;
    w->heads = l->m->heads;
    w->layers = count_layers(l->m);
    return check_shape(l->m, w, l->err);
}

static size_t slab_floats(const struct rag_weights *w)
{
    const size_t d = (size_t)w->dims, f = (size_t)w->ff;
    const size_t layer = 4 * d * d + 2 * d * f + 9 * d + f; /* matrices; 5 biases of d, 1 of f; 2 norms */
    return (size_t)w->layers * layer + (size_t)w->positions * d + 2 * d;
}

static int allocate(struct loader *l, const struct table *words)
{
    struct rag_weights *w = l->w;
    const size_t bytes = (slab_floats(w) * sizeof(float) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    const size_t table = (size_t)words->rows * (size_t)words->columns;
    w->slab = aligned_alloc(HUGE_PAGE, bytes);
    w->words = malloc(table);
    w->layer = calloc((size_t)w->layers, sizeof *w->layer);
    if (!w->slab || !w->words || !w->layer)
        return rag_err_set(l->err, RAG_ENOMEM, "out of memory: %s needs %zu MiB", l->m->path,
                           (bytes + table) >> 20);
    /* Every query reads all of the slab: fewer TLB misses. Only a hint, so a failure does not matter. */
    madvise(w->slab, bytes, MADV_HUGEPAGE);
    l->capacity = bytes / sizeof(float);
    return 0;
}

static float value_of(const struct table *t, size_t i)
{
    return (float)(t->bytes[i] - t->zero) * t->scale;
}

static int read_embeddings(struct loader *l, const struct table *words, const struct table *positions,
                           const struct table *types)
{
    struct rag_weights *w = l->w;
    const size_t dims = (size_t)w->dims, places = (size_t)w->positions * dims;
    memcpy(w->words, words->bytes, (size_t)w->vocabulary * dims);
    w->word_scale = words->scale;
    w->word_zero = words->zero;
    w->places = carve(l, places);
    if (!w->places)
        return RAG_EINTERNAL;
    for (size_t i = 0; i < places; i++)
        w->places[i] = value_of(positions, i) + value_of(types, i % dims);
    return read_norm(l, -1, "embeddings_norm", &w->embedding_norm);
}

int rag_weights_load(const struct rag_onnx *m, struct rag_weights *out, struct rag_err *err)
{
    struct table words, positions, types;
    struct loader l = {.m = m, .w = out, .err = err};
    *out = (struct rag_weights){0};
    int rc = read_shape(&l, &words, &positions, &types);
    if (rc == 0)
        rc = allocate(&l, &words);
    if (rc == 0)
        rc = read_embeddings(&l, &words, &positions, &types);
    for (int i = 0; rc == 0 && i < out->layers; i++)
        rc = read_layer(&l, i);
    if (rc == RAG_EINTERNAL)
        rag_err_set(err, rc, "the weights of %s do not fit the room computed for them", m->path);
    if (rc)
        rag_weights_free(out);
    return rc;
}

void rag_weights_free(struct rag_weights *w)
{
    if (!w)
        return;
    free(w->slab);
    free(w->words);
    free(w->layer);
    *w = (struct rag_weights){0};
}
