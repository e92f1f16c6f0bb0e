/* ingest.c: the life of a document from its job row to visible: take → parse → chunk → embed → one
 * transaction. */
#include "rag/ingest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "chunk/chunk.h"
#include "rag/engine.h"
#include "rag/file_type.h"
#include "rag/parse.h"
#include "rag/files.h"

enum {
    TAKE = 16,                /* job rows fetched at once */
    PREPARED_DOCS = 64,       /* documents that may wait for the embedder … */
    PREPARED_TOKENS = 200000, /* … and their tokens; one larger document alone is fine */
    BATCH_DOCS = 32,          /* documents of one transaction … */
    BATCH_TOKENS = 16384,     /* … and their tokens */
    SLICE = 128,              /* chunks between two looks at the stop flag */
};

/* Share of a file's progress bar at which each stage begins. */
static const double STAGE_BEGIN[] = {
    [RAG_STAGE_QUEUED] = 0,  [RAG_STAGE_PARSE] = 0,    [RAG_STAGE_CHUNK] = 0.15,
    [RAG_STAGE_EMBED] = 0.2, [RAG_STAGE_STORE] = 0.95, [RAG_STAGE_DONE] = 1,
};

struct rag_ingest_doc {
    struct rag_ingest_doc *next_prepared, *next_running;
    struct rag_engine *e;
    struct rag_arena arena; /* owns everything below */
    struct rag_store_job_file job;
    struct rag_blocks blocks;
    struct rag_chunks chunks;
    long tokens;
    char doc_id[RAG_ID_HEX + 1];
    const char *warning;
    /* What task_get may see, guarded by ingest.lock. */
    enum rag_stage stage;
    double progress;
    int pages_seen, chunks_seen;
    size_t first_chunk; /* in the batch that is being embedded */
};

/* ---- progress ---- */

static void set_stage(struct rag_ingest_doc *d, enum rag_stage stage, double share)
{
    struct rag_ingest *in = &d->e->ingest;
    double begin = STAGE_BEGIN[stage], end = stage < RAG_STAGE_DONE ? STAGE_BEGIN[stage + 1] : 1;
    pthread_mutex_lock(&in->lock);
    d->stage = stage;
    d->progress = begin + (end - begin) * share;
    d->pages_seen = d->blocks.pages;
    d->chunks_seen = (int)d->chunks.n;
    pthread_mutex_unlock(&in->lock);
}

static void on_parse_progress(void *ud, int done, int total)
{
    set_stage(ud, RAG_STAGE_PARSE, total > 0 ? (double)done / total : 0);
}

static struct rag_ingest_doc *doc_new(struct rag_engine *e, const struct rag_store_job_file *job)
{
    struct rag_ingest_doc *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->e = e;
    rag_arena_init(&d->arena, RAG_LIMIT_ARENA);
    d->job = *job;
    d->job.name = rag_arena_strdup(&d->arena, job->name);
    d->job.stored_path = rag_arena_strdup(&d->arena, job->stored_path);
    d->job.sha256 = rag_arena_strdup(&d->arena, job->sha256);
    d->stage = RAG_STAGE_QUEUED;
    pthread_mutex_lock(&e->ingest.lock);
    d->next_running = e->ingest.running;
    e->ingest.running = d;
    pthread_mutex_unlock(&e->ingest.lock);
    return d;
}

static void doc_free(struct rag_ingest_doc *d)
{
    struct rag_ingest *in = &d->e->ingest;
    pthread_mutex_lock(&in->lock);
    for (struct rag_ingest_doc **at = &in->running; *at; at = &(*at)->next_running)
        if (*at == d) {
            *at = d->next_running;
            break;
        }
    pthread_mutex_unlock(&in->lock);
    rag_arena_free(&d->arena);
    free(d);
}

/* ---- the three ways a file leaves the queue without a document ---- */

static void fail_doc(struct rag_ingest_doc *d, const struct rag_err *why)
{
    struct rag_err err;
    rag_warn("ingest", "%s: %s", d->job.name, why->msg);
    if (rag_store_job_fail(d->e->store, d->job.id, why->msg, &err))
        rag_error("ingest", "%s", err.msg);
    else
        rag_file_remove(d->e, d->job.stored_path);
    doc_free(d);
}

static void release_doc(struct rag_ingest_doc *d)
{
    rag_store_job_release(d->e->store, d->job.id, NULL);
    doc_free(d);
}

/* True when the index holds these bytes already; the job is then done. */
static bool finish_duplicate(struct rag_ingest_doc *d)
{
    char doc_id[RAG_ID_HEX + 1] = "";
    if (rag_store_find_bytes(d->e->store, d->job.index_id, d->job.sha256, d->job.name, doc_id, NULL) ||
        !*doc_id)
        return false;
    if (rag_store_job_duplicate(d->e->store, d->job.id, doc_id, NULL))
        return false;
    rag_info("ingest", "%s is already in the index", d->job.name);
    rag_file_remove(d->e, d->job.stored_path);
    doc_free(d);
    return true;
}

