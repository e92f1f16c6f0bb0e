/* models.c: the list of models in OpenAI's protocol. */
#include "api/handlers.h"

#include <stdio.h>

static void put_model(struct rag_call *c, struct rag_json *j, const char *id)
{
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "id", id);
    rag_json_cstr(j, "object", "model");
    rag_json_int(j, "created", (long long)c->api->started);
    rag_json_cstr(j, "owned_by", "pai");
    rag_json_arr(j, "permission");
    rag_json_end_arr(j);
    rag_json_end_obj(j);
}

/* "default" chats; the embedder is there under its own name once it is loaded. */
static const char *embedder(struct rag_call *c)
{
    struct rag_embedder_info info;
    struct rag_err err;
    return rag_embedder_info(c->engine, &info, &err) == 0 ? info.name : NULL;
}

void rag_handle_models(struct rag_call *c)
{
    const char *embed = embedder(c);
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "object", "list");
    rag_json_arr(&j, "data");
    put_model(c, &j, "default");
    if (embed)
        put_model(c, &j, embed);
    rag_json_end_arr(&j);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

void rag_handle_model(struct rag_call *c)
{
    const char *embed = embedder(c), *id = c->match.param;
    if (strcmp(id, "default") != 0 && (!embed || strcmp(id, embed) != 0)) {
        char text[160];
        snprintf(text, sizeof text, "There is no model '%.64s': GET /v1/models lists them.", id);
        rag_call_error_field(c, 404, text, "model");
        return;
    }
    struct rag_json j = rag_call_json(c);
    put_model(c, &j, id);
    rag_call_reply(c, 200);
}
