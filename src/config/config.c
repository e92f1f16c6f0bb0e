/* config.c: opens the settings layer by layer and reads single values. */
#include "config/layers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/log.h"

static int read_defaults(struct rag_config *c, struct rag_err *err)
{
    for (size_t i = 0; i < rag_n_options; i++) {
        const struct rag_option *o = &rag_options[i];
        json_t *value = o->dflt ? rag_option_from_text(o, rag_str_of(o->dflt), err) : json_null();
        if (!value)
            return rag_err_prefix(err, "bug in the table of options");
        rag_layer_set(&c->view.layer[RAG_LAYER_DEFAULT], i, value);
        for (const char *p = o->by_source; p && *p;) {
            size_t n = strcspn(p, "|"), name = strcspn(p, "=") + 1;
            json_object_setn_new(c->view.texts, p + name, n - name, json_stringn(p + name, n - name));
            p += n + (p[n] == '|');
        }
    }
    return 0;
}

/* -c must exist; the usual places need not. */
static int read_settings(struct rag_config *c, const char *file, struct rag_err *err)
{
    static const char *const usual[] = {"settings.toml", "/etc/pai_rag/settings.toml"};
    struct rag_layer_values *l = &c->view.layer[RAG_LAYER_FILE];
    if (file)
        return rag_layer_read_file(l, file, err);
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (rag_fs_exists(usual[i]))
            return rag_layer_read_file(l, usual[i], err);
    return 0;
}

static int remember_start(struct rag_config *c)
{
    c->started = calloc(rag_n_options, sizeof(json_t *));
    if (!c->started)
        return RAG_ENOMEM;
    for (size_t i = 0; i < rag_n_options; i++)
        if (rag_options[i].flags & RAG_OPT_RESTART)
            c->started[i] = json_incref(rag_view_value(&c->view, i));
    return 0;
}

static int allocate(struct rag_config *c, const char *data_dir)
{
    pthread_rwlock_init(&c->lock, NULL);
    pthread_mutex_init(&c->patching, NULL);
    for (int i = 0; i < RAG_LAYERS; i++)
        if (rag_layer_init(&c->view.layer[i]))
            return RAG_ENOMEM;
    c->view.texts = json_object();
    c->fixed_by = calloc(rag_n_options, sizeof *c->fixed_by);
    c->data_dir = strdup(data_dir ? data_dir : "./localdata");
    if (!c->view.texts || !c->fixed_by || !c->data_dir ||
        asprintf(&c->snapshot, "%s/settings.snapshot.toml", c->data_dir) < 0)
        return RAG_ENOMEM;
    return 0;
}

/* Secrets that the operator fixed but that a patched address keeps from being used: say so once. */
static void warn_unused_secrets(const struct rag_config *c)
{
    for (size_t i = 0; i < rag_n_options; i++)
        if (rag_options[i].type == RAG_OPT_SECRET && c->fixed_by[i] &&
            json_is_null(rag_view_value(&c->view, i)) &&
            json_string_length(c->view.layer[RAG_LAYER_FIXED].v[i]))
            rag_warn("config", "%s from %s is not used: %s was changed to another host by PATCH config (%s)",
                     rag_options[i].key, c->fixed_by[i], rag_options[i].host, c->snapshot);
}

int rag_config_open(const struct rag_config_sources *src, struct rag_config **out, struct rag_err *err)
{
    struct rag_arena scratch = {0};
    struct rag_engine_opts opts;
    int rc = 0;
    *out = NULL;
    struct rag_config *c = calloc(1, sizeof *c);
    if (!c || allocate(c, src->data_dir)) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory while reading the settings");
        goto out;
    }
    rc = read_defaults(c, err);
    if (rc == 0)
        rc = read_settings(c, src->file, err);
    if (rc == 0 && rag_fs_exists(c->snapshot))
        rc = rag_layer_read_file(&c->view.layer[RAG_LAYER_PATCH], c->snapshot, err);
    if (rc == 0)
        rc = rag_layer_read_fixed(c, src, err);
    if (rc == 0 && remember_start(c))
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory while reading the settings");
    if (rc == 0)
        rc = rag_view_engine_opts(c, &c->view, &scratch, &opts, err);
    if (rc)
        goto out;
    warn_unused_secrets(c);
    *out = c;
    c = NULL;
out:
    rag_arena_free(&scratch);
    rag_config_close(c);
    return rc;
}

void rag_config_close(struct rag_config *c)
{
    if (!c)
        return;
    for (int i = 0; i < RAG_LAYERS; i++)
        rag_layer_free(&c->view.layer[i]);
    for (size_t i = 0; i < rag_n_options; i++) {
        if (c->fixed_by)
            free(c->fixed_by[i]);
        if (c->started)
            json_decref(c->started[i]);
    }
    free(c->fixed_by);
    free(c->started);
    json_decref(c->view.texts);
    free(c->data_dir);
    free(c->snapshot);
    pthread_rwlock_destroy(&c->lock);
    pthread_mutex_destroy(&c->patching);
    free(c);
}

/* ---- single values ---- */

/* Lists with commas between; other values as JSON writes them. */
static const char *as_text(struct rag_arena *a, const json_t *v)
{
    if (json_is_null(v))
        return "";
    if (json_is_string(v))
        return rag_arena_strdup(a, json_string_value(v));
    if (json_is_array(v)) {
        const char *list = "";
        size_t i;
        json_t *item;
        json_array_foreach((json_t *)v, i, item)
        {
            list = rag_arena_printf(a, "%s%s%s", list, i ? "," : "", as_text(a, item));
        }
        return list;
    }
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
    const char *copy = rag_arena_strdup(a, text ? text : "");
    free(text);
    return copy;
}

const char *rag_config_str(struct rag_config *c, struct rag_arena *a, const char *key)
{
    size_t row = rag_option_row(key);
    pthread_rwlock_rdlock(&c->lock);
    const char *text = as_text(a, rag_view_value(&c->view, row));
    pthread_rwlock_unlock(&c->lock);
    return text;
}

double rag_config_num(struct rag_config *c, const char *key)
{
    size_t row = rag_option_row(key);
    pthread_rwlock_rdlock(&c->lock);
    double v = json_number_value(rag_view_value(&c->view, row));
    pthread_rwlock_unlock(&c->lock);
    return v;
}

long long rag_config_int(struct rag_config *c, const char *key)
{
    return (long long)rag_config_num(c, key);
}

bool rag_config_bool(struct rag_config *c, const char *key)
{
    size_t row = rag_option_row(key);
    pthread_rwlock_rdlock(&c->lock);
    bool v = json_is_true(rag_view_value(&c->view, row));
    pthread_rwlock_unlock(&c->lock);
    return v;
}

int rag_config_engine_opts(struct rag_config *c, struct rag_arena *a, struct rag_engine_opts *out,
                           struct rag_err *err)
{
    pthread_rwlock_rdlock(&c->lock);
    int rc = rag_view_engine_opts(c, &c->view, a, out, err);
    pthread_rwlock_unlock(&c->lock);
    return rc;
}
