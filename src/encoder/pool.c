/* pool.c: hands texts to threads: queries first and to all threads together, ingestion in batches of its own.
 *
 * There are two sets of threads. The query team works on one batch at a time, each member doing its share of
 * every step. Each ingestion worker takes a batch by itself, with no barrier, at the lowest scheduling
 * priority: a running query therefore gets the processor at once, and workers also rest between two batches
 * while queries are under way. */
#include "encoder/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_TOKENS = 512, /* enough to keep the kernels busy, little enough for the cache */
    BATCH_TEXTS = 256,
    MIN_BATCH_TOKENS = 64,
    MAX_REST_MS = 50, /* ingestion goes on after this, so that endless queries cannot starve it */
    MAX_THREADS = 256,
};

/* One rag_pool_run: its texts, longest first. */
struct job {
    struct rag_seq *seqs;
    size_t n, next, done; /* next: first one not handed out */
    int batch_tokens;
    struct job *link;
};

struct queue {
    struct job *head, **tail;
};

/* Texts that go through the layers together; they may belong to several jobs. */
struct batch {
    struct rag_seq seqs[BATCH_TEXTS];
    struct job *owners[BATCH_TEXTS];
    int n;
};

struct worker {
    struct rag_pool *pool;
    pthread_t thread;
    int number;
    bool started;
    struct rag_workspace *ws; /* of an ingestion worker */
};

struct rag_pool {
    const struct rag_model *m;
    int threads, team_size;
    int max_tokens; /* rows of a workspace */
    struct worker *ingesters, *team;

    pthread_mutex_t lock;
    pthread_cond_t done;   /* a job advanced */
    pthread_cond_t ingest; /* ingestion has work, or queries have ended */
    pthread_cond_t query;  /* a query waits for the team's leader */
    pthread_cond_t pass;   /* the leader has made up a batch for the other members */
    struct queue ingest_jobs, query_jobs;
    bool stop, query_running;

    unsigned pass_number;
    struct batch team_batch;
    struct rag_workspace *team_ws;
    struct rag_team team_state;
};

/* ---- queues; the lock is held */

static void push(struct queue *q, struct job *job)
{
    *q->tail = job;
    q->tail = &job->link;
}

static void pop(struct queue *q)
{
    q->head = q->head->link;
    if (!q->head)
        q->tail = &q->head;
}

/* As many texts as fit one batch, from the first job on. */
static void take_batch(struct queue *q, struct batch *b)
{
    int tokens = 0;
    b->n = 0;
    while (q->head && b->n < BATCH_TEXTS) {
        struct job *job = q->head;
        const struct rag_seq *seq = &job->seqs[job->next];
        if (b->n && tokens + seq->len > job->batch_tokens)
            return;
        tokens += seq->len;
        b->seqs[b->n] = *seq;
        b->owners[b->n++] = job;
        if (++job->next == job->n)
            pop(q);
    }
}

static void finish_batch(struct rag_pool *p, const struct batch *b)
{
    for (int i = 0; i < b->n; i++)
        b->owners[i]->done++;
    pthread_cond_broadcast(&p->done);
}

static bool queries_under_way(const struct rag_pool *p)
{
    return p->query_running || p->query_jobs.head;
}

/* ---- threads */

static struct timespec after_ms(long ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += ms * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    return t;
}

static void rest_while_queries_run(struct rag_pool *p)
{
    const struct timespec until = after_ms(MAX_REST_MS);
    while (queries_under_way(p) && !p->stop) {
        if (pthread_cond_timedwait(&p->ingest, &p->lock, &until))
            return;
    }
}

static void *ingester_main(void *arg)
{
    struct worker *me = arg;
    struct rag_pool *p = me->pool;
    struct rag_team alone = {.size = 1};
    struct batch batch;
    /* Both fail at worst where a sandbox forbids them: ingestion then merely competes with the queries. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->ingest_jobs.head && !p->stop)
            pthread_cond_wait(&p->ingest, &p->lock);
        rest_while_queries_run(p);
        if (p->stop)
            break;
        take_batch(&p->ingest_jobs, &batch); /* may be empty: another worker was faster during the rest */
        pthread_mutex_unlock(&p->lock);
        if (batch.n)
            rag_forward(p->m, me->ws, &alone, 0, batch.seqs, batch.n);
        pthread_mutex_lock(&p->lock);
        finish_batch(p, &batch);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Member 0 of the team: makes up the batches. */
static void lead(struct rag_pool *p)
{
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->query_jobs.head && !p->stop)
            pthread_cond_wait(&p->query, &p->lock);
        if (p->stop)
            break;
        take_batch(&p->query_jobs, &p->team_batch);
        p->query_running = true;
        p->pass_number++;
        pthread_cond_broadcast(&p->pass);
        pthread_mutex_unlock(&p->lock);
        rag_forward(p->m, p->team_ws, &p->team_state, 0, p->team_batch.seqs, p->team_batch.n);
        pthread_mutex_lock(&p->lock);
        finish_batch(p, &p->team_batch);
        p->query_running = false;
        if (!p->query_jobs.head)
            pthread_cond_broadcast(&p->ingest);
    }
    pthread_mutex_unlock(&p->lock);
}

static void follow(struct rag_pool *p, int member)
{
    unsigned seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->pass_number == seen && !p->stop)
            pthread_cond_wait(&p->pass, &p->lock);
        if (p->pass_number == seen)
            break; /* stopped, and no pass waits for this member */
        seen = p->pass_number;
        pthread_mutex_unlock(&p->lock);
        rag_forward(p->m, p->team_ws, &p->team_state, member, p->team_batch.seqs, p->team_batch.n);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

