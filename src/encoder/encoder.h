/* encoder.h: our own transformer encoder: text in, unit vectors out. One instance serves all threads. */
#ifndef RAG_ENCODER_ENCODER_H
#define RAG_ENCODER_ENCODER_H

#include "base/err.h"
#include "base/str.h"

struct rag_encoder;

struct rag_encoder_opts {
    int threads;     /* compute threads; 0 = all cores */
    const char *isa; /* NULL = best; "portable", "avx2", "avx512" for tests and benchmarks */
};

/* dir holds model.onnx (or model_merged.onnx) and tokenizer.json. Damaged or wrong files: RAG_EFORMAT with a
 * sentence that names the file and the tensor. */
int rag_encoder_open(const char *dir, const struct rag_encoder_opts *opts, struct rag_encoder **out,
                     struct rag_err *err);
void rag_encoder_close(struct rag_encoder *e);

int rag_encoder_dims(const struct rag_encoder *e);
/* Most tokens of one text, [CLS] and [SEP] already subtracted: 510 for a 512-position model. */
int rag_encoder_window(const struct rag_encoder *e);
/* SHA-256 over weights, tokenizer and pooling rule: 64 hex digits. */
const char *rag_encoder_fingerprint(const struct rag_encoder *e);
/* Tokens of text without special tokens. */
int rag_encoder_count_tokens(const struct rag_encoder *e, struct rag_str text);

enum rag_encoder_priority {
    RAG_ENCODER_QUERY,  /* goes ahead; waits for one micro-batch at most; all threads share its work */
    RAG_ENCODER_INGEST, /* throughput; the threads work at low scheduling priority */
};

/* out: n * dims floats, unit length. tokens (NULL allowed): sum of tokens, special ones included. A text over
 * the window is RAG_EINVAL naming its number and both lengths. progress (NULL allowed) is called with texts
 * done so far, from any thread. */
int rag_encoder_embed(struct rag_encoder *e, const struct rag_str *texts, size_t n,
                      enum rag_encoder_priority prio, float *out, int *tokens,
                      void (*progress)(void *ud, size_t done), void *ud, struct rag_err *err);

#endif
