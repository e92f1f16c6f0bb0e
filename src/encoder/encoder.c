/* encoder.c: opens a model folder and turns texts into vectors. */
#include "encoder/encoder.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "encoder/pool.h"
#include "encoder/wordpiece.h"

enum { SPECIAL_TOKENS = 2 /* [CLS] and [SEP] */ };

/* Goes into the fingerprint: vectors made by another rule must not be compared with ours. */
static const char pooling_rule[] = "pai_rag encoder 1: lower case; first token; unit length";

struct rag_encoder {
    struct rag_model model;
    struct rag_wordpiece *tokenizer;
    struct rag_pool *pool;
    char fingerprint[65];
};

/* ---- opening */

static int load_weights(struct rag_encoder *e, const char *path, struct rag_sha256 *hash, struct rag_err *err)
{
    struct rag_buf file;
    struct rag_onnx onnx = {0};
    rag_buf_init(&file, RAG_LIMIT_MODEL_FILE);
    /* Read rather than mapped: a model folder on a network mount that fails or shrinks must not kill the
     * server with SIGBUS. */
    int rc = rag_fs_read(path, &file, err);
    if (rc == 0)
        rc = rag_onnx_parse(rag_buf_str(&file), path, &onnx, err);
    if (rc == 0)
        rc = rag_weights_load(&onnx, &e->model.weights, err);
    if (rc == 0)
        rag_sha256_add(hash, file.p, file.n);
    rag_onnx_free(&onnx);
    rag_buf_free(&file);
    return rc;
}

static int load_tokenizer(struct rag_encoder *e, const char *path, struct rag_sha256 *hash,
                          struct rag_err *err)
{
    struct rag_buf file;
    rag_buf_init(&file, RAG_LIMIT_MODEL_FILE);
    int rc = rag_fs_read(path, &file, err);
    if (rc == 0)
        rc = rag_wordpiece_open(rag_buf_str(&file), path, &e->tokenizer, err);
    if (rc == 0)
        rag_sha256_add(hash, file.p, file.n);
    rag_buf_free(&file);
    if (rc == 0 && rag_wordpiece_last(e->tokenizer) >= e->model.weights.vocabulary)
        rc = rag_err_set(
            err, RAG_EFORMAT,
            "%s numbers its tokens up to %d, but the model has %d word vectors: they do not belong "
            "together",
            path, rag_wordpiece_last(e->tokenizer), e->model.weights.vocabulary);
    return rc;
}

static int load(struct rag_encoder *e, const char *dir, struct rag_err *err)
{
    char path[PATH_MAX];
    struct rag_sha256 hash;
    rag_sha256_init(&hash);
    rag_sha256_add(&hash, pooling_rule, sizeof pooling_rule);
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    if (!rag_fs_exists(path))
        snprintf(path, sizeof path, "%s/model_merged.onnx", dir);
    int rc = load_weights(e, path, &hash, err);
    if (rc)
        return rc;
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    rc = load_tokenizer(e, path, &hash, err);
    rag_sha256_hex(&hash, e->fingerprint);
    return rc;
}

int rag_encoder_open(const char *dir, const struct rag_encoder_opts *opts, struct rag_encoder **out,
                     struct rag_err *err)
{
    *out = NULL;
    struct rag_encoder *e = calloc(1, sizeof *e);
    if (!e)
        return rag_err_set(err, RAG_ENOMEM, "out of memory for the encoder");
    int rc = rag_kernels_choose(opts ? opts->isa : NULL, &e->model.kernels, err);
    if (rc == 0)
        rc = load(e, dir, err);
    if (rc == 0)
        rc = rag_pool_open(&e->model, opts ? opts->threads : 0, &e->pool, err);
    if (rc)
        rag_encoder_close(e);
    else
        *out = e;
    return rc;
}

void rag_encoder_close(struct rag_encoder *e)
{
    if (!e)
        return;
    rag_pool_close(e->pool);
    rag_wordpiece_close(e->tokenizer);
    rag_weights_free(&e->model.weights);
    free(e);
}

int rag_encoder_dims(const struct rag_encoder *e)
{
    return e->model.weights.dims;
}

int rag_encoder_window(const struct rag_encoder *e)
{
    return e->model.weights.positions - SPECIAL_TOKENS;
}

const char *rag_encoder_fingerprint(const struct rag_encoder *e)
{
    return e->fingerprint;
}

int rag_encoder_count_tokens(const struct rag_encoder *e, struct rag_str text)
{
    const size_t n = rag_wordpiece_encode(e->tokenizer, text, NULL, 0);
    return n > INT_MAX ? INT_MAX : (int)n;
}

/* ---- embedding */

/* The token numbers of all texts, behind each other. */
struct tokens {
    int *ids;
    size_t n, cap;
};

static int *reserve(struct tokens *t, size_t n)
{
    if (t->n + n > t->cap) {
        const size_t cap = 2 * t->cap + n;
        int *p = realloc(t->ids, cap * sizeof *p);
        if (!p)
            return NULL;
        t->ids = p;
        t->cap = cap;
    }
    return t->ids + t->n;
}

/* Adds text number i of n; its length with special tokens goes to *len. */
static int tokenize(const struct rag_encoder *e, struct rag_str text, size_t i, size_t n, struct tokens *t,
                    int *len, struct rag_err *err)
{
    const size_t window = (size_t)rag_encoder_window(e);
    int *ids = reserve(t, window + SPECIAL_TOKENS);
    if (!ids)
        return rag_err_set(err, RAG_ENOMEM, "out of memory for the tokens of %zu texts", n);
    const size_t found = rag_wordpiece_encode(e->tokenizer, text, ids + 1, window);
    if (found > window)
        return rag_err_set(
            err, RAG_EINVAL,
            "text %zu of %zu has %zu tokens, the embedding model takes %zu; split it into smaller "
            "parts",
            i + 1, n, found, window);
    ids[0] = rag_wordpiece_cls(e->tokenizer);
    ids[found + 1] = rag_wordpiece_sep(e->tokenizer);
    *len = (int)found + SPECIAL_TOKENS;
    t->n += found + SPECIAL_TOKENS;
    return 0;
}

int rag_encoder_embed(struct rag_encoder *e, const struct rag_str *texts, size_t n,
                      enum rag_encoder_priority prio, float *out, int *tokens,
                      void (*progress)(void *ud, size_t done), void *ud, struct rag_err *err)
{
    struct tokens t = {0};
    int rc = 0;
    struct rag_seq *seqs = calloc(n ? n : 1, sizeof *seqs);
    if (!seqs)
        return rag_err_set(err, RAG_ENOMEM, "out of memory for %zu texts", n);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = tokenize(e, texts[i], i, n, &t, &seqs[i].len, err);
    if (rc)
        goto out;
    const int *ids = t.ids;
    for (size_t i = 0; i < n; i++) { /* only now, because the array may have moved */
        seqs[i].ids = ids;
        seqs[i].out = out + i * (size_t)e->model.weights.dims;
        ids += seqs[i].len;
    }
    rag_pool_run(e->pool, prio, seqs, n, progress, ud);
    if (tokens)
        *tokens = t.n > INT_MAX ? INT_MAX : (int)t.n;
out:
    free(seqs);
    free(t.ids);
    return rc;
}
