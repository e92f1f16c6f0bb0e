/* http_server.c: opens and closes the server: listening socket, event loop, workers. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/http_internal.h"

enum {
    /* Also what ends a connection whose client sent half a request and closed at once: libmicrohttpd's
     * edge-triggered loop overlooks a close that comes together with data. */
    DEFAULT_IDLE_S = 75,
    LOOPS = 2,      /* event loop threads: one that writes an upload to a slow disk does not stop all */
    FLUSH_MS = 200, /* given to replies that were ready when the server stopped */
};

static void log_library(void *cls, const char *format, va_list args)
{
    (void)cls;
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    rag_debug("http", "%s", text);
}

/* The target is decoded in http_uri.c, from the original text. */
static size_t keep_escapes(void *cls, struct MHD_Connection *conn, char *text)
{
    (void)cls, (void)conn;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct rag_http_server *s, int fd)
{
    unsigned idle = (unsigned)(s->opts.idle_timeout_s > 0 ? s->opts.idle_timeout_s : DEFAULT_IDLE_S);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        rag_http_on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)LOOPS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)RAG_LIMIT_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, idle,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)RAG_LIMIT_HTTP_HEADERS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, rag_http_on_target, s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, rag_http_on_completed, s, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

int rag_http_server_open(const struct rag_http_server_opts *opts, struct rag_http_server **out,
                         struct rag_err *err)
{
    *out = NULL;
    struct rag_http_server *s = calloc(1, sizeof *s);
    if (!s)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the HTTP server");
    s->opts = *opts;
    s->opts.host = NULL; /* not kept: belongs to the caller */
    int rc, fd = opts->listen_fd;
    if (fd < 0)
        fd = rag_http_listen(opts->host, opts->port, err);
    else
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (fd < 0) {
        rc = fd;
        goto out;
    }
    s->port = rag_http_bound_port(fd);
    rc = rag_http_workers_open(s, err);
    if (rc != 0)
        goto out;
    s->daemon = start_daemon(s, fd);
    if (!s->daemon) {
        fd = -1; /* libmicrohttpd may have closed it, and the number may be another file by now */
        rag_http_workers_close(s);
        rc = rag_err_set(err, RAG_EINTERNAL, "cannot start the HTTP server: %s", strerror(errno));
        goto out;
    }
    *out = s;
    return 0;
out:
    if (fd >= 0 && opts->listen_fd < 0)
        close(fd);
    free(s->threads);
    free(s);
    return rc;
}

int rag_http_server_port(const struct rag_http_server *s)
{
    return s->port;
}

/* Waits until no exchange is under way, at most ms. */
static void wait_quiet(struct rag_http_server *s, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)ms * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&s->lock);
    while (s->exchanges > 0 && pthread_cond_timedwait(&s->quiet, &s->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->lock);
}

void rag_http_server_close(struct rag_http_server *s, int drain_ms)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->draining = true;
    pthread_mutex_unlock(&s->lock);
    /* Not MHD_quiesce_daemon: with epoll threads it and a loop may both take the listening socket out of the
     * epoll set, and libmicrohttpd aborts the process. Who connects now is told 503. */
    wait_quiet(s, drain_ms);
    rag_http_workers_close(s);
    wait_quiet(s, FLUSH_MS);
    MHD_stop_daemon(s->daemon); /* closes the listening socket */
    free(s->threads);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->quiet);
    pthread_cond_destroy(&s->streams);
    free(s);
}
