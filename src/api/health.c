/* health.c: is the process up (health), does the model answer (ready). */
#include "api/handlers.h"

#include "api/auth.h"
#include "base/clock.h"

/* Counts are for whoever may use the service; that it is up, anyone may know. */
static void put_stats(struct rag_call *c, struct rag_json *j)
{
    struct rag_stats s;
    if (!rag_auth_ok(c->api->api_key, rag_http_header(c->http, "Authorization"),
                     rag_http_header(c->http, "X-API-Key")))
        return;
    rag_engine_stats(c->engine, &s);
    rag_json_num(j, "uptime_s", rag_clock_mono_s() - c->api->started_mono);
    rag_json_bool(j, "llm_configured", s.llm_configured);
    rag_json_int(j, "documents", s.documents);
    rag_json_int(j, "chunks", s.chunks);
    rag_json_int(j, "jobs_waiting", s.jobs_waiting);
    rag_json_int(j, "jobs_running", s.jobs_running);
}

void rag_handle_health(struct rag_call *c)
{
    struct rag_err err = {0};
    int rc = rag_engine_ready(c->engine, &err);
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "status", "OK");
    rag_json_cstr(&j, "version", RAG_VERSION);
    rag_json_bool(&j, "ready", rc == 0);
    if (rc)
        rag_json_cstr(&j, "message", err.msg);
    put_stats(c, &j);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

void rag_handle_ready(struct rag_call *c)
{
    struct rag_err err = {0};
    struct rag_embedder_info info;
    int rc = rag_engine_ready(c->engine, &err);
    if (!rc)
        rc = rag_embedder_info(c->engine, &info, &err);
    if (rc) {
        rag_call_error(c, 503, err.msg);
        return;
    }
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "status", "ready");
    rag_json_cstr(&j, "embed_model", info.name);
    rag_json_int(&j, "dims", info.dims);
    rag_json_int(&j, "window", info.window);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}
