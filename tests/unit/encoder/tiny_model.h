/* tiny_model.h: a small encoder with random weights, in the format of the real one, made by the tests
 * themselves. */
#ifndef TINY_MODEL_H
#define TINY_MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/limits.h"

enum {
    TINY_LAYERS = 2,
    TINY_DIMS = 64,
    TINY_HEADS = 2,
    TINY_FF = 160,
    TINY_POSITIONS = 512,
    TINY_WORDS = 40
};

static uint32_t tiny_seed = 1;

static uint32_t tiny_random(void)
{
    tiny_seed = tiny_seed * 1664525u + 1013904223u;
    return tiny_seed >> 8;
}

/* Evenly from -1 to 1. */
static float tiny_uniform(void)
{
    return (float)tiny_random() / (float)(1 << 23) - 1;
}

/* ---- protocol buffers */

static void put_varint(struct rag_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        rag_buf_addc(b, (char)(v | 0x80));
    rag_buf_addc(b, (char)v);
}

static void put_number(struct rag_buf *b, int field, uint64_t v)
{
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, v);
}

static void put_bytes(struct rag_buf *b, int field, const void *p, size_t n)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, n);
    rag_buf_add(b, p, n);
}

/* ---- tensors; type 1 = float, 2 = uint8, 3 = int8. Data goes to `field` of TensorProto. */

static void put_tensor(struct rag_buf *graph, const char *name, int type, int rank, const int *dims,
                       int field, const void *data, size_t n)
{
    struct rag_buf t;
    rag_buf_init(&t, RAG_LIMIT_MODEL_FILE);
    for (int i = 0; i < rank; i++)
        put_number(&t, 1, (uint64_t)dims[i]);
    put_number(&t, 2, (uint64_t)type);
    put_bytes(&t, 8, name, strlen(name));
    put_bytes(&t, field, data, n);
    put_bytes(graph, 5, t.p, t.n);
    rag_buf_free(&t);
}

static void put_floats(struct rag_buf *graph, const char *name, int rank, int n, float middle, float spread)
{
    float *v = malloc((size_t)n * sizeof *v);
    for (int i = 0; i < n; i++)
        v[i] = middle + spread * tiny_uniform();
    /* scales are float_data (4), the rest raw_data (9), as in the real file */
    put_tensor(graph, name, 1, rank, &n, strstr(name, "_scale") ? 4 : 9, v, (size_t)n * sizeof *v);
    free(v);
}

static void put_zero_points(struct rag_buf *graph, const char *name, int type, int rank, int n)
{
    struct rag_buf v;
    rag_buf_init(&v, RAG_LIMIT_MODEL_FILE);
    for (int i = 0; i < n; i++) /* small around 0, around 128 for the unsigned tables */
        put_varint(&v, (uint64_t)(int64_t)((int)(tiny_random() % 7) - 3 + (type == 2 ? 128 : 0)));
    put_tensor(graph, name, type, rank, &n, 5, v.p, v.n);
    rag_buf_free(&v);
}

static void put_quantised(struct rag_buf *graph, const char *base, int type, int rows, int columns,
                          float scale)
{
    char name[128];
    const size_t n = (size_t)rows * (size_t)columns;
    uint8_t *q = malloc(n);
    for (size_t i = 0; i < n; i++)
        q[i] = (uint8_t)tiny_random();
    snprintf(name, sizeof name, "%s_quantized", base);
    put_tensor(graph, name, type, 2, (int[]){rows, columns}, 9, q, n);
    free(q);
    const int rank = type == 3, scales = rank ? columns : 1; /* matrices have one scale per column */
    snprintf(name, sizeof name, "%s_scale", base);
    put_floats(graph, name, rank, scales, scale, scale / 4);
    snprintf(name, sizeof name, "%s_zero_point", base);
    put_zero_points(graph, name, type, rank, scales);
}

