/* layers.c: fills the layers from TOML files, environment variables and flags. */
#include "config/layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "text/toml.h"

int rag_layer_init(struct rag_layer_values *l)
{
    l->v = calloc(rag_n_options, sizeof(json_t *));
    return l->v ? 0 : RAG_ENOMEM;
}

void rag_layer_free(struct rag_layer_values *l)
{
    for (size_t i = 0; l->v && i < rag_n_options; i++)
        json_decref(l->v[i]);
    free(l->v);
    l->v = NULL;
}

void rag_layer_set(struct rag_layer_values *l, size_t i, json_t *value)
{
    json_decref(l->v[i]);
    l->v[i] = value;
}

json_t *rag_layer_section(json_t *root, const char **key)
{
    for (size_t n; (*key)[n = strcspn(*key, ".")]; *key += n + 1) {
        json_t *below = json_object_getn(root, *key, n);
        if (!below)
            json_object_setn_new(root, *key, n, below = json_object());
        root = below;
    }
    return root;
}

json_t *rag_layer_tree(const struct rag_layer_values *l)
{
    json_t *root = json_object();
    for (size_t i = 0; i < rag_n_options; i++) {
        const char *name = rag_options[i].key;
        if (!l->v[i])
            continue;
        json_t *section = rag_layer_section(root, &name);
        json_object_set(section, name, l->v[i]);
    }
    return root;
}

/* ---- objects in the shape of the files ---- */

struct reading {
    struct rag_layer_values *into;
    const char *origin;
    json_t *places;
    struct rag_buf unknown; /* "a, b, c" */
    struct rag_err *err;
};

static const char *place_of(const struct reading *r, const char *path)
{
    const char *place = json_string_value(json_object_get(r->places, path));
    return place ? place : "";
}

static void note_unknown(struct reading *r, const char *path)
{
    /* The path comes from outside; the log keeps what fits. */
    rag_buf_printf(&r->unknown, "%s%s", r->unknown.n ? ", " : "", path);
}

static int read_leaf(struct reading *r, int row, bool is_old, const char *path, const json_t *value)
{
    if (is_old && r->into->v[row])
        return 0; /* the new name beats the old one */
    struct rag_err bad = {0};
    json_t *checked = rag_option_check(&rag_options[row], value, &bad);
    if (checked) {
        rag_layer_set(r->into, (size_t)row, checked);
        return 0;
    }
    if (is_old) { /* words of an older PAI-RAG that mean nothing here */
        note_unknown(r, path);
        return 0;
    }
    const char *place = place_of(r, path);
    return rag_err_set(r->err, bad.code, "%s%s%s: %s", r->origin, *place ? ", " : "", place, bad.msg);
}

/* Old names are read in a second pass, so that the order in the file does not matter. */
static int read_table(struct reading *r, const json_t *table, const char *prefix, bool old_pass)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)table, key, value)
    {
        char path[512];
        bool is_old = false;
        int rc = 0;
        if ((size_t)snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key) >= sizeof path)
            continue;
        int row = rag_option_find(rag_str_of(path), &is_old);
        if (row >= 0 && is_old == old_pass)
            rc = read_leaf(r, row, is_old, path, value);
        else if (row < 0 && json_is_object(value))
            rc = read_table(r, value, path, old_pass);
        else if (row < 0 && !old_pass)
            note_unknown(r, path);
        if (rc)
            return rc;
    }
    return 0;
}

int rag_layer_read_object(struct rag_layer_values *l, const json_t *root, const char *origin, json_t *places,
                          struct rag_err *err)
{
    struct reading r = {.into = l, .origin = origin, .places = places, .err = err};
    rag_buf_init(&r.unknown, 1024);
    int rc = read_table(&r, root, "", false);
    if (rc == 0)
        rc = read_table(&r, root, "", true);
    if (rc == 0 && r.unknown.n)
        rag_info("config", "%s: not used here: %s", origin, r.unknown.p);
    rag_buf_free(&r.unknown);
    return rc;
}

int rag_layer_read_file(struct rag_layer_values *l, const char *path, struct rag_err *err)
{
    struct rag_buf text;
    json_t *root = NULL, *places = NULL;
    rag_buf_init(&text, RAG_LIMIT_CONFIG_FILE);
    int rc = rag_fs_read(path, &text, err);
    if (rc)
        goto out;
    root = rag_toml_parse(rag_buf_str(&text), &places, err);
    if (!root) {
        rc = rag_err_prefix(err, "%s", path);
        goto out;
    }
    rc = rag_layer_read_object(l, root, path, places, err);
out:
    json_decref(root);
    json_decref(places);
    rag_buf_free(&text);
    return rc;
}

