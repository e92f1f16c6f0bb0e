/* show.c: the settings for people and clients: GET config, the sample settings.toml, docs/config.md. */
#include "config/layers.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/toml.h"

/* ---- GET config ---- */

static void show_secret(json_t *section, const char *name, const json_t *value)
{
    char mask[16], set[128];
    bool is_set = json_string_length(value) > 0;
    if (is_set)
        rag_config_mask(json_string_value(value), mask, sizeof mask);
    snprintf(set, sizeof set, "%s_set", name);
    json_object_set_new(section, name, is_set ? json_string(mask) : json_null());
    json_object_set_new(section, set, json_boolean(is_set));
}

int rag_config_json(struct rag_config *c, struct rag_buf *out)
{
    json_t *root = json_object();
    pthread_rwlock_rdlock(&c->lock);
    for (size_t i = 0; i < rag_n_options; i++) {
        const struct rag_option *o = &rag_options[i];
        const char *name = o->key;
        json_t *value = rag_view_value(&c->view, i);
        if (strncmp(name, "rag.", 4) != 0 || ((o->flags & RAG_OPT_QUIET) && json_is_null(value)))
            continue;
        name += 4;
        json_t *section = rag_layer_section(root, &name);
        if (o->type == RAG_OPT_SECRET)
            show_secret(section, name, value);
        else
            json_object_set(section, name, value);
    }
    char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(10));
    pthread_rwlock_unlock(&c->lock);
    int rc = text ? rag_buf_adds(out, text) : RAG_ENOMEM;
    free(text);
    json_decref(root);
    return rc;
}

/* ---- the sample file ---- */

/* Every line of a value gets the '#', so that taking it away makes the line valid again. */
static void add_default(const struct rag_option *o, struct rag_buf *out)
{
    const char *name = strrchr(o->key, '.') + 1;
    if (!o->dflt) {
        bool is_list = o->type == RAG_OPT_STRS || o->type == RAG_OPT_NUMS;
        bool is_text = o->type == RAG_OPT_STR || o->type == RAG_OPT_URL || o->type == RAG_OPT_SECRET;
        if (is_list || is_text)
            rag_buf_printf(out, "#%s = %s\n", name, is_list ? "[]" : "\"\"");
        else
            rag_buf_printf(out, "# %s has no default\n", name);
        return;
    }
    if (o->type == RAG_OPT_PROMPT) { /* readable: one line a line */
        rag_buf_printf(out, "#%s = \"\"\"\n#", name);
        for (const char *p = o->dflt; *p; p++) {
            rag_buf_addc(out, *p);
            if (*p == '\n')
                rag_buf_addc(out, '#');
        }
        rag_buf_adds(out, "\"\"\"\n");
        return;
    }
    json_t *value = rag_option_from_text(o, rag_str_of(o->dflt), NULL);
    rag_buf_printf(out, "#%s = ", name);
    rag_toml_write_value(value, out);
    rag_buf_addc(out, '\n');
    json_decref(value);
}

static void add_help(const struct rag_option *o, struct rag_buf *out)
{
    char allowed[256];
    if (o->help)
        rag_buf_printf(out, "# %s\n", o->help);
    if (o->help_zh)
        rag_buf_printf(out, "# %s\n", o->help_zh);
    if (o->flags & RAG_OPT_IDLE)
        rag_buf_adds(out, "# (accepted for PAI-RAG's sake; no effect in this version)\n");
    if (o->type == RAG_OPT_ENUM || o->type == RAG_OPT_INT || o->type == RAG_OPT_NUM)
        rag_buf_printf(out, "# Allowed: %s.\n", rag_option_allowed(o, allowed, sizeof allowed));
}

static size_t section_length(const struct rag_option *o)
{
    return (size_t)(strrchr(o->key, '.') - o->key);
}

static bool same_section(const struct rag_option *a, const struct rag_option *b)
{
    return section_length(a) == section_length(b) && strncmp(a->key, b->key, section_length(a)) == 0;
}

