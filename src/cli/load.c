/* load.c: keeps a number of files under way, so that their passages are embedded together, and shows how far.
 */
#include "cli/load.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/progress.h"

enum { UNDER_WAY = 16, POLL_MS = 200, MAX_FILES = 1000000 };

/* ---- which files ---- */

struct collecting {
    struct rag_arena *a;
    struct rag_load_file *v;
    size_t n, cap;
};

static int add_file(struct collecting *c, const char *path, const char *name, long long size)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 64;
        struct rag_load_file *v = cap <= MAX_FILES ? rag_arena_array(c->a, cap, sizeof *v) : NULL;
        if (!v)
            return RAG_ENOMEM;
        if (c->n)
            memcpy(v, c->v, c->n * sizeof *v);
        c->v = v;
        c->cap = cap;
    }
    struct rag_load_file f = {rag_arena_strdup(c->a, path), rag_arena_strdup(c->a, name), size};
    if (!f.path || !f.name)
        return RAG_ENOMEM;
    c->v[c->n++] = f;
    return 0;
}

/* Name below the root; the file's own name when the root is the file. */
static const char *name_below(const char *root, const FTSENT *e)
{
    size_t n = strlen(root);
    if (e->fts_level == 0)
        return e->fts_name;
    while (n && root[n - 1] == '/')
        n--;
    const char *name = e->fts_path + n;
    return name + strspn(name, "/");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct rag_load_file *)a)->name, ((const struct rag_load_file *)b)->name);
}

static const char *base_of(const struct rag_load_file *f)
{
    const char *slash = strrchr(f->name, '/');
    return slash ? slash + 1 : f->name;
}

static int by_base(const void *a, const void *b)
{
    return strcmp(base_of(a), base_of(b));
}

/* Documents are told apart by their name alone, so "a/x.md" and "b/x.md" become "a_x.md" and "b_x.md"; a name
 * that occurs once stays as it is. */
static int name_apart(struct collecting *c)
{
    if (c->n)
        qsort(c->v, c->n, sizeof *c->v, by_base);
    for (size_t i = 0, end; i < c->n; i = end) {
        const char *base = base_of(&c->v[i]);
        for (end = i + 1; end < c->n && strcmp(base, base_of(&c->v[end])) == 0;)
            end++;
        for (size_t k = i; k < end; k++) {
            char *name = rag_arena_strdup(c->a, end - i > 1 ? c->v[k].name : base);
            if (!name)
                return RAG_ENOMEM;
            for (char *p = name; *p; p++)
                *p = *p == '/' ? '_' : *p;
            c->v[k].name = name;
        }
    }
    return 0;
}

