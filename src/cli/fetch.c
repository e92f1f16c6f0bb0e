/* fetch.c: downloads with resume and progress. */
#include "cli/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"
#include "cli/progress.h"
#include "net/http_client.h"

enum { REDIRECTS = 5 };

extern char **environ;

struct fetch {
    int fd;
    const char *label, *part;
    struct rag_progress bar;
    long long have, total; /* bytes; total 0 = unknown */
    char location[2048];   /* of a redirect */
    int status;
    bool aside; /* the body is an error page: not for the file */
};

/* Value of a header in the block, copied to out; "" when it is not there. */
static void header(struct rag_str head, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);
    out[0] = '\0';
    for (size_t i = 0; i + n < head.n; i++) {
        bool at_start = i == 0 || head.p[i - 1] == '\n';
        if (!at_start || strncasecmp(head.p + i, name, n) != 0 || head.p[i + n] != ':')
            continue;
        struct rag_str value = {head.p + i + n + 1, 0};
        while (i + n + 1 + value.n < head.n && value.p[value.n] != '\r' && value.p[value.n] != '\n')
            value.n++;
        value = rag_str_trim(value);
        snprintf(out, cap, "%.*s", RAG_STR_ARG(value));
        return;
    }
}

static int on_head(void *ud, int status, struct rag_str head)
{
    struct fetch *f = ud;
    char length[32];
    f->status = status;
    f->aside = status != 200 && status != 206;
    if (status >= 300 && status < 400)
        header(head, "Location", f->location, sizeof f->location);
    if (f->aside)
        return 0;
    if (status == 200 && f->have) { /* the server sends all of it again */
        f->have = 0;
        if (ftruncate(f->fd, 0) != 0 || lseek(f->fd, 0, SEEK_SET) != 0)
            return RAG_EIO;
    }
    header(head, "Content-Length", length, sizeof length);
    f->total = *length ? f->have + atoll(length) : 0;
    return 0;
}

static int on_data(void *ud, struct rag_str data)
{
    struct fetch *f = ud;
    char text[200];
    if (f->aside)
        return 0;
    if (rag_fs_write_all(f->fd, data.p, data.n) != 0)
        return RAG_EIO;
    f->have += (long long)data.n;
    snprintf(text, sizeof text, "%s  %.1f of %.1f MB", f->label, (double)f->have / 1e6,
             (double)f->total / 1e6);
    rag_progress_draw(&f->bar, f->total ? (double)f->have / (double)f->total : 0, text);
    return 0;
}

/* One request. *again: it was a redirect, f->location says where to. */
static int request(struct rag_http_client *http, struct fetch *f, const char *url, bool *again,
                   struct rag_err *err)
{
    char range[64];
    const char *headers[] = {range, NULL};
    struct rag_buf reply;
    int status = 0;
    rag_buf_init(&reply, RAG_MIB);
    snprintf(range, sizeof range, "Range: bytes=%lld-", f->have);
    struct rag_http_call call = {.method = "GET",
                                 .url = url,
                                 .headers = f->have ? headers : NULL,
                                 .max_reply = RAG_LIMIT_MODEL_FILE,
                                 .on_data = on_data,
                                 .on_head = on_head,
                                 .ud = f};
    f->location[0] = '\0';
    int rc = rag_http_client_call(http, &call, &status, &reply, err);
    *again = rc == 0 && status >= 300 && status < 400 && f->location[0];
    if (rc == RAG_ECANCELED)
        rc = rag_err_set(err, RAG_EIO, "cannot write %s: %s", f->part, strerror(errno));
    else if (rc == 0 && status == 416) /* nothing is left to send */
        rc = 0;
    else if (rc == 0 && !*again && status != 200 && status != 206)
        rc = rag_err_set(err, status == 404 ? RAG_ENOTFOUND : RAG_EUPSTREAM,
                         "%s: the server answered with status %d", f->label, status);
    if (rc == 0 && !*again && f->total && f->have != f->total)
        rc = rag_err_set(err, RAG_ENET, "%s: only %lld of %lld bytes came", f->label, f->have, f->total);
    rag_buf_free(&reply);
    return rc;
}

