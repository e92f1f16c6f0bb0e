/* forward.h: one pass of token sequences through the layers, by one thread or by a team. */
#ifndef RAG_ENCODER_FORWARD_H
#define RAG_ENCODER_FORWARD_H

#include <stdatomic.h>

#include "encoder/kernels.h"
#include "encoder/weights.h"

struct rag_model {
    struct rag_weights weights;
    const struct rag_kernels *kernels;
};

struct rag_seq {
    const int *ids; /* special tokens included, all below weights.vocabulary */
    int len;        /* 1..weights.positions */
    float *out;     /* dims floats: the unit vector */
};

/* Threads that share one pass. Each calls rag_forward with its own member number, 0..size-1. */
struct rag_team {
    int size;
    atomic_int waiting;
    atomic_uint round;
};

/* Room for one pass at a time: rows tokens, for a team of the given size. */
struct rag_workspace;
struct rag_workspace *rag_workspace_new(const struct rag_model *m, int rows, int team_size);
void rag_workspace_free(struct rag_workspace *ws);

/* Sequences lie packed behind each other, without padding; their lengths sum up to at most the rows of ws.
 * Vectors are those of the first token ([CLS] pooling). Members return together. */
void rag_forward(const struct rag_model *m, struct rag_workspace *ws, struct rag_team *team, int member,
                 const struct rag_seq *seqs, int n);

#endif
