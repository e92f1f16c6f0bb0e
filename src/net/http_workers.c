/* http_workers.c: threads that run the handlers, and one that watches the clients of running streams. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_internal.h"

enum { DEFAULT_WORKERS = 64, WATCH_MS = 250 };
static const double heartbeat_s = 1.0;

/* ---- running one request ---- */

static void link_running(struct rag_http_server *s, struct rag_http_request *r)
{
    r->prev = NULL;
    r->next = s->running;
    if (s->running)
        s->running->prev = r;
    s->running = r;
}

static void unlink_running(struct rag_http_server *s, struct rag_http_request *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        s->running = r->next;
    if (r->next)
        r->next->prev = r->prev;
    s->n_streams -= r->streaming;
}

static void run(struct rag_http_server *s, struct rag_http_request *r, bool stopping)
{
    if (stopping)
        rag_http_fail(r, 503, "the server is stopping");
    else
        s->opts.handle(s->opts.ud, r);
    if (!r->replied) {
        rag_error("http", "no reply was made for %s %s", r->method, r->path);
        rag_http_fail(r, 500, "internal error: the request was not answered");
    }
    pthread_mutex_lock(&s->lock);
    unlink_running(s, r);
    pthread_mutex_unlock(&s->lock);

    pthread_mutex_lock(&r->lock);
    r->ended = true;
    rag_http_wake(r);
    r->worker_done = true;
    bool last = r->completed;
    pthread_mutex_unlock(&r->lock);
    if (last)
        rag_http_request_free(r);
}

static void *work(void *arg)
{
    struct rag_http_server *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->queue_head && !s->stopping) {
            s->n_idle++;
            pthread_cond_wait(&s->work, &s->lock);
            s->n_idle--;
        }
        struct rag_http_request *r = s->queue_head;
        if (!r)
            break;
        s->queue_head = r->next;
        if (!s->queue_head)
            s->queue_tail = NULL;
        s->queued--;
        link_running(s, r);
        bool stopping = s->stopping;
        pthread_mutex_unlock(&s->lock);
        run(s, r, stopping);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Signals are for the main thread. */
static int start_thread(pthread_t *thread, void *(*main)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, NULL, main, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

bool rag_http_workers_run(struct rag_http_server *s, struct rag_http_request *r)
{
    pthread_mutex_lock(&s->lock);
    if (s->queued >= s->n_idle && s->n_threads < s->max_threads &&
        start_thread(&s->threads[s->n_threads], work, s) == 0)
        s->n_threads++;
    bool ok = s->n_threads > 0;
    if (ok) {
        r->next = NULL;
        if (s->queue_tail)
            s->queue_tail->next = r;
        else
            s->queue_head = r;
        s->queue_tail = r;
        s->queued++;
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* ---- watching streams ---- */

/* libmicrohttpd does not look at a suspended connection: a client that left is noticed here. */
static void watch_stream(struct rag_http_request *r, double now)
{
    bool gone = rag_http_client_gone(r);
    pthread_mutex_lock(&r->lock);
    if (gone)
        pthread_cond_broadcast(&r->room);
    else if (r->heartbeat && !r->writing && !r->ended && r->out.n == r->out_at &&
             now - r->last_write >= heartbeat_s) {
        r->last_write = now;
        rag_buf_adds(&r->out, r->heartbeat);
        rag_http_wake(r);
    }
    pthread_mutex_unlock(&r->lock);
}

static void *watch(void *arg)
{
    struct rag_http_server *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        if (s->n_streams == 0) {
            pthread_cond_wait(&s->streams, &s->lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WATCH_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        if (pthread_cond_timedwait(&s->streams, &s->lock, &until) != ETIMEDOUT)
            continue;
        double now = rag_clock_mono_s();
        for (struct rag_http_request *r = s->running; r; r = r->next)
            if (r->streaming)
                watch_stream(r, now);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- life ---- */

int rag_http_workers_open(struct rag_http_server *s, struct rag_err *err)
{
    s->max_threads = s->opts.workers > 0 ? s->opts.workers : DEFAULT_WORKERS;
    s->threads = calloc((size_t)s->max_threads, sizeof *s->threads);
    if (!s->threads)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for %d threads", s->max_threads);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_cond_init(&s->quiet, &monotonic);
    pthread_cond_init(&s->streams, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (start_thread(&s->watcher, watch, s) == 0)
        return 0;
    free(s->threads);
    s->threads = NULL;
    return rag_err_set(err, RAG_ENOMEM, "cannot start a thread");
}

void rag_http_workers_close(struct rag_http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    for (struct rag_http_request *r = s->running; r; r = r->next) {
        pthread_mutex_lock(&r->lock);
        r->gone = true;
        pthread_cond_broadcast(&r->room);
        pthread_mutex_unlock(&r->lock);
    }
    pthread_cond_broadcast(&s->work);
    pthread_cond_broadcast(&s->streams);
    int n = s->n_threads;
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < n; i++)
        pthread_join(s->threads[i], NULL);
    pthread_join(s->watcher, NULL);
}
