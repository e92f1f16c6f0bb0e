/* indexes.c: knowledge bases: list, look at, add, update, delete. */
#include "api/handlers.h"

#include <stdlib.h>

#include "api/value.h"
#include "api/wire.h"

static const char *what(struct rag_call *c, const char *verb)
{
    const char *text = rag_arena_printf(c->arena, "%s index '%s'", verb, c->match.param);
    return text ? text : verb;
}

static void reply_done(struct rag_call *c, const char *verb, const char *warning)
{
    const char *msg = rag_arena_printf(c->arena, "%s successfully.", what(c, verb));
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "msg", msg ? msg : verb);
    if (warning)
        rag_json_cstr(&j, "warning", warning);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

void rag_handle_index_list(struct rag_call *c)
{
    struct rag_index *v = NULL;
    size_t n = 0;
    struct rag_err err = {0};
    if (rag_index_list(c->engine, c->arena, &v, &n, &err) != 0) {
        rag_call_fail(c, &err, "List indexes");
        return;
    }
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_obj(&j, "indexes");
    for (size_t i = 0; i < n; i++)
        rag_wire_index(&j, v[i].name, &v[i]);
    rag_json_end_obj(&j);
    rag_json_cstr(&j, "current_index_name", "default_index");
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

/* False: answered already. PAI-RAG's words for an unknown name. */
static bool find(struct rag_call *c, const char *verb, struct rag_index *out)
{
    struct rag_err err = {0};
    int rc = rag_index_get(c->engine, c->arena, c->match.param, out, &err);
    if (rc == RAG_ENOTFOUND)
        rag_err_set(&err, rc, "Index name '%.64s' not exists.", c->match.param);
    if (rc)
        rag_call_fail(c, &err, what(c, verb));
    return rc == 0;
}

void rag_handle_index_get(struct rag_call *c)
{
    struct rag_index x;
    if (!find(c, "Get", &x))
        return;
    struct rag_json j = rag_call_json(c);
    rag_wire_index(&j, NULL, &x);
    rag_call_reply(c, 200);
}

/* The member as JSON text in the arena; fallback when it is absent. */
static const char *member_text(struct rag_call *c, const char *key, const char *fallback)
{
    const json_t *v = json_object_get(c->body, key);
    char *text = json_is_object(v) ? json_dumps(v, JSON_COMPACT) : NULL;
    const char *kept = text ? rag_arena_strdup(c->arena, text) : fallback;
    free(text);
    return kept;
}

/* What the entry asks for and does not get: everything lives in the service's own database and is embedded
 * by its own model. */
static const char *warning_for(struct rag_call *c)
{
    const char *store = rag_value_cstr(json_object_get(c->body, "vector_store_config"), "type");
    const char *source = rag_value_cstr(json_object_get(c->body, "embedding_config"), "source");
    bool other_store = store && strcmp(store, "faiss") != 0;
    bool other_source = source && strcmp(source, "huggingface") != 0;
    if (!other_store && !other_source)
        return NULL;
    return rag_arena_printf(c->arena,
                            "Kept, but without effect in this version:%s%s%s%s. Documents are stored in the "
                            "service's own database and embedded by its own model.",
                            other_store ? " vector_store_config.type=" : "", other_store ? store : "",
                            other_source ? " embedding_config.source=" : "", other_source ? source : "");
}

/* The path names the index; a different name in the body would be a renaming, which does not exist. */
static bool read_entry(struct rag_call *c, const char *verb, const struct rag_index *before,
                       struct rag_index *x)
{
    const char *named = rag_value_cstr(c->body, "index_name");
    struct rag_err err = {0};
    if (named && strcmp(named, c->match.param) != 0) {
        rag_err_set(&err, RAG_EINVAL,
                    "the path says '%.64s', the body's index_name '%.64s': give the same name in both",
                    c->match.param, named);
        rag_call_fail(c, &err, what(c, verb));
        return false;
    }
    *x = (struct rag_index){.name = c->match.param,
                            .vector_store_config =
                                member_text(c, "vector_store_config", before->vector_store_config),
                            .embedding_config = member_text(c, "embedding_config", before->embedding_config)};
    return true;
}

void rag_handle_index_create(struct rag_call *c)
{
    struct rag_index x;
    struct rag_err err = {0};
    const struct rag_index empty = {.vector_store_config = "{\"type\":\"faiss\"}",
                                    .embedding_config = "{\"source\":\"huggingface\"}"};
    if (!read_entry(c, "Add", &empty, &x))
        return;
    int rc = rag_index_create(c->engine, &x, &err);
    if (rc == RAG_EEXIST)
        rag_err_set(&err, rc, "Index name '%.64s' already exists.", x.name);
    if (rc)
        rag_call_fail(c, &err, what(c, "Add"));
    else
        reply_done(c, "Add", warning_for(c));
}

void rag_handle_index_update(struct rag_call *c)
{
    struct rag_index before, x;
    struct rag_err err = {0};
    if (!find(c, "Update", &before) || !read_entry(c, "Update", &before, &x))
        return;
    if (rag_index_update(c->engine, &x, &err) != 0)
        rag_call_fail(c, &err, what(c, "Update"));
    else
        reply_done(c, "Update", warning_for(c));
}

void rag_handle_index_delete(struct rag_call *c)
{
    struct rag_index x;
    struct rag_err err = {0};
    if (!find(c, "Delete", &x))
        return;
    if (rag_index_delete(c->engine, x.name, &err) != 0)
        rag_call_fail(c, &err, what(c, "Delete"));
    else
        reply_done(c, "Delete", NULL);
}