/* ---- first thread: parse and chunk ---- */

static const char *join_warnings(struct rag_arena *a, const struct rag_blocks *b)
{
    struct rag_buf buf;
    rag_buf_init(&buf, 2000);
    for (size_t i = 0; i < b->n_warnings && !buf.err; i++)
        rag_buf_printf(&buf, "%s%.*s", i ? " " : "", RAG_STR_ARG(b->warnings[i]));
    const char *s = buf.n ? rag_arena_strndup(a, buf.p, buf.n) : NULL;
    rag_buf_free(&buf);
    return s;
}

static int prepare(struct rag_ingest_doc *d, struct rag_encoder *enc, const struct rag_engine_opts *o,
                   struct rag_err *err)
{
    char path[PATH_MAX];
    struct rag_token_counter tokens = rag_engine_counter(enc);
    snprintf(path, sizeof path, "%s/%s", o->data_dir, d->job.stored_path);
    set_stage(d, RAG_STAGE_PARSE, 0);
    int rc =
        rag_parse_file(o->parse_program, &d->arena, path, d->job.name, &o->reader, RAG_LIMIT_PARSE_SECONDS,
                       &d->e->ingest.stop, on_parse_progress, d, &d->blocks, err);
    if (rc)
        return rc;
    set_stage(d, RAG_STAGE_CHUNK, 0);
    rc = rag_chunk_split(&d->arena, &d->blocks, &o->chunk, &tokens, &d->chunks, err);
    if (rc)
        return rc;
    if (d->chunks.n == 0)
        return rag_err_set(err, RAG_EFORMAT, "no text was found in the file");
    for (size_t i = 0; i < d->chunks.n; i++)
        d->tokens += d->chunks.v[i].tokens;
    d->warning = join_warnings(&d->arena, &d->blocks);
    set_stage(d, RAG_STAGE_EMBED, 0);
    return 0;
}

/* Waits for room, then hands d to the embedder. False on stop: d is still the caller's. */
static bool hand_over(struct rag_ingest *in, struct rag_ingest_doc *d)
{
    pthread_mutex_lock(&in->lock);
    while (!atomic_load(&in->stop) && in->n_prepared &&
           (in->n_prepared >= PREPARED_DOCS || in->prepared_tokens + d->tokens > PREPARED_TOKENS))
        pthread_cond_wait(&in->changed, &in->lock);
    bool go = !atomic_load(&in->stop);
    if (go) {
        struct rag_ingest_doc **end = &in->prepared;
        while (*end)
            end = &(*end)->next_prepared;
        *end = d;
        in->n_prepared++;
        in->prepared_tokens += d->tokens;
        pthread_cond_broadcast(&in->changed);
    }
    pthread_mutex_unlock(&in->lock);
    return go;
}

static void prepare_job(struct rag_engine *e, struct rag_encoder *enc, const struct rag_store_job_file *job)
{
    struct rag_err err = {0};
    struct rag_ingest_doc *d = doc_new(e, job);
    if (!d || atomic_load(&e->ingest.stop)) {
        rag_store_job_release(e->store, job->id, NULL);
        if (d)
            doc_free(d);
        return;
    }
    if (finish_duplicate(d))
        return;
    struct rag_settings *s = rag_settings_acquire(e);
    int rc = prepare(d, enc, &s->opts, &err);
    rag_settings_release(s);
    if (rc == RAG_ECANCELED)
        release_doc(d);
    else if (rc)
        fail_doc(d, &err);
    else if (!hand_over(&e->ingest, d))
        release_doc(d);
}

/* Takes and prepares jobs until none is waiting. */
static void drain_jobs(struct rag_engine *e, struct rag_encoder *enc)
{
    while (!atomic_load(&e->ingest.stop)) {
        struct rag_arena a;
        struct rag_store_job_file *jobs;
        struct rag_err err = {0};
        size_t n = 0;
        rag_arena_init(&a, 16 * RAG_MIB);
        if (rag_store_job_take(e->store, &a, TAKE, &jobs, &n, &err))
            rag_error("ingest", "%s", err.msg);
        for (size_t i = 0; i < n; i++)
            prepare_job(e, enc, &jobs[i]);
        rag_arena_free(&a);
        if (n == 0)
            return;
    }
}

