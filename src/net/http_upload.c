/* http_upload.c: the parts of a multipart request: files straight to disk, plain fields in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_internal.h"
#include "net/multipart.h"
#include "text/utf8.h"

enum {
    MAX_FIELDS = 1000,
    MAX_FIELD = 64 * 1024,
    MAX_FIELDS_TOTAL = 4 * 1024 * 1024, /* bytes of all plain fields */
    KEPT_EXTENSION = 16,                /* bytes of an extension that survive the cut of a long name */
};

struct rag_http_upload {
    struct rag_multipart parser;
    struct rag_arena *arena;
    const char *dir;
    int max_files;
    struct rag_http_part *parts;
    size_t n, cap;
    int files, fields;
    int fd;               /* the file that is being received, or -1 */
    struct rag_buf value; /* the field that is being received */
    size_t fields_total;
};

/* The label of a file: valid UTF-8, at most RAG_LIMIT_FILE_NAME bytes, the extension kept. */
static const char *make_label(struct rag_arena *a, struct rag_str sent)
{
    struct rag_buf clean;
    rag_buf_init(&clean, 4 * sent.n + 4);
    rag_utf8_clean(&clean, sent);
    struct rag_str all = rag_buf_str(&clean);
    const char *label;
    if (all.n <= RAG_LIMIT_FILE_NAME) {
        label = rag_arena_strndup(a, all.p, all.n);
    } else {
        const char *dot = memrchr(all.p, '.', all.n);
        struct rag_str extension = {dot, dot ? all.n - (size_t)(dot - all.p) : 0};
        if (extension.n > KEPT_EXTENSION)
            extension.n = 0;
        size_t stem = rag_utf8_floor(all, RAG_LIMIT_FILE_NAME - extension.n);
        label = rag_arena_printf(a, "%.*s%.*s", (int)stem, all.p, RAG_STR_ARG(extension));
    }
    rag_buf_free(&clean);
    return label;
}

/* Names of temporary files are ours, never the client's. */
static int open_file(struct rag_http_upload *u, struct rag_http_part *part, struct rag_err *err)
{
    char id[RAG_ID_HEX + 1];
    rag_id_new(id);
    part->path = rag_arena_printf(u->arena, "%s/%s", u->dir, id);
    if (!part->path)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the upload");
    u->fd = open(part->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (u->fd >= 0)
        return 0;
    part->path = NULL;
    return rag_err_set(err, RAG_EIO, "cannot store the upload: %s", strerror(errno));
}

/* The part before a new one, or before the end, is complete. */
static int end_part(struct rag_http_upload *u, struct rag_err *err)
{
    if (u->n == 0)
        return 0;
    struct rag_http_part *part = &u->parts[u->n - 1];
    if (u->fd >= 0) {
        int rc = close(u->fd);
        u->fd = -1;
        return rc == 0 ? 0 : rag_err_set(err, RAG_EIO, "cannot store the upload: %s", strerror(errno));
    }
    if (!part->file_name && !part->value.p) {
        part->size = u->value.n;
        part->value = rag_arena_str(u->arena, rag_buf_str(&u->value));
        rag_buf_reset(&u->value);
        if (!part->value.p)
            return rag_err_set(err, RAG_ENOMEM, "not enough memory for the form fields");
    }
    return 0;
}

static struct rag_http_part *add_part(struct rag_http_upload *u)
{
    if (u->n == u->cap) {
        size_t cap = u->cap ? 2 * u->cap : 8;
        struct rag_http_part *grown = realloc(u->parts, cap * sizeof *grown);
        if (!grown)
            return NULL;
        u->parts = grown;
        u->cap = cap;
    }
    u->parts[u->n] = (struct rag_http_part){0};
    return &u->parts[u->n++];
}

static int on_part(void *ud, struct rag_str name, struct rag_str file_name, struct rag_err *err)
{
    struct rag_http_upload *u = ud;
    int rc = end_part(u, err);
    if (rc != 0)
        return rc;
    if (file_name.p && ++u->files > u->max_files)
        return rag_err_set(err, RAG_ETOOBIG, "more than %d files in one upload: send them in several",
                           u->max_files);
    if (!file_name.p && ++u->fields > MAX_FIELDS)
        return rag_err_set(err, RAG_ETOOBIG, "more than %d form fields in one request", MAX_FIELDS);
    struct rag_http_part *part = add_part(u);
    if (!part || !(part->name = rag_arena_str(u->arena, name)).p)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the upload");
    if (!file_name.p)
        return 0;
    part->file_name = make_label(u->arena, file_name);
    if (!part->file_name)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the upload");
    return open_file(u, part, err);
}

static int on_data(void *ud, struct rag_str data, struct rag_err *err)
{
    struct rag_http_upload *u = ud;
    struct rag_http_part *part = &u->parts[u->n - 1];
    if (part->file_name) {
        int rc = rag_fs_write_all(u->fd, data.p, data.n);
        if (rc != 0)
            return rag_err_set(err, RAG_EIO, "cannot store the upload: %s", strerror(-rc));
        part->size += data.n;
        return 0;
    }
    u->fields_total += data.n;
    if (u->fields_total > MAX_FIELDS_TOTAL || rag_buf_addstr(&u->value, data) != 0)
        return rag_err_set(err, RAG_ETOOBIG, "a form field is larger than %d KiB", MAX_FIELD / 1024);
    return 0;
}

struct rag_http_upload *rag_http_upload_new(struct rag_http_request *r, const char *content_type)
{
    struct rag_err err = {0};
    struct rag_http_upload *u = calloc(1, sizeof *u);
    if (!u) {
        rag_err_set(&r->fault, 503, "not enough memory for the upload");
        return NULL;
    }
    u->arena = &r->arena;
    u->dir = r->policy.upload_dir;
    u->max_files = r->policy.max_files > 0 ? r->policy.max_files : RAG_LIMIT_UPLOAD_FILES;
    u->fd = -1;
    rag_buf_init(&u->value, MAX_FIELD);
    if (rag_multipart_init(&u->parser, content_type, &err) != 0) {
        rag_err_set(&r->fault, rag_err_http(err.code), "%s", err.msg);
        rag_http_upload_free(u);
        return NULL;
    }
    u->parser.on_part = on_part;
    u->parser.on_data = on_data;
    u->parser.ud = u;
    return u;
}

void rag_http_upload_feed(struct rag_http_request *r, struct rag_str data)
{
    struct rag_err err = {0};
    int rc = rag_multipart_feed(&r->upload->parser, data, &err);
    if (rc != 0)
        rag_err_set(&r->fault, rag_err_http(rc), "%s", err.msg);
}

void rag_http_upload_finish(struct rag_http_request *r)
{
    struct rag_err err = {0};
    int rc = rag_multipart_finish(&r->upload->parser, &err);
    if (rc == 0)
        rc = end_part(r->upload, &err);
    if (rc != 0)
        rag_err_set(&r->fault, rag_err_http(rc), "%s", err.msg);
}

const struct rag_http_part *rag_http_upload_parts(const struct rag_http_upload *u, size_t *n)
{
    *n = u ? u->n : 0;
    return u ? u->parts : NULL;
}

void rag_http_upload_free(struct rag_http_upload *u)
{
    if (!u)
        return;
    if (u->fd >= 0)
        close(u->fd);
    for (size_t i = 0; i < u->n; i++)
        if (u->parts[i].path && unlink(u->parts[i].path) != 0 && errno != ENOENT)
            rag_warn("http", "cannot delete a temporary upload: %s", strerror(errno));
    rag_multipart_free(&u->parser);
    rag_buf_free(&u->value);
    free(u->parts);
    free(u);
}