/* ---- environment and flags ---- */

static int fix(struct rag_config *c, size_t row, struct rag_str text, const char *what, const char *name,
               struct rag_err *err)
{
    json_t *value = rag_option_from_text(&rag_options[row], text, err);
    if (!value)
        return rag_err_prefix(err, "%s %s", what, name);
    char *by = NULL;
    if (asprintf(&by, "the %s %s", what, name) < 0) {
        json_decref(value);
        return rag_err_set(err, RAG_ENOMEM, "out of memory while reading the settings");
    }
    free(c->fixed_by[row]);
    c->fixed_by[row] = by;
    rag_layer_set(&c->view.layer[RAG_LAYER_FIXED], row, value);
    return 0;
}

/* "RAG__llm__source" → "rag.llm.source" (the look-up ignores case). False when it is too long for a key. */
static bool variable_path(struct rag_str name, char *path, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n + 1 < cap; i++) {
        bool level = name.p[i] == '_' && i + 1 < name.n && name.p[i + 1] == '_';
        path[n++] = level ? '.' : name.p[i];
        i += level;
    }
    path[n] = '\0';
    return n + 1 < cap;
}

static int read_pairag(struct rag_config *c, struct rag_str name, struct rag_str value, struct rag_err *err)
{
    char path[256], shown[256];
    bool is_old = false;
    struct rag_str below = {name.p + strlen("PAIRAG_"), name.n - strlen("PAIRAG_")};
    snprintf(shown, sizeof shown, "%.*s", RAG_STR_ARG(name));
    int row = variable_path(below, path, sizeof path) ? rag_option_find(rag_str_of(path), &is_old) : -1;
    if (row < 0) {
        rag_info("config", "environment variable %s is not used here", shown);
        return 0;
    }
    if (is_old && c->fixed_by[row])
        return 0;
    return fix(c, (size_t)row, value, "environment variable", shown, err);
}

/* Variables of their own, such as PAI_RAG_API_KEY. Compose files pass unset ones as empty. */
static int read_own_variable(struct rag_config *c, struct rag_str name, struct rag_str value,
                             struct rag_err *err)
{
    if (!value.n)
        return 0;
    for (size_t i = 0; i < rag_n_options; i++) {
        const struct rag_option *o = &rag_options[i];
        if (o->env && rag_str_eqz(name, o->env)) {
            int rc = fix(c, i, value, "environment variable", o->env, err);
            if (rc)
                return rc;
        }
    }
    if (rag_str_eqz(name, "DASHSCOPE_API_KEY") || rag_str_eqz(name, "OPENAI_API_KEY")) {
        json_t *text = json_stringn(value.p, value.n);
        if (!text || memchr(value.p, '\n', value.n) || memchr(value.p, '\r', value.n)) {
            json_decref(text);
            return rag_err_set(err, RAG_EINVAL, "environment variable %.*s must be one line of text",
                               RAG_STR_ARG(name));
        }
        json_object_setn_new(c->view.texts, name.p, name.n, text);
    }
    return 0;
}

static bool split_variable(const char *entry, struct rag_str *name, struct rag_str *value)
{
    const char *eq = strchr(entry, '=');
    if (!eq)
        return false;
    *name = (struct rag_str){entry, (size_t)(eq - entry)};
    *value = rag_str_of(eq + 1);
    return true;
}

int rag_layer_read_fixed(struct rag_config *c, const struct rag_config_sources *src, struct rag_err *err)
{
    struct rag_str name, value;
    int rc = 0;
    /* Two passes: PAIRAG_… says more exactly what is meant, so it comes last and wins. */
    for (char *const *e = src->environ; rc == 0 && e && *e; e++)
        if (split_variable(*e, &name, &value))
            rc = read_own_variable(c, name, value, err);
    for (char *const *e = src->environ; rc == 0 && e && *e; e++)
        if (split_variable(*e, &name, &value) && name.n > 7 && strncasecmp(name.p, "PAIRAG_", 7) == 0)
            rc = read_pairag(c, name, value, err);
    for (size_t i = 0; rc == 0 && i < src->n_flags; i++)
        rc = fix(c, rag_option_row(src->flags[i].key), rag_str_of(src->flags[i].value),
                 "command-line flag of", src->flags[i].key, err);
    return rc;
}