static void *parser_main(void *arg)
{
    struct rag_engine *e = arg;
    struct rag_ingest *in = &e->ingest;
    rag_file_sweep(e);
    for (;;) {
        pthread_mutex_lock(&in->lock);
        while (!in->has_work && !atomic_load(&in->stop))
            pthread_cond_wait(&in->changed, &in->lock);
        in->has_work = false;
        pthread_mutex_unlock(&in->lock);
        if (atomic_load(&in->stop))
            break;
        struct rag_encoder *enc;
        if (!rag_engine_encoder(e, &enc, NULL)) /* not ready: woken again when it is */
            drain_jobs(e, enc);
    }
    pthread_mutex_lock(&in->lock);
    in->parser_done = true;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
    return NULL;
}

/* ---- second thread: embed and commit ---- */

/* Documents that are embedded and committed together. */
struct batch {
    struct rag_ingest_doc *docs[BATCH_DOCS];
    size_t n, n_chunks;
    struct rag_str *texts;
    float *vectors;
    int dims;
};

/* Waits for prepared documents; n = 0 at the end. */
static void take_batch(struct rag_ingest *in, struct batch *b)
{
    long tokens = 0;
    pthread_mutex_lock(&in->lock);
    while (!in->prepared && !in->parser_done)
        pthread_cond_wait(&in->changed, &in->lock);
    while (in->prepared && b->n < BATCH_DOCS &&
           (b->n == 0 || tokens + in->prepared->tokens <= BATCH_TOKENS)) {
        struct rag_ingest_doc *d = in->prepared;
        in->prepared = d->next_prepared;
        d->next_prepared = NULL;
        in->n_prepared--;
        in->prepared_tokens -= d->tokens;
        tokens += d->tokens;
        b->docs[b->n++] = d;
    }
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

static int embed_batch(struct rag_engine *e, struct rag_encoder *enc, struct batch *b, struct rag_err *err)
{
    for (size_t i = 0; i < b->n; i++) {
        b->docs[i]->first_chunk = b->n_chunks;
        b->n_chunks += b->docs[i]->chunks.n;
    }
    b->dims = rag_encoder_dims(enc);
    b->texts = calloc(b->n_chunks, sizeof *b->texts);
    b->vectors = calloc(b->n_chunks, (size_t)b->dims * sizeof *b->vectors);
    if (!b->texts || !b->vectors)
        return rag_err_set(err, RAG_ENOMEM, "out of memory for %zu vectors", b->n_chunks);
    for (size_t i = 0, at = 0; i < b->n; i++)
        for (size_t k = 0; k < b->docs[i]->chunks.n; k++)
            b->texts[at++] = b->docs[i]->chunks.v[k].text;

    for (size_t at = 0; at < b->n_chunks; at += SLICE) {
        size_t k = b->n_chunks - at < SLICE ? b->n_chunks - at : SLICE;
        if (atomic_load(&e->ingest.stop))
            return rag_err_set(err, RAG_ECANCELED, "the service is stopping");
        int rc = rag_encoder_embed(enc, b->texts + at, k, RAG_ENCODER_INGEST,
                                   b->vectors + at * (size_t)b->dims, NULL, NULL, NULL, err);
        if (rc)
            return rc;
        for (size_t i = 0; i < b->n; i++) {
            struct rag_ingest_doc *d = b->docs[i];
            if (at + k > d->first_chunk && at < d->first_chunk + d->chunks.n) {
                size_t done = at + k - d->first_chunk;
                set_stage(d, RAG_STAGE_EMBED, done >= d->chunks.n ? 1 : (double)done / (double)d->chunks.n);
            }
        }
    }
    return 0;
}

static void describe(struct rag_engine *e, struct rag_encoder *enc, const struct batch *b,
                     struct rag_ingest_doc *d, struct rag_store_put *put)
{
    char today[16];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(today, sizeof today, "%Y-%m-%d", &tm);
    const char *date = rag_arena_strdup(&d->arena, today);
    rag_id_new(d->doc_id);
    *put = (struct rag_store_put){
        .index_id = d->job.index_id,
        .doc_id = d->doc_id,
        .name = d->job.name,
        .file_type = rag_file_type(d->job.name),
        .sha256 = d->job.sha256,
        .stored_path = d->job.stored_path,
        .created = date,
        .modified = date,
        .size = d->job.size,
        .pages = d->blocks.pages,
        .chunks = &d->chunks,
        .vectors = b->vectors + d->first_chunk * (size_t)b->dims,
        .dims = b->dims,
        .embed_model = e->model_name,
        .fingerprint = rag_encoder_fingerprint(enc),
        .job_file_id = d->job.id,
        .warning = d->warning,
    };
}

static int commit(struct rag_engine *e, struct rag_encoder *enc, const struct batch *b, size_t from, size_t n,
                  struct rag_err *err)
{
    struct rag_store_put puts[BATCH_DOCS];
    struct rag_arena a;
    const char **replaced;
    size_t n_replaced = 0;
    rag_arena_init(&a, RAG_MIB);
    for (size_t i = 0; i < n; i++) {
        set_stage(b->docs[from + i], RAG_STAGE_STORE, 0);
        describe(e, enc, b, b->docs[from + i], &puts[i]);
    }
    int rc = rag_store_put_documents(e->store, &a, puts, n, &replaced, &n_replaced, err);
    for (size_t i = 0; i < n_replaced && !rc; i++)
        rag_file_remove(e, replaced[i]);
    rag_arena_free(&a);
    return rc;
}

/* True when an earlier document of the batch has the same bytes in the same index. */
static bool twin_in_batch(const struct batch *b, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (b->docs[k]->job.index_id == b->docs[i]->job.index_id &&
            !strcmp(b->docs[k]->job.sha256, b->docs[i]->job.sha256))
            return true;
    return false;
}

/* One transaction for all; when that fails, one each, so that a document's fault stays its own. */
static void commit_batch(struct rag_engine *e, struct rag_encoder *enc, struct batch *b)
{
    struct rag_err err = {0};
    bool twins = false;
    for (size_t i = 0; i < b->n; i++)
        twins |= twin_in_batch(b, i);
    if (!twins && !commit(e, enc, b, 0, b->n, &err)) {
        for (size_t i = 0; i < b->n; i++)
            doc_free(b->docs[i]);
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (finish_duplicate(b->docs[i]))
            continue;
        if (commit(e, enc, b, i, 1, &err))
            fail_doc(b->docs[i], &err);
        else
            doc_free(b->docs[i]);
    }
}

static void *embedder_main(void *arg)
{
    struct rag_engine *e = arg;
    for (;;) {
        struct batch b = {0};
        struct rag_err err = {0};
        struct rag_encoder *enc = NULL;
        take_batch(&e->ingest, &b);
        if (b.n == 0)
            return NULL;
        int rc = rag_engine_encoder(e, &enc, &err);
        if (!rc)
            rc = embed_batch(e, enc, &b, &err);
        if (!rc)
            commit_batch(e, enc, &b);
        for (size_t i = 0; i < b.n && rc; i++) {
            if (rc == RAG_ECANCELED)
                release_doc(b.docs[i]);
            else
                fail_doc(b.docs[i], &err);
        }
        free(b.texts);
        free(b.vectors);
    }
}

/* ---- start, wake, stop ---- */

int rag_ingest_start(struct rag_engine *e, struct rag_err *err)
{
    struct rag_ingest *in = &e->ingest;
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->changed, NULL);
    in->has_work = true; /* jobs of the last run */
    if (pthread_create(&in->parser, NULL, parser_main, e) != 0)
        return rag_err_set(err, RAG_ENOMEM, "cannot start a thread");
    if (pthread_create(&in->embedder, NULL, embedder_main, e) != 0) {
        atomic_store(&in->stop, true);
        pthread_cond_broadcast(&in->changed);
        pthread_join(in->parser, NULL);
        return rag_err_set(err, RAG_ENOMEM, "cannot start a thread");
    }
    in->started = true;
    return 0;
}

