/* upload.c: makes uploads durable before they are acknowledged; administers documents and their stored files.
 */
#include "rag/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/sha256.h"
#include "text/utf8.h"

/* Stored files live at data_dir/files/<id>; the client's name is a label and never part of a path. */
static void stored_full_path(const struct rag_settings *s, const char *stored, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", s->opts.data_dir, stored);
}

/* The last component of what the client sent, as clean UTF-8 without control characters, at most 255 bytes.
 */
static char *label_of(struct rag_arena *a, const char *sent)
{
    const char *base = sent ? sent : "";
    for (const char *p = base; *p; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    struct rag_buf clean;
    rag_buf_init(&clean, 4 * strlen(base) + 4);
    rag_utf8_clean(&clean, rag_str_trim(rag_str_of(base)));
    for (size_t i = 0; i < clean.n; i++)
        if ((unsigned char)clean.p[i] < 0x20 || clean.p[i] == 0x7f)
            clean.p[i] = '_';
    struct rag_str s = rag_buf_str(&clean);
    if (s.n > RAG_LIMIT_FILE_NAME) { /* keep the end: the extension chooses the reader */
        size_t cut = s.n - RAG_LIMIT_FILE_NAME;
        while (cut < s.n && ((unsigned char)s.p[cut] & 0xC0) == 0x80)
            cut++;
        s.p += cut;
        s.n -= cut;
    }
    if (s.n == 0 || rag_str_eqz(s, ".") || rag_str_eqz(s, ".."))
        s = RAG_STR("unnamed");
    char *label = rag_arena_strndup(a, s.p, s.n);
    rag_buf_free(&clean);
    return label;
}

/* Syncs the received file and moves it to its place. */
static int store_file(const struct rag_settings *s, struct rag_arena *a, const struct rag_upload_file *file,
                      struct rag_store_job_file *out, struct rag_err *err)
{
    char id[RAG_ID_HEX + 1], path[PATH_MAX], sha[65];
    struct stat st;
    int rc = rag_sha256_file(file->temp_path, sha, err);
    if (rc)
        return rc;
    int fd = open(file->temp_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0 || fsync(fd) != 0)
        rc = rag_err_set(err, RAG_EIO, "cannot store '%s': %s", file->name, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (rc)
        return rc;
    rag_id_new(id);
    out->name = label_of(a, file->name);
    out->stored_path = rag_arena_printf(a, "files/%s", id);
    out->sha256 = rag_arena_strdup(a, sha);
    out->size = st.st_size;
    if (!out->name || !out->stored_path || !out->sha256)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    stored_full_path(s, out->stored_path, path);
    if (rename(file->temp_path, path) != 0)
        return rag_err_set(err, RAG_EIO, "cannot store '%s': %s", out->name, strerror(errno));
    return 0;
}

int rag_ingest_submit(struct rag_engine *e, const char *index, const struct rag_upload_file *files, size_t n,
                      char task_id[33], struct rag_err *err)
{
    struct rag_arena a;
    rag_arena_init(&a, 16 * RAG_MIB);
    struct rag_settings *s = rag_settings_acquire(e);
    char path[PATH_MAX];
    size_t stored = 0;
    int64_t index_id;
    int rc = rag_store_index_id(e->store, index && *index ? index : "default_index", &index_id, err);
    if (rc)
        goto out;
    if (n == 0 || n > RAG_LIMIT_UPLOAD_FILES) {
        rc = rag_err_set(err, RAG_EINVAL, "one upload takes 1 to %d files, not %zu", RAG_LIMIT_UPLOAD_FILES,
                         n);
        goto out;
    }
    struct rag_store_job_file *jobs = rag_arena_array(&a, n, sizeof *jobs);
    if (!jobs) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory");
        goto out;
    }
    for (; stored < n; stored++)
        if ((rc = store_file(s, &a, &files[stored], &jobs[stored], err)))
            goto undo;
    snprintf(path, sizeof path, "%s/files", s->opts.data_dir);
    if ((rc = rag_fs_sync_dir(path, err)))
        goto undo;
    rag_id_new(task_id);
    if ((rc = rag_store_job_create(e->store, task_id, index_id, jobs, n, err)))
        goto undo;
    rag_ingest_wake(e);
    goto out;
undo:
    for (size_t i = 0; i < stored; i++)
        rag_upload_remove(e, jobs[i].stored_path);
out:
    rag_settings_release(s);
    rag_arena_free(&a);
    return rc;
}

void rag_upload_remove(struct rag_engine *e, const char *stored_path)
{
    char path[PATH_MAX];
    struct rag_settings *s = rag_settings_acquire(e);
    stored_full_path(s, stored_path, path);
    rag_settings_release(s);
    if (unlink(path) != 0 && errno != ENOENT)
        rag_warn("upload", "cannot delete %s: %s", path, strerror(errno));
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void rag_upload_sweep(struct rag_engine *e)
{
    struct rag_arena a;
    struct rag_err err;
    const char **live;
    size_t n, removed = 0;
    char dir[PATH_MAX];
    rag_arena_init(&a, RAG_LIMIT_ARENA);
    struct rag_settings *s = rag_settings_acquire(e);
    snprintf(dir, sizeof dir, "%s/files", s->opts.data_dir);
    rag_settings_release(s);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    /* The folder is listed before the live paths: a file stored in between is then not in the list. */
    DIR *d = opendir(dir);
    if (!d || rag_store_live_paths(e->store, &a, &live, &n, &err))
        goto out;
    if (n)
        qsort(live, n, sizeof *live, compare_paths);
    for (struct dirent *f; (f = readdir(d));) {
        char rel[64];
        struct stat st;
        if (!rag_id_valid(f->d_name))
            continue;
        /* An upload whose job row is not written yet looks like an orphan: leave young files alone. */
        if (fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            st.st_ctim.tv_sec > now.tv_sec - 60)
            continue;
        snprintf(rel, sizeof rel, "files/%.40s", f->d_name);
        const char *key = rel;
        bool needed = n && bsearch(&key, live, n, sizeof *live, compare_paths);
        if (!needed && unlinkat(dirfd(d), f->d_name, 0) == 0)
            removed++;
    }
    if (removed)
        rag_info("upload", "removed %zu stored files that nothing refers to", removed);
out:
    if (d)
        closedir(d);
    rag_arena_free(&a);
}

/* ---- documents ---- */

int rag_document_list(struct rag_engine *e, struct rag_arena *a, const char *index, const char *query,
                      int limit, int offset, struct rag_document **out, size_t *n, int64_t *total,
                      struct rag_err *err)
{
    return rag_store_document_list(e->store, a, index && *index ? index : "default_index", query, limit,
                                   offset, out, n, total, err);
}

int rag_document_get(struct rag_engine *e, struct rag_arena *a, const char *id, struct rag_document *out,
                     struct rag_err *err)
{
    return rag_store_document_get(e->store, a, id, out, err);
}

int rag_document_delete(struct rag_engine *e, const char *id, struct rag_err *err)
{
    struct rag_arena a;
    rag_arena_init(&a, RAG_MIB);
    const char *stored = NULL;
    int rc = rag_store_document_delete(e->store, &a, id, &stored, err);
    if (!rc && stored)
        rag_upload_remove(e, stored);
    rag_arena_free(&a);
    return rc;
}
