/* model.c: the embedding model of the engine: is it ready, and what it does for callers from outside. */
#include <errno.h>
#include <time.h>

#include "rag/engine.h"

int rag_engine_encoder(struct rag_engine *e, struct rag_encoder **out, struct rag_err *err)
{
    int rc = 0;
    pthread_mutex_lock(&e->lock);
    if (e->model_state == RAG_MODEL_READY)
        *out = e->encoder;
    else if (e->model_state == RAG_MODEL_LOADING)
        rc = rag_err_set(err, RAG_ENOTREADY, "the embedding model is still loading: try again in a second");
    else
        rc = rag_err_set(err, RAG_ENOTREADY, "%s", e->model_err.msg);
    pthread_mutex_unlock(&e->lock);
    return rc;
}

int rag_engine_ready(struct rag_engine *e, struct rag_err *err)
{
    struct rag_encoder *enc;
    return rag_engine_encoder(e, &enc, err);
}

int rag_engine_wait_ready(struct rag_engine *e, int timeout_ms, struct rag_err *err)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&e->lock);
    while (e->model_state == RAG_MODEL_LOADING)
        if (pthread_cond_timedwait(&e->model_changed, &e->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&e->lock);
    return rag_engine_ready(e, err);
}

int rag_embedder_info(struct rag_engine *e, struct rag_embedder_info *out, struct rag_err *err)
{
    struct rag_encoder *enc;
    int rc = rag_engine_encoder(e, &enc, err);
    if (rc)
        return rc;
    *out = (struct rag_embedder_info){.name = e->model_name,
                                      .fingerprint = rag_encoder_fingerprint(enc),
                                      .dims = rag_encoder_dims(enc),
                                      .window = rag_encoder_window(enc)};
    return 0;
}

int rag_embed(struct rag_engine *e, const struct rag_str *texts, size_t n, float *out, int *tokens,
              struct rag_err *err)
{
    struct rag_encoder *enc;
    int rc = rag_engine_encoder(e, &enc, err);
    return rc ? rc : rag_encoder_embed(enc, texts, n, RAG_ENCODER_QUERY, out, tokens, NULL, NULL, err);
}

static int count_tokens(void *ud, struct rag_str text)
{
    return rag_encoder_count_tokens(ud, text);
}

struct rag_token_counter rag_engine_counter(struct rag_encoder *enc)
{
    return (struct rag_token_counter){.count = count_tokens, .ud = enc, .window = rag_encoder_window(enc)};
}

int rag_engine_check_index(const struct rag_encoder *enc, const struct rag_index *index, struct rag_err *err)
{
    if (!index->fingerprint || !*index->fingerprint ||
        !strcmp(index->fingerprint, rag_encoder_fingerprint(enc)))
        return 0;
    return rag_err_set(
        err, RAG_EMISMATCH,
        "index '%s' was embedded by %s (weights %.12s), not by the loaded model (weights %.12s): it is "
        "being embedded again; if this does not end, see the log",
        index->name, index->embed_model && *index->embed_model ? index->embed_model : "another model",
        index->fingerprint, rag_encoder_fingerprint(enc));
}
