/* wire.c: the engine's structs as JSON of the API; names and order as PAI-RAG has them, ours after. */
#include "api/wire.h"

#include <stdio.h>

#include "base/clock.h"

static void put_box(struct rag_json *j, const struct rag_place *p)
{
    const float v[] = {p->x0, p->y0, p->x1, p->y1};
    if (p->x1 <= p->x0 && p->y1 <= p->y0)
        return;
    rag_json_arr(j, "box");
    for (size_t i = 0; i < 4; i++)
        rag_json_num(j, NULL, (double)v[i]);
    rag_json_end_arr(j);
}

static void put_place(struct rag_json *j, const struct rag_place *p)
{
    if (p->page > 0) {
        char label[16];
        snprintf(label, sizeof label, "%d", p->page);
        rag_json_cstr(j, "page_label", label);
        put_box(j, p);
    }
    if (p->row > 0)
        rag_json_int(j, "row_number", p->row);
    if (p->end > p->begin) {
        rag_json_arr(j, "byte_range");
        rag_json_int(j, NULL, p->begin);
        rag_json_int(j, NULL, p->end);
        rag_json_end_arr(j);
    }
}

void rag_wire_metadata(struct rag_json *j, const char *key, const struct rag_hit *h)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", h->doc_id, h->file_name);
    rag_json_obj(j, key);
    rag_json_cstr(j, "file_name", h->file_name);
    rag_json_cstr(j, "file_path", path);
    rag_json_cstr(j, "file_type", h->file_type);
    rag_json_int(j, "file_size", h->file_size);
    rag_json_cstr(j, "creation_date", h->created);
    rag_json_cstr(j, "last_modified_date", h->modified);
    rag_json_cstr(j, "doc_id", h->doc_id);
    rag_json_int(j, "chunk", h->ordinal);
    put_place(j, &h->place);
    rag_json_end_obj(j);
}

void rag_wire_docs(struct rag_json *j, const char *key, const struct rag_hits *hits)
{
    rag_json_arr(j, key);
    for (size_t i = 0; i < hits->n; i++) {
        const struct rag_hit *h = &hits->v[i];
        rag_json_obj(j, NULL);
        rag_json_str(j, "text", h->text);
        rag_json_num(j, "score", h->score);
        rag_wire_metadata(j, "metadata", h);
        rag_json_null(j, "image_url");
        rag_json_num(j, "rrf_score", h->rrf_score);
        rag_json_num(j, "bm25_score", h->bm25_score);
        rag_json_end_obj(j);
    }
    rag_json_end_arr(j);
}

void rag_wire_usage(struct rag_json *j, const char *key, const struct rag_usage *u)
{
    rag_json_obj(j, key);
    rag_json_int(j, "prompt_tokens", u->prompt_tokens);
    rag_json_int(j, "completion_tokens", u->completion_tokens);
    rag_json_int(j, "total_tokens", (long long)u->prompt_tokens + u->completion_tokens);
    rag_json_bool(j, "estimated", u->estimated);
    rag_json_end_obj(j);
}

static void put_citations(struct rag_json *j, const struct rag_answer *a)
{
    rag_json_arr(j, "citations");
    for (size_t i = 0; i < a->n_citations; i++) {
        const struct rag_citation *c = &a->citations[i];
        rag_json_obj(j, NULL);
        rag_json_int(j, "number", c->number);
        rag_json_bool(j, "valid", c->valid);
        rag_json_num(j, "support", c->support);
        rag_json_int(j, "begin", (long long)c->begin);
        rag_json_int(j, "end", (long long)c->end);
        rag_json_end_obj(j);
    }
    rag_json_end_arr(j);
}

void rag_wire_answer_extras(struct rag_json *j, const struct rag_answer *a)
{
    rag_json_bool(j, "extractive", a->extractive);
    rag_json_cstr(j, "model", a->model);
    put_citations(j, a);
    rag_wire_usage(j, "usage", &a->usage);
}

/* Text that was JSON when it was given to the engine. */
static void put_given(struct rag_json *j, const char *key, const char *text)
{
    rag_json_raw(j, key, text && *text ? rag_str_of(text) : RAG_STR("{}"));
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

void rag_wire_index(struct rag_json *j, const char *key, const struct rag_index *x)
{
    rag_json_obj(j, key);
    rag_json_cstr(j, "index_name", x->name);
    put_given(j, "vector_store_config", x->vector_store_config);
    put_given(j, "embedding_config", x->embedding_config);
    rag_json_cstr(j, "embed_model", or_null(x->embed_model));
    rag_json_cstr(j, "fingerprint", or_null(x->fingerprint));
    rag_json_int(j, "dims", x->dims);
    rag_json_int(j, "documents", x->documents);
    rag_json_int(j, "chunks", x->chunks);
    rag_json_end_obj(j);
}

void rag_wire_document(struct rag_json *j, const char *key, const struct rag_document *d)
{
    char when[32];
    rag_json_obj(j, key);
    rag_json_cstr(j, "id", d->id);
    rag_json_cstr(j, "index_name", d->index);
    rag_json_cstr(j, "name", d->name);
    rag_json_cstr(j, "file_type", d->file_type);
    rag_json_int(j, "size", d->size);
    rag_json_cstr(j, "sha256", d->sha256);
    rag_json_int(j, "pages", d->pages);
    rag_json_int(j, "chunks", d->chunks);
    rag_json_int(j, "tokens", d->tokens);
    rag_json_cstr(j, "created_at", rag_clock_iso8601(d->created_ms, when));
    rag_json_end_obj(j);
}

static const char *state_name(enum rag_task_state s)
{
    static const char *const names[] = {"processing", "completed", "failed"};
    return names[s];
}

static void put_task_file(struct rag_json *j, const struct rag_task_file *f)
{
    static const char *const stages[] = {"queued", "parse", "chunk", "embed", "store", "done"};
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "name", f->name);
    rag_json_cstr(j, "state", state_name(f->state));
    rag_json_cstr(j, "stage", stages[f->stage]);
    rag_json_num(j, "progress", f->progress);
    rag_json_cstr(j, "error", f->error);
    rag_json_cstr(j, "warning", f->warning);
    rag_json_cstr(j, "doc_id", or_null(f->doc_id));
    rag_json_int(j, "size", f->size);
    rag_json_int(j, "pages", f->pages);
    rag_json_int(j, "chunks", f->chunks);
    rag_json_bool(j, "duplicate", f->duplicate);
    rag_json_end_obj(j);
}

void rag_wire_task(struct rag_json *j, const struct rag_task *t)
{
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "task_id", t->id);
    rag_json_cstr(j, "status", state_name(t->state));
    rag_json_cstr(j, "detail", t->detail);
    rag_json_arr(j, "files");
    for (size_t i = 0; i < t->n; i++)
        put_task_file(j, &t->files[i]);
    rag_json_end_arr(j);
    rag_json_end_obj(j);
}
