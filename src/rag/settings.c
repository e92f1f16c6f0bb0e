/* settings.c: keeps the engine's options of the moment; a request holds the version that it started with. */
#include <stdlib.h>

#include "base/limits.h"
#include "rag/engine.h"

static int copy_str(struct rag_arena *a, const char **s)
{
    if (*s && !(*s = rag_arena_strdup(a, *s)))
        return RAG_ENOMEM;
    return 0;
}

static int copy_filters(struct rag_arena *a, struct rag_reader_opts *r)
{
    size_t n = 0;
    if (!r->sheet_column_filters)
        return 0;
    while (r->sheet_column_filters[n])
        n++;
    const char **v = rag_arena_array(a, n + 1, sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        if (!(v[i] = rag_arena_strdup(a, r->sheet_column_filters[i])))
            return RAG_ENOMEM;
    r->sheet_column_filters = v;
    return v ? 0 : RAG_ENOMEM;
}

struct rag_settings *rag_settings_new(const struct rag_engine_opts *opts)
{
    struct rag_settings *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    rag_arena_init(&s->arena, 16 * RAG_MIB);
    s->opts = *opts;
    struct rag_engine_opts *o = &s->opts;
    const char **strings[] = {&o->data_dir,
                              &o->model_dir,
                              &o->embed_model,
                              &o->parse_program,
                              &o->dict_dir,
                              &o->chunk.paragraph_separator,
                              &o->prompt.text_qa_template,
                              &o->prompt.citation_qa_template,
                              &o->llm.base_url,
                              &o->llm.api_key,
                              &o->llm.model,
                              &o->llm.system_prompt};
    int rc = copy_filters(&s->arena, &o->reader);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        rc |= copy_str(&s->arena, strings[i]);
    if (rc) {
        rag_settings_release(s);
        return NULL;
    }
    return s;
}

struct rag_settings *rag_settings_acquire(struct rag_engine *e)
{
    pthread_mutex_lock(&e->lock);
    struct rag_settings *s = e->settings;
    atomic_fetch_add(&s->refs, 1);
    pthread_mutex_unlock(&e->lock);
    return s;
}

void rag_settings_release(struct rag_settings *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    rag_arena_free(&s->arena);
    free(s);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

int rag_engine_reconfigure(struct rag_engine *e, const struct rag_engine_opts *opts, struct rag_err *err)
{
    struct rag_settings *now = rag_settings_acquire(e);
    const struct rag_engine_opts *o = &now->opts;
    bool fixed = same(o->data_dir, opts->data_dir) && same(o->model_dir, opts->model_dir) &&
                 same(o->embed_model, opts->embed_model) && o->threads == opts->threads;
    rag_settings_release(now);
    if (!fixed)
        return rag_err_set(
            err, RAG_EINVAL,
            "the data folder, the model folder, the embedding model and the number of threads cannot "
            "change while the service runs: change them in the settings file and restart");
    struct rag_settings *next = rag_settings_new(opts);
    if (!next)
        return rag_err_set(err, RAG_ENOMEM, "out of memory while applying the settings");
    pthread_mutex_lock(&e->lock);
    struct rag_settings *old = e->settings;
    e->settings = next;
    pthread_mutex_unlock(&e->lock);
    rag_settings_release(old);
    return 0;
}
