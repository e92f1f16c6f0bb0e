/* engine.c: opens and closes the engine, loads the model in the background, keeps the settings of the moment.
 */
#include "rag/engine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "rag/reembed.h"
#include "rag/upload.h"

/* ---- settings ---- */

static int copy_str(struct rag_arena *a, const char **s)
{
    if (*s && !(*s = rag_arena_strdup(a, *s)))
        return RAG_ENOMEM;
    return 0;
}

static int copy_filters(struct rag_arena *a, struct rag_reader_opts *r)
{
    size_t n = 0;
    if (!r->sheet_column_filters)
        return 0;
    while (r->sheet_column_filters[n])
        n++;
    const char **v = rag_arena_array(a, n + 1, sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        if (!(v[i] = rag_arena_strdup(a, r->sheet_column_filters[i])))
            return RAG_ENOMEM;
    r->sheet_column_filters = v;
    return v ? 0 : RAG_ENOMEM;
}

static struct rag_settings *settings_new(const struct rag_engine_opts *opts)
{
    struct rag_settings *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    rag_arena_init(&s->arena, 16 * RAG_MIB);
    s->opts = *opts;
    struct rag_engine_opts *o = &s->opts;
    const char **strings[] = {&o->data_dir,
                              &o->model_dir,
                              &o->embed_model,
                              &o->parse_program,
                              &o->dict_dir,
                              &o->chunk.paragraph_separator,
                              &o->prompt.text_qa_template,
                              &o->prompt.citation_qa_template,
                              &o->llm.base_url,
                              &o->llm.api_key,
                              &o->llm.model,
                              &o->llm.system_prompt};
    int rc = copy_filters(&s->arena, &o->reader);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        rc |= copy_str(&s->arena, strings[i]);
    if (rc) {
        rag_settings_release(s);
        return NULL;
    }
    return s;
}

struct rag_settings *rag_settings_acquire(struct rag_engine *e)
{
    pthread_mutex_lock(&e->lock);
    struct rag_settings *s = e->settings;
    atomic_fetch_add(&s->refs, 1);
    pthread_mutex_unlock(&e->lock);
    return s;
}

void rag_settings_release(struct rag_settings *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    rag_arena_free(&s->arena);
    free(s);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

int rag_engine_reconfigure(struct rag_engine *e, const struct rag_engine_opts *opts, struct rag_err *err)
{
    struct rag_settings *now = rag_settings_acquire(e);
    const struct rag_engine_opts *o = &now->opts;
    bool fixed = same(o->data_dir, opts->data_dir) && same(o->model_dir, opts->model_dir) &&
                 same(o->embed_model, opts->embed_model) && o->threads == opts->threads;
    rag_settings_release(now);
    if (!fixed)
        return rag_err_set(
            err, RAG_EINVAL,
            "the data folder, the model folder, the embedding model and the number of threads cannot "
            "change while the service runs: change them in the settings file and restart");
    struct rag_settings *next = settings_new(opts);
    if (!next)
        return rag_err_set(err, RAG_ENOMEM, "out of memory while applying the settings");
    pthread_mutex_lock(&e->lock);
    struct rag_settings *old = e->settings;
    e->settings = next;
    pthread_mutex_unlock(&e->lock);
    rag_settings_release(old);
    return 0;
}

/* ---- readiness ---- */

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

/* ---- open and close ---- */

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
    e->settings = settings_new(opts);
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

/* ---- embedding ---- */

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

/* ---- indexes ---- */

int rag_index_list(struct rag_engine *e, struct rag_arena *a, struct rag_index **out, size_t *n,
                   struct rag_err *err)
{
    return rag_store_index_list(e->store, a, out, n, err);
}

int rag_index_get(struct rag_engine *e, struct rag_arena *a, const char *name, struct rag_index *out,
                  struct rag_err *err)
{
    return rag_store_index_get(e->store, a, name, out, err);
}

static int check_name(const char *name, struct rag_err *err)
{
    static const char ok[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    size_t n = name ? strlen(name) : 0;
    if (n < 3 || n > 20 || strspn(name, ok) != n)
        return rag_err_set(err, RAG_EINVAL,
                           "index name '%.40s' is not usable: 3 to 20 of 0-9, a-z, A-Z, _ and -",
                           name ? name : "");
    return 0;
}

int rag_index_create(struct rag_engine *e, const struct rag_index *index, struct rag_err *err)
{
    int rc = check_name(index->name, err);
    if (rc)
        return rc;
    struct rag_settings *s = rag_settings_acquire(e);
    int max = s->opts.max_indexes > 0 ? s->opts.max_indexes : RAG_LIMIT_INDEXES;
    rag_settings_release(s);
    return rag_store_index_create(e->store, index, max, err);
}

int rag_index_update(struct rag_engine *e, const struct rag_index *index, struct rag_err *err)
{
    return rag_store_index_update(e->store, index, err);
}

int rag_index_delete(struct rag_engine *e, const char *name, struct rag_err *err)
{
    int rc = rag_store_index_delete(e->store, name, err);
    if (!rc)
        rag_upload_sweep(e);
    return rc;
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

void rag_engine_stats(struct rag_engine *e, struct rag_stats *out)
{
    *out = (struct rag_stats){0};
    struct rag_settings *s = rag_settings_acquire(e);
    out->llm_configured = s->opts.llm.source != RAG_LLM_NONE;
    rag_settings_release(s);
    rag_store_counts(e->store, &out->documents, &out->chunks, NULL);
    rag_store_job_counts(e->store, &out->jobs_waiting, &out->jobs_running, NULL);
}
