/* upload.c: makes uploads durable before they are acknowledged; administers documents and their stored files.
 */
#include "rag/files.h"

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

int rag_file_store(const struct rag_settings *s, struct rag_arena *a, const struct rag_upload_file *file,
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

void rag_file_remove(struct rag_engine *e, const char *stored_path)
{
    char path[PATH_MAX];
    struct rag_settings *s = rag_settings_acquire(e);
    stored_full_path(s, stored_path, path);
    rag_settings_release(s);
    if (unlink(path) != 0 && errno != ENOENT)
        rag_warn("files", "cannot delete %s: %s", path, strerror(errno));
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void rag_file_sweep(struct rag_engine *e)
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
        rag_info("files", "removed %zu stored files that nothing refers to", removed);
out:
    if (d)
        closedir(d);
    rag_arena_free(&a);
}
