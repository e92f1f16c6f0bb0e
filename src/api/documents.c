/* documents.c: what is in an index: list, look at, delete documents. */
#include "api/handlers.h"

#include "api/value.h"
#include "api/wire.h"
#include "base/id.h"

static const char WHAT[] = "Documents";

void rag_handle_document_list(struct rag_call *c)
{
    struct rag_document *docs = NULL;
    struct rag_err err = {0};
    size_t n = 0;
    int64_t total = 0;
    const char *index = rag_call_index_name(c);
    int limit = (int)rag_value_int(c->query, "limit", 50), offset = (int)rag_value_int(c->query, "offset", 0);
    if (rag_document_list(c->engine, c->arena, index ? index : "default_index",
                          rag_value_cstr(c->query, "query"), limit, offset, &docs, &n, &total, &err) != 0) {
        rag_call_fail(c, &err, WHAT);
        return;
    }
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_arr(&j, "documents");
    for (size_t i = 0; i < n; i++)
        rag_wire_document(&j, NULL, &docs[i]);
    rag_json_end_arr(&j);
    rag_json_int(&j, "total", total);
    rag_json_int(&j, "limit", limit);
    rag_json_int(&j, "offset", offset);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

/* False: unknown id, already answered. */
static bool find(struct rag_call *c, struct rag_document *doc)
{
    struct rag_err err = {0};
    const char *id = c->match.param;
    int rc = rag_id_valid(id) ? rag_document_get(c->engine, c->arena, id, doc, &err)
                              : rag_err_set(&err, RAG_ENOTFOUND, "There is no document '%.64s'.", id);
    if (rc)
        rag_call_fail(c, &err, WHAT);
    return rc == 0;
}

void rag_handle_document_get(struct rag_call *c)
{
    struct rag_document doc = {0};
    if (!find(c, &doc))
        return;
    struct rag_json j = rag_call_json(c);
    rag_wire_document(&j, NULL, &doc);
    rag_call_reply(c, 200);
}

void rag_handle_document_delete(struct rag_call *c)
{
    struct rag_document doc = {0};
    struct rag_err err = {0};
    if (!find(c, &doc))
        return;
    if (rag_document_delete(c->engine, doc.id, &err) != 0) {
        rag_call_fail(c, &err, WHAT);
        return;
    }
    const char *msg = rag_arena_printf(c->arena, "Delete document '%s' successfully.", doc.name);
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "msg", msg ? msg : "Deleted.");
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}
