/* settings.c: GET and PATCH config. */
#include "api/handlers.h"

#include "api/validate.h"
#include "base/limits.h"

void rag_handle_config_get(struct rag_call *c)
{
    rag_buf_free(&c->out);
    rag_buf_init(&c->out, RAG_LIMIT_CONFIG_FILE);
    if (rag_config_json(c->api->config, &c->out) != 0)
        rag_call_error(c, 500, "The settings could not be written as JSON.");
    else
        rag_call_reply(c, 200);
}

/* Settings are checked, stored and then handed to the engine. */
static int apply(struct rag_call *c, struct rag_str patch, struct rag_err *err)
{
    struct rag_engine_opts opts;
    int rc = rag_config_patch(c->api->config, patch, err);
    if (!rc)
        rc = rag_config_engine_opts(c->api->config, c->arena, &opts, err);
    return rc ? rc : rag_engine_reconfigure(c->engine, &opts, err);
}

static void answer_wrong_type(struct rag_call *c, const struct rag_err *err)
{
    struct rag_faults f;
    rag_faults_init(&f);
    rag_faults_add_body(&f, "value_error", err->msg, NULL);
    rag_call_send(c, 422, "application/json", rag_faults_finish(&f));
    rag_faults_free(&f);
}

void rag_handle_config_patch(struct rag_call *c)
{
    struct rag_err err = {0};
    pthread_mutex_lock(&c->api->patch_lock);
    int rc = apply(c, rag_http_body(c->http), &err);
    pthread_mutex_unlock(&c->api->patch_lock);
    if (rc == RAG_ESCHEMA) {
        answer_wrong_type(c, &err);
        return;
    }
    if (rc) {
        rag_call_fail(c, &err, "Update RAG configuration");
        return;
    }
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "msg", "Update RAG configuration successfully.");
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}
