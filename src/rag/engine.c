/* engine.c: opens and closes the engine, loads the model in the background. */
#include "rag/engine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "rag/reembed.h"

static void *load_model(void *arg)
{
    struct rag_engine *e = arg;
    struct rag_settings *s = rag_settings_acquire(e);
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s/%s", s->opts.model_dir, s->opts.embed_model);
    struct rag_encoder_opts opts = {.threads = s->opts.threads};
    struct rag_encoder *enc = NULL;
    struct rag_err err = {0};
    int rc = rag_store_prepare(e->store, &err);
    if (!rc)
        rc = rag_encoder_open(dir, &opts, &enc, &err);
    if (rc == RAG_ENOTFOUND && !rag_fs_is_dir(dir))
        rag_err_set(&err, RAG_ENOTREADY,
                    "the embedding model %s is not in %s: fetch it with `pai_rag load_model -m %s`",
                    s->opts.embed_model, s->opts.model_dir, s->opts.embed_model);
    if (rc)
        rag_error("engine", "%s", err.msg);
    else
        rag_info("engine", "model %s is ready (%d dimensions, %d tokens)", s->opts.embed_model,
                 rag_encoder_dims(enc), rag_encoder_window(enc));
    rag_settings_release(s);

    pthread_mutex_lock(&e->lock);
    e->encoder = enc;
    e->model_err = err;
    e->model_state = rc ? RAG_MODEL_FAILED : RAG_MODEL_READY;
    pthread_cond_broadcast(&e->model_changed);
    pthread_mutex_unlock(&e->lock);
    if (!rc) {
        rag_reembed_stale(e);
        rag_ingest_wake(e);
    }
    return NULL;
}

static int open_parts(struct rag_engine *e, struct rag_err *err)
{
    const struct rag_engine_opts *o = &e->settings->opts;
    char path[PATH_MAX], dict[PATH_MAX];
    static const char *const folders[] = {"", "/files", "/upload_tmp"};
    int rc = 0;
    for (size_t i = 0; i < 3 && !rc; i++) {
        snprintf(path, sizeof path, "%s%s", o->data_dir, folders[i]);
        rc = rag_fs_mkdirs(path, err);
    }
    if (rc)
        return rc;
    if (o->dict_dir)
        snprintf(dict, sizeof dict, "%s/jieba.dict.utf8", o->dict_dir);
    if ((rc = rag_segmenter_open(o->dict_dir && rag_fs_exists(dict) ? dict : NULL, &e->segmenter, err)))
        return rc;
    if ((rc = rag_store_open(o->data_dir, e->segmenter, &e->store, err)))
        return rc;
    return rag_http_client_open(&e->http, err);
}

int rag_engine_open(const struct rag_engine_opts *opts, struct rag_engine **out, struct rag_err *err)
{
    int rc;
    *out = NULL;
    struct rag_engine *e = calloc(1, sizeof *e);
    if (!e)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->model_changed, NULL);
    e->settings = rag_settings_new(opts);
    e->model_name = strdup(opts->embed_model);
    if (!e->settings || !e->model_name) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory");
        goto out;
    }
    if ((rc = open_parts(e, err)) || (rc = rag_ingest_start(e, err)))
        goto out;
    if (pthread_create(&e->model_thread, NULL, load_model, e) != 0) {
        rc = rag_err_set(err, RAG_ENOMEM, "cannot start a thread");
        goto out;
    }
    *out = e;
    return 0;
out:
    rag_engine_close(e);
    return rc;
}

void rag_engine_close(struct rag_engine *e)
{
    if (!e)
        return;
    rag_ingest_stop(e);
    if (e->model_thread)
        pthread_join(e->model_thread, NULL);
    rag_encoder_close(e->encoder);
    rag_http_client_close(e->http);
    rag_store_close(e->store);
    rag_segmenter_close(e->segmenter);
    rag_settings_release(e->settings);
    free(e->model_name);
    pthread_cond_destroy(&e->model_changed);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

void rag_engine_stats(struct rag_engine *e, struct rag_stats *out)
{
    *out = (struct rag_stats){0};
    struct rag_settings *s = rag_settings_acquire(e);
    out->llm_configured = s->opts.llm.source != RAG_LLM_NONE;
    rag_settings_release(s);
    rag_store_counts(e->store, &out->documents, &out->chunks, NULL);
    rag_store_job_counts(e->store, &out->jobs_waiting, &out->jobs_running, NULL);
}
