/* patch.c: PATCH config: checks everything on a copy of the patched layer, stores it, then puts it in force.
 */
#include "config/layers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "text/json.h"
#include "text/toml.h"

struct patching {
    struct rag_config *c;
    struct rag_layer_values wanted; /* checked values of the request */
    struct rag_config_view next;    /* the view as it will be */
    struct rag_err *err;
};

/* ---- reading the request ---- */

static bool is_section(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < rag_n_options; i++)
        if (strncmp(rag_options[i].key, path, n) == 0 && rag_options[i].key[n] == '.')
            return true;
    return false;
}

/* "<secret>_set" is ours: it comes back when a client sends what GET gave it. */
static bool is_set_flag(const char *path)
{
    size_t n = strlen(path);
    if (n < 4 || strcmp(path + n - 4, "_set") != 0)
        return false;
    int row = rag_option_find((struct rag_str){path, n - 4}, NULL);
    return row >= 0 && rag_options[row].type == RAG_OPT_SECRET;
}

static int read_request(struct patching *p, const json_t *table, const char *prefix)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)table, key, value)
    {
        char path[512];
        int rc = 0;
        if ((size_t)snprintf(path, sizeof path, "%s.%s", prefix, key) >= sizeof path)
            continue;
        int row = rag_option_find(rag_str_of(path), NULL);
        if (row >= 0) {
            json_t *checked = rag_option_check(&rag_options[row], value, p->err);
            if (!checked)
                return p->err ? p->err->code : RAG_EINVAL;
            rag_layer_set(&p->wanted, (size_t)row, checked);
        } else if (is_section(path) && json_is_object(value)) {
            rc = read_request(p, value, path);
        } else if (is_section(path) && !json_is_null(value)) {
            rc = rag_err_set(p->err, RAG_ESCHEMA, "%s must be an object with its options", path);
        } else if (!is_section(path) && !is_set_flag(path)) {
            rag_info("config", "PATCH config: %s is not used here", path);
        }
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- changing the copy ---- */

static bool is_mask(const json_t *value)
{
    const char *s = json_string_value(value);
    return s && strstr(s, "***");
}

/* TOML has no null: "" stands for it in text, and other options fall back to what the file says. */
static json_t *storable(const struct rag_option *o, json_t *value)
{
    if (!json_is_null(value))
        return json_incref(value);
    bool is_text = o->type == RAG_OPT_STR || o->type == RAG_OPT_URL || o->type == RAG_OPT_SECRET;
    return is_text ? json_string("") : NULL;
}

/* null, and "" where null is allowed, are the same: no value. */
static bool same_value(const json_t *a, const json_t *b)
{
    bool a_none = json_is_null(a) || (json_is_string(a) && !json_string_length(a));
    bool b_none = json_is_null(b) || (json_is_string(b) && !json_string_length(b));
    return (a_none && b_none) || json_equal(a, b);
}

static int change(struct patching *p, size_t row)
{
    const struct rag_option *o = &rag_options[row];
    json_t *value = p->wanted.v[row];
    if (!value || (o->type == RAG_OPT_SECRET && is_mask(value)) ||
        same_value(value, rag_view_value(&p->next, row)))
        return 0;
    if (p->c->fixed_by[row])
        return rag_err_set(p->err, RAG_EINVAL,
                           "%s cannot be changed here: it is fixed by %s. Change it there.", o->key,
                           p->c->fixed_by[row]);
    rag_layer_set(&p->next.layer[RAG_LAYER_PATCH], row, storable(o, value));
    return 0;
}

/* Defaults by source depend on other options, so they are compared after those have changed. */
static int change_all(struct patching *p)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rag_n_options; i++)
        rc = rag_options[i].by_source ? 0 : change(p, i);
    for (size_t i = 0; rc == 0 && i < rag_n_options; i++)
        rc = rag_options[i].by_source ? change(p, i) : 0;
    return rc;
}

/* ---- secrets follow no address to another host ---- */

static bool host_changed(const struct patching *p, size_t row)
{
    char before[512], after[512];
    rag_config_host(rag_view_text(&p->c->view, row), before, sizeof before);
    rag_config_host(rag_view_text(&p->next, row), after, sizeof after);
    return *before && strcmp(before, after) != 0;
}

static int guard_secret(struct patching *p, size_t i)
{
    const struct rag_option *o = &rag_options[i];
    if (o->type != RAG_OPT_SECRET || !o->host || !host_changed(p, rag_option_row(o->host)))
        return 0;
    if (p->c->fixed_by[i]) {
        bool used = *rag_view_text(&p->c->view, i), lost = !*rag_view_text(&p->next, i);
        if (used && lost)
            return rag_err_set(
                p->err, RAG_EINVAL,
                "%s cannot be changed to another host here: %s is fixed by %s and would be sent "
                "there. Change both there.",
                o->host, o->key, p->c->fixed_by[i]);
        return 0;
    }
    const json_t *wanted = p->wanted.v[i];
    if (json_string_length(wanted) && !is_mask(wanted))
        return 0; /* a new one comes along */
    bool in_file = json_string_length(p->next.layer[RAG_LAYER_FILE].v[i]);
    json_t *patched = p->next.layer[RAG_LAYER_PATCH].v[i];
    if (in_file || json_string_length(patched))
        rag_layer_set(&p->next.layer[RAG_LAYER_PATCH], i, json_string(""));
    return 0;
}