static void *team_main(void *arg)
{
    struct worker *me = arg;
    if (me->number == 0)
        lead(me->pool);
    else
        follow(me->pool, me->number);
    return NULL;
}

/* ---- opening and closing */

/* Processors that a cgroup v2 quota allows; 0 = no quota. */
static int quota_threads(void)
{
    long quota, period;
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    int fields = f ? fscanf(f, "%ld %ld", &quota, &period) : 0; /* "max 100000" gives 0 fields */
    if (f)
        fclose(f);
    return fields == 2 && quota > 0 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

static int usable_threads(void)
{
    cpu_set_t set;
    int n =
        sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const int quota = quota_threads();
    if (quota && quota < n)
        n = quota;
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

static int start(struct rag_pool *p, struct worker *w, int number, void *(*entry)(void *))
{
    w->pool = p;
    w->number = number;
    w->started = pthread_create(&w->thread, NULL, entry, w) == 0;
    return w->started ? 0 : RAG_ENOMEM;
}

static int allocate(struct rag_pool *p)
{
    p->ingesters = calloc((size_t)p->threads, sizeof *p->ingesters);
    p->team = calloc((size_t)p->team_size, sizeof *p->team);
    p->team_ws = rag_workspace_new(p->m, p->max_tokens, p->team_size);
    if (!p->ingesters || !p->team || !p->team_ws)
        return RAG_ENOMEM;
    for (int i = 0; i < p->threads; i++) {
        p->ingesters[i].ws = rag_workspace_new(p->m, p->max_tokens, 1);
        if (!p->ingesters[i].ws)
            return RAG_ENOMEM;
    }
    return 0;
}

static int start_all(struct rag_pool *p)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < p->threads; i++)
        rc = start(p, &p->ingesters[i], i, ingester_main);
    for (int i = 0; rc == 0 && i < p->team_size; i++)
        rc = start(p, &p->team[i], i, team_main);
    return rc;
}

int rag_pool_open(const struct rag_model *m, int threads, struct rag_pool **out, struct rag_err *err)
{
    struct rag_pool *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return rag_err_set(err, RAG_ENOMEM, "out of memory for the compute threads");
    p->m = m;
    p->threads = threads > 0 && threads <= MAX_THREADS ? threads : usable_threads();
    /* More members than panels of the narrowest matrix would stand idle at the barriers. */
    const int panels = m->weights.dims / RAG_PANEL;
    p->team_size = p->threads < panels ? p->threads : panels;
    p->max_tokens = m->weights.positions > BATCH_TOKENS ? m->weights.positions : BATCH_TOKENS;
    p->team_state.size = p->team_size;
    p->ingest_jobs.tail = &p->ingest_jobs.head;
    p->query_jobs.tail = &p->query_jobs.head;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->done, NULL);
    pthread_cond_init(&p->ingest, &monotonic);
    pthread_cond_init(&p->query, NULL);
    pthread_cond_init(&p->pass, NULL);
    pthread_condattr_destroy(&monotonic);

    int rc = allocate(p);
    if (rc == 0)
        rc = start_all(p);
    if (rc) {
        const int wanted = p->threads;
        rag_pool_close(p);
        return rag_err_set(err, rc, "cannot start %d compute threads; set a smaller number of threads",
                           wanted);
    }
    *out = p;
    return 0;
}

void rag_pool_close(struct rag_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->ingest);
    pthread_cond_broadcast(&p->query);
    pthread_cond_broadcast(&p->pass);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; p->team && i < p->team_size; i++) {
        if (p->team[i].started)
            pthread_join(p->team[i].thread, NULL);
    }
    for (int i = 0; p->ingesters && i < p->threads; i++) {
        if (p->ingesters[i].started)
            pthread_join(p->ingesters[i].thread, NULL);
        rag_workspace_free(p->ingesters[i].ws);
    }
    rag_workspace_free(p->team_ws);
    free(p->ingesters);
    free(p->team);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->ingest);
    pthread_cond_destroy(&p->query);
    pthread_cond_destroy(&p->pass);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* ---- running */

static int longest_first(const void *a, const void *b)
{
    const struct rag_seq *x = a, *y = b;
    return (x->len < y->len) - (x->len > y->len);
}

/* Full batches for much work; for little, such that every worker gets some. */
static int batch_tokens(const struct rag_pool *p, const struct rag_seq *seqs, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += (size_t)seqs[i].len;
    total = total / (size_t)p->threads + 1;
    return total > BATCH_TOKENS ? BATCH_TOKENS : total < MIN_BATCH_TOKENS ? MIN_BATCH_TOKENS : (int)total;
}

void rag_pool_run(struct rag_pool *p, enum rag_encoder_priority priority, struct rag_seq *seqs, size_t n,
                  void (*progress)(void *ud, size_t done), void *ud)
{
    const bool query = priority == RAG_ENCODER_QUERY;
    struct job job = {.seqs = seqs, .n = n};
    if (n == 0)
        return;
    qsort(seqs, n, sizeof *seqs, longest_first); /* short texts last fill the gaps */
    job.batch_tokens = query ? BATCH_TOKENS : batch_tokens(p, seqs, n);

    pthread_mutex_lock(&p->lock);
    push(query ? &p->query_jobs : &p->ingest_jobs, &job);
    if (query)
        pthread_cond_signal(&p->query);
    else
        pthread_cond_broadcast(&p->ingest);
    for (size_t told = 0; told < n;) {
        while (job.done == told)
            pthread_cond_wait(&p->done, &p->lock);
        told = job.done;
        if (progress) {
            pthread_mutex_unlock(&p->lock);
            progress(ud, told);
            pthread_mutex_lock(&p->lock);
        }
    }
    pthread_mutex_unlock(&p->lock);
}