void rag_ingest_wake(struct rag_engine *e)
{
    pthread_mutex_lock(&e->ingest.lock);
    e->ingest.has_work = true;
    pthread_cond_broadcast(&e->ingest.changed);
    pthread_mutex_unlock(&e->ingest.lock);
}

void rag_ingest_stop(struct rag_engine *e)
{
    struct rag_ingest *in = &e->ingest;
    if (!in->started)
        return;
    pthread_mutex_lock(&in->lock);
    atomic_store(&in->stop, true);
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
    pthread_join(in->parser, NULL);
    pthread_join(in->embedder, NULL);
    pthread_cond_destroy(&in->changed);
    pthread_mutex_destroy(&in->lock);
    in->started = false;
}

/* ---- what a client sees of a task ---- */

int rag_task_get(struct rag_engine *e, struct rag_arena *a, const char *task_id, struct rag_task *out,
                 struct rag_err *err)
{
    int64_t *ids;
    int rc = rag_store_task_get(e->store, a, task_id, out, &ids, err);
    if (rc)
        return rc;
    pthread_mutex_lock(&e->ingest.lock);
    for (size_t i = 0; i < out->n; i++) {
        if (out->files[i].state != RAG_TASK_PROCESSING)
            continue;
        for (struct rag_ingest_doc *d = e->ingest.running; d; d = d->next_running)
            if (d->job.id == ids[i]) {
                out->files[i].stage = d->stage;
                out->files[i].progress = d->progress;
                out->files[i].pages = d->pages_seen;
                out->files[i].chunks = d->chunks_seen;
            }
    }
    pthread_mutex_unlock(&e->ingest.lock);
    return 0;
}