/* A model that is not there would keep the service from its next start. */
static int check_model(const struct patching *p)
{
    size_t row = rag_option_row("rag.embedding.model");
    const char *model = rag_view_text(&p->next, row);
    if (same_value(rag_view_value(&p->c->view, row), rag_view_value(&p->next, row)) ||
        strcmp(rag_view_text(&p->next, rag_option_row("rag.embedding.source")), "huggingface") != 0)
        return 0;
    if (strchr(model, '/') || *model == '.')
        return rag_err_set(p->err, RAG_EINVAL,
                           "rag.embedding.model must be the name of a folder, not a path");
    struct rag_arena scratch = {0};
    const char *configured = rag_view_text(&p->next, rag_option_row("server.model_dir"));
    const char *dir = rag_config_model_dir_with(&scratch, configured, model);
    const char *path = rag_arena_printf(&scratch, "%s/%s", dir, model);
    int rc = path && rag_fs_is_dir(path)
                 ? 0
                 : rag_err_set(
                       p->err, RAG_EINVAL,
                       "rag.embedding.model: there is no model %s in %s. Fetch it with `pai_rag load_model` "
                       "or put its folder there first.",
                       model, dir);
    rag_arena_free(&scratch);
    return rc;
}

static int check_next(struct patching *p)
{
    struct rag_arena scratch = {0};
    struct rag_engine_opts opts;
    int rc = rag_view_engine_opts(p->c, &p->next, &scratch, &opts, p->err);
    rag_arena_free(&scratch);
    return rc ? rc : check_model(p);
}

/* ---- storing ---- */

static int store(const struct patching *p)
{
    struct rag_buf text;
    rag_buf_init(&text, RAG_LIMIT_CONFIG_FILE);
    json_t *tree = rag_layer_tree(&p->next.layer[RAG_LAYER_PATCH]);
    rag_buf_adds(&text,
                 "# Written by pai_rag: the settings changed by PATCH config. They win over settings.toml;\n"
                 "# the environment and flags win over them. Delete a line to go back.\n");
    rag_toml_write(tree, &text);
    int rc = text.err ? rag_err_set(p->err, text.err, "the settings are larger than %zu bytes", text.max)
                      : rag_fs_mkdirs(p->c->data_dir, p->err);
    if (rc == 0)
        rc = rag_fs_write_durable(p->c->snapshot, text.p, text.n, p->err);
    json_decref(tree);
    rag_buf_free(&text);
    return rc;
}

static bool changed(const struct patching *p)
{
    json_t *const *before = p->c->view.layer[RAG_LAYER_PATCH].v, *const *after =
                                                                     p->next.layer[RAG_LAYER_PATCH].v;
    for (size_t i = 0; i < rag_n_options; i++)
        if (before[i] != after[i])
            return true;
    return false;
}

static int apply(struct patching *p)
{
    int rc = changed(p) ? store(p) : 0;
    if (rc)
        return rc;
    pthread_rwlock_wrlock(&p->c->lock);
    struct rag_layer_values before = p->c->view.layer[RAG_LAYER_PATCH];
    p->c->view.layer[RAG_LAYER_PATCH] = p->next.layer[RAG_LAYER_PATCH];
    p->next.layer[RAG_LAYER_PATCH] = before; /* freed by the caller */
    pthread_rwlock_unlock(&p->c->lock);
    return 0;
}

static int copy_layer(struct patching *p)
{
    struct rag_layer_values *to = &p->next.layer[RAG_LAYER_PATCH];
    p->next = p->c->view;
    if (rag_layer_init(to))
        return RAG_ENOMEM;
    for (size_t i = 0; i < rag_n_options; i++)
        to->v[i] = json_incref(p->c->view.layer[RAG_LAYER_PATCH].v[i]);
    return rag_layer_init(&p->wanted);
}

int rag_config_patch(struct rag_config *c, struct rag_str json, struct rag_err *err)
{
    struct rag_err local = {0};
    struct patching p = {.c = c, .err = err ? err : &local};
    json_t *request = rag_json_parse(json, p.err);
    if (!request)
        return p.err->code;
    /* Only this function writes the patched layer, so holding `patching` is enough to read it. */
    pthread_mutex_lock(&c->patching);
    int rc = copy_layer(&p) ? rag_err_set(p.err, RAG_ENOMEM, "out of memory while changing the settings") : 0;
    if (rc == 0 && !json_is_object(request))
        rc = rag_err_set(p.err, RAG_ESCHEMA,
                         "the body must be a JSON object in the shape that GET config returns");
    if (rc == 0)
        rc = read_request(&p, request, "rag");
    if (rc == 0)
        rc = change_all(&p);
    for (size_t i = 0; rc == 0 && i < rag_n_options; i++)
        rc = guard_secret(&p, i);
    if (rc == 0)
        rc = check_next(&p);
    if (rc == 0)
        rc = apply(&p);
    rag_layer_free(&p.next.layer[RAG_LAYER_PATCH]);
    rag_layer_free(&p.wanted);
    pthread_mutex_unlock(&c->patching);
    json_decref(request);
    return rc;
}