static void put_linear(struct rag_buf *graph, int layer, const char *part, int in, int out)
{
    char name[128];
    snprintf(name, sizeof name, "model.layers.%d.%s.MatMul.weight", layer, part);
    put_quantised(graph, name, 3, in, out, 0.002f);
    snprintf(name, sizeof name, "model.layers.%d.%s.Add.bias", layer, part);
    put_floats(graph, name, 1, out, 0, 0.3f);
}

static void put_norm(struct rag_buf *graph, int layer, const char *part)
{
    char name[128];
    snprintf(name, sizeof name, "model.layers.%d.%s_layernorm.weight", layer, part);
    put_floats(graph, name, 1, TINY_DIMS, 1, 0.5f);
    snprintf(name, sizeof name, "model.layers.%d.%s_layernorm.bias", layer, part);
    put_floats(graph, name, 1, TINY_DIMS, 0, 0.3f);
}

static void put_heads(struct rag_buf *graph)
{
    struct rag_buf attribute, node;
    rag_buf_init(&attribute, 1024);
    rag_buf_init(&node, 1024);
    put_bytes(&attribute, 1, "num_heads", 9);
    put_number(&attribute, 3, TINY_HEADS);
    put_number(&attribute, 20, 2);
    put_bytes(&node, 4, "MultiHeadAttention", 18);
    put_bytes(&node, 5, attribute.p, attribute.n);
    put_bytes(graph, 1, node.p, node.n);
    rag_buf_free(&attribute);
    rag_buf_free(&node);
}

/* Appends the ONNX file. The same bytes every time. */
static void tiny_onnx(struct rag_buf *out)
{
    static const char *const attention[] = {"attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.o_proj"};
    struct rag_buf graph;
    rag_buf_init(&graph, RAG_LIMIT_MODEL_FILE);
    tiny_seed = 1;
    put_heads(&graph);
    put_quantised(&graph, ".model.embeddings.word_embeddings.weight", 2, TINY_WORDS, TINY_DIMS, 0.01f);
    put_quantised(&graph, ".model.embeddings.position_embeddings.weight", 2, TINY_POSITIONS, TINY_DIMS,
                  0.01f);
    put_quantised(&graph, ".model.embeddings.token_type_embeddings.weight", 2, 2, TINY_DIMS, 0.01f);
    put_norm(&graph, -1, "embeddings_norm");
    for (int i = 0; i < TINY_LAYERS; i++) {
        for (int j = 0; j < 4; j++)
            put_linear(&graph, i, attention[j], TINY_DIMS, TINY_DIMS);
        put_norm(&graph, i, "attention_output_norm");
        put_linear(&graph, i, "mlp.fc1", TINY_DIMS, TINY_FF);
        put_linear(&graph, i, "mlp.fc2", TINY_FF, TINY_DIMS);
        put_norm(&graph, i, "mlp_output_norm");
    }
    put_number(out, 1, 10); /* IR version */
    put_bytes(out, 7, graph.p, graph.n);
    rag_buf_free(&graph);
}

/* Appends a tokenizer.json: [PAD] [UNK] [CLS] [SEP], the letters a to z, a few Chinese characters. */
static void tiny_tokenizer(struct rag_buf *out)
{
    static const char *const chinese[] = {"中", "文", "你", "好", "世", "界", "检", "索", "，", "。"};
    rag_buf_adds(
        out, "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3");
    for (int i = 0; i < 26; i++)
        rag_buf_printf(out, ",\"%c\":%d", 'a' + i, 4 + i);
    for (int i = 0; i < 10; i++)
        rag_buf_printf(out, ",\"%s\":%d", chinese[i], 30 + i);
    rag_buf_adds(out, "}}}");
}

/* Writes both files into dir (created). */
__attribute__((unused)) static void tiny_write(const char *dir)
{
    char path[512];
    struct rag_buf b;
    rag_buf_init(&b, RAG_LIMIT_MODEL_FILE);
    rag_fs_mkdirs(dir, NULL);
    tiny_onnx(&b);
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    rag_fs_write_durable(path, b.p, b.n, NULL);
    rag_buf_reset(&b);
    tiny_tokenizer(&b);
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    rag_fs_write_durable(path, b.p, b.n, NULL);
    rag_buf_free(&b);
}

#endif
