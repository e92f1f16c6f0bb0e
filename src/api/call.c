/* call.c: replies and errors, each in the style of the route. */
#include "api/call.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

/* Hits of RAG_LIMIT_TOP_K passages, with room. */
#define MAX_REPLY (64 * RAG_MIB)

struct rag_json rag_call_json(struct rag_call *c)
{
    struct rag_json j;
    rag_buf_free(&c->out);
    rag_buf_init(&c->out, MAX_REPLY);
    rag_json_init(&j, &c->out);
    return j;
}

static void put_time(struct rag_call *c, int status)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.6f", rag_clock_mono_s() - rag_http_started(c->http));
    rag_http_set_header(c->http, "X-Process-Time", seconds);
    if (status == 503)
        rag_http_set_header(c->http, "Retry-After", "1");
    c->status = status;
}

void rag_call_send(struct rag_call *c, int status, const char *content_type, struct rag_str body)
{
    put_time(c, status);
    rag_http_reply(c->http, status, content_type, body);
}

void rag_call_send_static(struct rag_call *c, int status, const char *content_type, struct rag_str body)
{
    put_time(c, status);
    rag_http_reply_static(c->http, status, content_type, body);
}

void rag_call_reply(struct rag_call *c, int status)
{
    if (c->out.err) {
        rag_error("api", "a reply was given up: %s", rag_err_text(c->out.err));
        rag_buf_free(&c->out);
        rag_call_error(c, 500, "The reply is too large: ask for fewer passages.");
        return;
    }
    rag_call_send(c, status, "application/json", rag_buf_str(&c->out));
}

/* ---- errors ---- */

static enum rag_style style_of(const struct rag_call *c)
{
    const char *path = rag_http_path(c->http);
    if (c->match.route)
        return c->match.route->style;
    if (!strncmp(path, "/v1/", 4) || !strcmp(path, "/v1") || !strcmp(path, "/rerank"))
        return RAG_STYLE_OPENAI;
    return RAG_STYLE_PLAIN;
}

static const char *openai_type(int status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    }
    return status >= 500 ? "server_error" : "invalid_request_error";
}

void rag_call_error_field(struct rag_call *c, int status, const char *message, const char *field)
{
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    if (style_of(c) == RAG_STYLE_OPENAI) {
        rag_json_obj(&j, "error");
        rag_json_cstr(&j, "message", message);
        rag_json_cstr(&j, "type", openai_type(status));
        rag_json_cstr(&j, "param", field && *field ? field : NULL);
        rag_json_cstr(&j, "code", status == 401 ? "invalid_api_key" : NULL);
        rag_json_end_obj(&j);
    } else {
        if (!c->match.route && (status == 404 || status == 405)) /* as FastAPI says it */
            rag_json_cstr(&j, "detail", status == 405 ? "Method Not Allowed" : "Not Found");
        rag_json_cstr(&j, "message", message);
    }
    rag_json_end_obj(&j);
    rag_call_send(c, status, "application/json", rag_buf_str(&c->out));
}

void rag_call_error(struct rag_call *c, int status, const char *message)
{
    rag_call_error_field(c, status, message, NULL);
}

/* On PAI-RAG's routes whatever the caller can mend is 400. */
static bool is_user_error(int code)
{
    switch (code) {
    case RAG_EINVAL:
    case RAG_ESCHEMA:
    case RAG_ENOTFOUND:
    case RAG_EEXIST:
    case RAG_EFORMAT:
    case RAG_EUNSUPPORTED:
    case RAG_EMISMATCH:
        return true;
    }
    return false;
}

const char *rag_call_fault_text(struct rag_call *c, const struct rag_err *err, const char *what, int *status)
{
    bool compat = style_of(c) == RAG_STYLE_COMPAT, user = is_user_error(err->code);
    const char *text = *err->msg ? err->msg : rag_err_text(err->code);
    *status = compat && user ? 400 : rag_err_http(err->code);
    if (*status >= 500 && *status != 503)
        rag_error("api", "%s failed: %s", what, text);
    if (!compat)
        return text;
    const char *full = rag_arena_printf(c->arena, "%s%s failed: %s",
                                        user ? "Failed to process request input: " : "", what, text);
    return full ? full : text;
}

void rag_call_fail(struct rag_call *c, const struct rag_err *err, const char *what)
{
    int status;
    const char *text = rag_call_fault_text(c, err, what, &status);
    rag_call_error(c, status, text);
}

/* ---- small helpers of handlers ---- */

const char *rag_call_index_name(struct rag_call *c)
{
    const json_t *name = json_object_get(c->body ? c->body : c->query, "index_name");
    const char *text = json_string_value(name);
    return text && *text ? text : NULL;
}

int rag_call_still_wanted(void *ud, struct rag_str piece)
{
    struct rag_call *c = ud;
    (void)piece;
    return rag_http_client_gone(c->http) ? RAG_ECANCELED : 0;
}