int rag_fetch_url(struct rag_http_client *http, const char *url, const char *path, const char *label,
                  struct rag_err *err)
{
    char part[PATH_MAX], at[2048];
    struct fetch f = {.label = label, .part = part};
    bool again = true;
    int rc = 0;
    snprintf(at, sizeof at, "%s", url);
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return rag_err_set(err, RAG_EINVAL, "path is too long: %.200s…", path);
    f.fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (f.fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot create %s: %s", part, strerror(errno));
    f.have = lseek(f.fd, 0, SEEK_END);
    rag_progress_init(&f.bar, stderr);
    for (int i = 0; rc == 0 && again; i++) {
        rc = i > REDIRECTS ? rag_err_set(err, RAG_EUPSTREAM, "%s: more than %d redirects", label, REDIRECTS)
                           : request(http, &f, at, &again, err);
        if (rc == 0 && again && strncmp(f.location, "http", 4) != 0)
            rc = rag_err_set(err, RAG_EUPSTREAM,
                             "%s: a redirect leads to \"%.200s\", which is no http address", label,
                             f.location);
        snprintf(at, sizeof at, "%s", f.location);
    }
    rag_progress_clear(&f.bar);
    if (rc == 0 && fsync(f.fd) != 0)
        rc = rag_err_set(err, RAG_EIO, "cannot write %s: %s", part, strerror(errno));
    close(f.fd);
    if (rc == 0 && rename(part, path) != 0)
        rc = rag_err_set(err, RAG_EIO, "cannot rename %s: %s", part, strerror(errno));
    return rc;
}

/* ---- npm ---- */

/* Without network npm by itself tries on for minutes, without a word. */
#define PATIENCE "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"

/* Runs npm with these arguments; its standard output goes to *out. RAG_ENOTFOUND when there is no npm. */
static int run_npm(char *const argv[], struct rag_buf *out, struct rag_err *err)
{
    int pipe_fds[2], status = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return rag_err_set(err, RAG_EIO, "cannot start npm: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int e = posix_spawnp(&pid, "npm", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    if (e) {
        close(pipe_fds[0]);
        return rag_err_set(err, e == ENOENT ? RAG_ENOTFOUND : RAG_EIO, "cannot start npm: %s", strerror(e));
    }
    char block[4096];
    for (ssize_t n; (n = read(pipe_fds[0], block, sizeof block)) > 0 || (n < 0 && errno == EINTR);)
        if (n > 0)
            rag_buf_add(out, block, (size_t)n);
    close(pipe_fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0
                       : rag_err_set(err, RAG_ENET,
                                     "npm failed (status %d): is the network reachable? Without it, copy "
                                     "model_repository from another machine.",
                                     WEXITSTATUS(status));
}

static int ask_npm(const char *package, struct rag_buf *url, struct rag_err *err)
{
    char *argv[] = {"npm", "view", (char *)package, "dist.tarball", PATIENCE, NULL};
    int rc = run_npm(argv, url, err);
    struct rag_str line = rag_str_trim(rag_buf_str(url));
    if (rc)
        return rag_err_prefix(err, "%s", package);
    if (line.n < 8 || strncmp(line.p, "http", 4) != 0)
        return rag_err_set(err, RAG_EUPSTREAM, "npm knows no archive of %s", package);
    url->p[(size_t)(line.p - url->p) + line.n] = '\0';
    rag_buf_consume(url, (size_t)(line.p - url->p));
    return 0;
}

/* npm may reach what we cannot (a proxy with a login, its own certificates), but without progress or resume.
 */
static int pack_by_npm(const char *package, const char *path, struct rag_err *err)
{
    char dir[PATH_MAX], packed[PATH_MAX + 256];
    struct rag_buf name;
    rag_buf_init(&name, 4096);
    snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    *slash = '\0';
    char *argv[] = {"npm",           "pack",   "--silent", "--ignore-scripts", "--pack-destination", dir,
                    (char *)package, PATIENCE, NULL};
    int rc = run_npm(argv, &name, err);
    struct rag_str file = rag_str_trim(rag_buf_str(&name));
    snprintf(packed, sizeof packed, "%s/%.*s", dir, RAG_STR_ARG(file));
    if (rc == 0 && rename(packed, path) != 0)
        rc = rag_err_set(err, RAG_EIO, "npm pack left no %s: %s", packed, strerror(errno));
    rag_buf_free(&name);
    return rc;
}

int rag_fetch_npm(struct rag_http_client *http, const char *package, const char *path, struct rag_err *err)
{
    struct rag_buf url;
    rag_buf_init(&url, 4096);
    int rc = ask_npm(package, &url, err);
    if (rc == 0) {
        rc = rag_fetch_url(http, url.p, path, package, err);
        if (rc && pack_by_npm(package, path, NULL) == 0)
            rc = 0;
    }
    rag_buf_free(&url);
    return rc;
}
