/* engine.h: what the stages of rag/ share: the engine's parts, its settings of the moment, its readiness. */
#ifndef RAG_RAG_ENGINE_H
#define RAG_RAG_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "encoder/encoder.h"
#include "net/http_client.h"
#include "pai_rag.h"
#include "rag/ingest.h"
#include "store/store.h"
#include "text/segment.h"

/* One version of the options. Requests hold the version they started with; the last holder frees it. */
struct rag_settings {
    atomic_int refs;
    struct rag_arena arena; /* owns every string of opts */
    struct rag_engine_opts opts;
};

enum rag_model_state { RAG_MODEL_LOADING, RAG_MODEL_READY, RAG_MODEL_FAILED };

struct rag_engine {
    struct rag_store *store;
    struct rag_segmenter *segmenter;
    struct rag_http_client *http;
    char *model_name; /* embed_model, which never changes */

    pthread_mutex_t lock; /* guards settings (the pointer), model_state, model_err, encoder (the pointer) */
    pthread_cond_t model_changed;
    struct rag_settings *settings;
    enum rag_model_state model_state;
    struct rag_err model_err;
    struct rag_encoder *encoder; /* set once, before model_state becomes READY */
    pthread_t model_thread;

    struct rag_ingest ingest;
};

/* settings.c: a copy of opts with one reference; NULL when out of memory. */
struct rag_settings *rag_settings_new(const struct rag_engine_opts *opts);
/* The settings of the moment; give back with rag_settings_release. */
struct rag_settings *rag_settings_acquire(struct rag_engine *e);
void rag_settings_release(struct rag_settings *s);

/* model.c: the encoder when it is ready, else RAG_ENOTREADY or the error of loading. */
int rag_engine_encoder(struct rag_engine *e, struct rag_encoder **out, struct rag_err *err);

/* RAG_EMISMATCH when the index holds vectors of other weights than the encoder's. */
int rag_engine_check_index(const struct rag_encoder *enc, const struct rag_index *index, struct rag_err *err);

/* Counts with the active embedder; for chunking and for the prompt's budget. */
struct rag_token_counter rag_engine_counter(struct rag_encoder *enc);

#endif