int rag_load_collect(const char *path, const char *pattern, struct rag_arena *a, struct rag_load_file **out,
                     size_t *n, struct rag_err *err)
{
    struct collecting c = {.a = a};
    char *roots[] = {(char *)path, NULL};
    int rc = 0;
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);
    if (!tree)
        return rag_err_set(err, RAG_EIO, "cannot read %s: %s", path, strerror(errno));
    for (FTSENT *e; rc == 0 && (e = fts_read(tree));) {
        bool hidden = e->fts_level > 0 && e->fts_name[0] == '.';
        if (e->fts_info == FTS_D && hidden)
            fts_set(tree, e, FTS_SKIP);
        else if (e->fts_info == FTS_NS || e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            rc = rag_err_set(err, RAG_EIO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
        else if (e->fts_info == FTS_F && !hidden && fnmatch(pattern, e->fts_name, 0) == 0 &&
                 add_file(&c, e->fts_path, name_below(path, e), (long long)e->fts_statp->st_size))
            rc = rag_err_set(err, RAG_ENOMEM, "%s holds more than %d files", path, MAX_FILES);
    }
    fts_close(tree);
    if (rc == 0 && name_apart(&c))
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory while listing %s", path);
    if (c.n)
        qsort(c.v, c.n, sizeof *c.v, by_name);
    *out = c.v;
    *n = c.n;
    return rc;
}

/* ---- loading ---- */

struct slot {
    const struct rag_load_file *file; /* NULL = free */
    char task_id[33];
    struct rag_load_state state;
};

struct loading {
    const struct rag_loader *loader;
    struct slot slot[UNDER_WAY];
    struct rag_load_sum *sum;
    size_t total;
    double begun;
    struct rag_progress bar;
};

static void draw(struct loading *l)
{
    char text[160], eta[32] = "";
    double part = 0, seconds = rag_clock_mono_s() - l->begun;
    long long pages = l->sum->pages;
    const struct slot *first = NULL;
    for (size_t i = 0; i < UNDER_WAY; i++) {
        if (!l->slot[i].file)
            continue;
        part += l->slot[i].state.progress;
        first = first && first->state.progress >= l->slot[i].state.progress ? first : &l->slot[i];
    }
    double done = (double)l->sum->done + part;
    if (done > 0 && seconds > 1) {
        long left = (long)(seconds * ((double)l->total - done) / done + 0.5);
        snprintf(eta, sizeof eta, ", ETA %ld:%02ld", left / 60, left % 60);
    }
    snprintf(text, sizeof text, "%zu/%zu files, %.1f files/s, %.1f pages/s%s %s %s", l->sum->done, l->total,
             seconds > 0 ? (double)l->sum->done / seconds : 0, seconds > 0 ? (double)pages / seconds : 0, eta,
             first ? first->file->name : "", first ? first->state.stage : "");
    rag_progress_draw(&l->bar, l->total ? done / (double)l->total : 1, text);
}

static void report(struct loading *l, const char *name, const char *what, const char *note)
{
    rag_progress_clear(&l->bar);
    fprintf(stderr, "%s: %s%s%s\n", name, what, *note ? ": " : "", note);
}

static void finish(struct loading *l, struct slot *s)
{
    const struct rag_load_state *st = &s->state;
    l->sum->done++;
    l->sum->failed += st->failed;
    l->sum->duplicates += st->duplicate;
    l->sum->pages += st->pages;
    l->sum->chunks += st->chunks;
    if (st->failed)
        report(l, s->file->name, "failed", st->note);
    else if (*st->note)
        report(l, s->file->name, "loaded", st->note);
    s->file = NULL;
}

/* A file that cannot be read is that file's failure; anything else would hit every file. */
static int submit(struct loading *l, struct slot *s, const struct rag_load_file *file, struct rag_err *err)
{
    int rc = l->loader->submit(l->loader->ud, file, s->task_id, err);
    s->state = (struct rag_load_state){.stage = "queued"};
    s->file = file;
    if (rc != RAG_EIO && rc != RAG_ENOTFOUND && rc != RAG_ETOOBIG && rc != RAG_EINVAL)
        return rc;
    s->state.failed = true;
    snprintf(s->state.note, sizeof s->state.note, "%s", err->msg);
    finish(l, s);
    return 0;
}

static int poll_all(struct loading *l, struct rag_err *err)
{
    for (size_t i = 0; i < UNDER_WAY; i++) {
        struct slot *s = &l->slot[i];
        if (!s->file)
            continue;
        int rc = l->loader->poll(l->loader->ud, s->task_id, &s->state, err);
        if (rc)
            return rc;
        if (s->state.finished)
            finish(l, s);
    }
    return 0;
}

int rag_load_files(const struct rag_loader *loader, const struct rag_load_file *files, size_t n,
                   struct rag_load_sum *sum, struct rag_err *err)
{
    struct loading l = {.loader = loader, .sum = sum, .total = n, .begun = rag_clock_mono_s()};
    size_t next = 0;
    int rc = 0;
    *sum = (struct rag_load_sum){0};
    rag_progress_init(&l.bar, stderr);
    while (rc == 0 && sum->done < n) {
        for (size_t i = 0; rc == 0 && i < UNDER_WAY && next < n; i++)
            if (!l.slot[i].file)
                rc = submit(&l, &l.slot[i], &files[next++], err);
        if (rc == 0)
            rc = poll_all(&l, err);
        draw(&l);
        if (rc == 0 && sum->done < n && !loader->wait(loader->ud, POLL_MS))
            rc = rag_err_set(err, RAG_ECANCELED, "stopped after %zu of %zu files", sum->done, n);
    }
    rag_progress_clear(&l.bar);
    sum->seconds = rag_clock_mono_s() - l.begun;
    return rc;
}