int rag_config_template(struct rag_buf *out)
{
    rag_buf_adds(
        out, "# settings.toml: every option with its default. A line that begins with '#' and a name is a\n"
             "# default: remove the '#' to change it. Environment: PAIRAG_RAG__llm__model=qwen-plus sets\n"
             "# rag.llm.model. Written by `pai_rag print_config template`.\n");
    for (size_t i = 0; i < rag_n_options; i++) {
        const struct rag_option *o = &rag_options[i];
        if (i == 0 || !same_section(o, o - 1))
            rag_buf_printf(out, "\n[%.*s]\n", (int)section_length(o), o->key);
        else if (o->help)
            rag_buf_addc(out, '\n');
        add_help(o, out);
        add_default(o, out);
    }
    return out->err;
}

/* ---- documentation ---- */

static void add_cell(struct rag_buf *out, const char *text)
{
    for (; *text; text++)
        rag_buf_adds(out, *text == '|' ? "\\|" : *text == '\n' ? "\\n" : (char[]){*text, '\0'});
}

static void add_row(const struct rag_option *o, struct rag_buf *out)
{
    char allowed[256];
    rag_buf_printf(out, "| `%s` | ", strrchr(o->key, '.') + 1);
    if (o->type == RAG_OPT_PROMPT)
        rag_buf_adds(out, "see `settings.example.toml`");
    else if (o->dflt && *o->dflt) {
        rag_buf_addc(out, '`');
        add_cell(out, o->dflt);
        rag_buf_addc(out, '`');
    }
    rag_buf_adds(out, " | ");
    add_cell(out, rag_option_allowed(o, allowed, sizeof allowed));
    rag_buf_adds(out, " | ");
    add_cell(out, o->help ? o->help : "");
    if (o->help_zh)
        rag_buf_printf(out, "%s", "<br>");
    add_cell(out, o->help_zh ? o->help_zh : "");
    if (o->env)
        rag_buf_printf(out, " Also `%s`.", o->env);
    if (o->old) {
        rag_buf_adds(out, " Old name: `");
        add_cell(out, o->old);
        rag_buf_adds(out, "`.");
    }
    if (o->flags & RAG_OPT_RESTART)
        rag_buf_adds(out, " Takes effect at the next start.");
    if (o->flags & RAG_OPT_IDLE)
        rag_buf_adds(out, " *Accepted, no effect in this version.*");
    rag_buf_adds(out, " |\n");
}

int rag_config_markdown(struct rag_buf *out)
{
    rag_buf_adds(
        out,
        "<!-- Written by `pai_rag print_config markdown` from src/config/options.c. -->\n"
        "# Settings\n\n"
        "Each source wins over the ones before it:\n\n"
        "1. the defaults below;\n"
        "2. the file: `-c FILE`, else `./settings.toml`, else `/etc/pai_rag/settings.toml` "
        "(`docs/settings.example.toml` shows every option);\n"
        "3. what was changed with `PATCH config` or on the page: `localdata/settings.snapshot.toml` holds "
        "just "
        "that;\n"
        "4. the environment: `PAIRAG_RAG__llm__model=qwen-plus` sets `rag.llm.model`; letter case does not "
        "matter;\n"
        "5. command-line flags.\n\n"
        "`PATCH config` of an option that the environment or a flag fixes is refused. An unknown option is "
        "accepted with a line in the log. `DASHSCOPE_API_KEY` and `OPENAI_API_KEY` are used where no "
        "`api_key` is "
        "configured, each for its own `source`, and never for an address set by `PATCH config`. Changing the "
        "host "
        "of an address clears the secret stored for it unless a new one comes along.\n");
    for (size_t i = 0; i < rag_n_options; i++) {
        const struct rag_option *o = &rag_options[i];
        if (i == 0 || !same_section(o, o - 1))
            rag_buf_printf(out,
                           "\n## [%.*s]\n\n| option | default | allowed | meaning |\n|---|---|---|---|\n",
                           (int)section_length(o), o->key);
        add_row(o, out);
    }
    return out->err;
}
