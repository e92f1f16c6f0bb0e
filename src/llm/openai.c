/* openai.c: one chat completion over the OpenAI protocol: request, call, errors in the user's words. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "llm/chat_stream.h"
#include "llm/llm.h"
#include "net/http_client.h"
#include "text/json.h"
#include "text/utf8.h"

/* A token of the answer costs a few hundred bytes of JSON around it. */
#define MAX_REPLY (64 * (size_t)RAG_LIMIT_ANSWER)
#define MAX_ERROR (1 * RAG_MIB)
enum { QUOTED = 300 }; /* bytes of the server's own words in an error */

/* ---- the request ---- */

static const char *role_name(enum rag_role role)
{
    return role == RAG_ROLE_SYSTEM ? "system" : role == RAG_ROLE_ASSISTANT ? "assistant" : "user";
}

static void write_message(struct rag_json *j, const char *role, struct rag_str text)
{
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "role", role);
    rag_json_str(j, "content", text);
    rag_json_end_obj(j);
}

static void write_request(struct rag_buf *out, const struct rag_llm_opts *opts,
                          const struct rag_messages *messages)
{
    bool has_system = false;
    for (size_t i = 0; i < messages->n; i++)
        has_system |= messages->v[i].role == RAG_ROLE_SYSTEM;
    struct rag_json j;
    rag_json_init(&j, out);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "model", opts->model ? opts->model : "");
    rag_json_arr(&j, "messages");
    if (!has_system && opts->system_prompt && *opts->system_prompt)
        write_message(&j, "system", rag_str_of(opts->system_prompt));
    for (size_t i = 0; i < messages->n; i++)
        write_message(&j, role_name(messages->v[i].role), messages->v[i].text);
    rag_json_end_arr(&j);
    if (opts->temperature >= 0)
        rag_json_num(&j, "temperature", opts->temperature);
    if (opts->max_tokens > 0)
        rag_json_int(&j, "max_tokens", opts->max_tokens);
    rag_json_bool(&j, "stream", true);
    rag_json_obj(&j, "stream_options");
    rag_json_bool(&j, "include_usage", true);
    rag_json_end_obj(&j);
    rag_json_end_obj(&j);
}

static bool is_usable_key(const char *key)
{
    for (; *key; key++)
        if (*key <= ' ' || *key >= 0x7F)
            return false;
    return true;
}

/* Fills headers, which end in NULL. */
static int make_headers(const struct rag_llm_opts *opts, struct rag_arena *a, const char *headers[4],
                        struct rag_err *err)
{
    headers[0] = "Content-Type: application/json";
    headers[1] = "Accept: text/event-stream, application/json";
    headers[2] = headers[3] = NULL;
    if (!opts->api_key || !*opts->api_key)
        return 0;
    if (!is_usable_key(opts->api_key))
        return rag_err_set(err, RAG_EINVAL,
                           "the API key of the model holds a space or another character that no key has: "
                           "enter it again");
    headers[2] = rag_arena_printf(a, "Authorization: Bearer %s", opts->api_key);
    return headers[2] ? 0 : rag_err_set(err, RAG_ENOMEM, "not enough memory for the request to the model");
}

/* ---- errors ---- */

/* The server's words on one line, without the key, which some servers echo. */
static void quote(struct rag_buf *out, struct rag_str text, const char *key)
{
    size_t key_n = key ? strlen(key) : 0;
    struct rag_buf clean;
    rag_buf_init(&clean, 4 * text.n + 4);
    rag_utf8_clean(&clean, text);
    for (size_t i = 0; i < clean.n;) {
        if (key_n && clean.n - i >= key_n && memcmp(clean.p + i, key, key_n) == 0) {
            rag_buf_adds(out, "****");
            i += key_n;
        } else {
            char c = clean.p[i++];
            rag_buf_addc(out, (unsigned char)c < 0x20 || c == 0x7F ? ' ' : c);
        }
    }
    rag_buf_free(&clean);
}

/* What the status suggests to do. */
static const char *advice(int status)
{
    switch (status) {
    case 401:
    case 403:
        return " (check the API key)";
    case 404:
        return " (check the base URL and the model name)";
    case 429:
        return " (the model server limits the rate of requests: try again later)";
    default:
        return "";
    }
}

/* status 0: the error came inside a stream that began well. */
static int fail_upstream(int status, struct rag_str text, const char *key, struct rag_err *err)
{
    struct rag_buf quoted;
    rag_buf_init(&quoted, 2 * MAX_ERROR);
    quote(&quoted, text, key);
    struct rag_str s = rag_buf_str(&quoted);
    s.n = rag_utf8_floor(s, QUOTED);
    if (!s.n)
        s = RAG_STR("no message");
    if (status)
        rag_err_set(err, RAG_EUPSTREAM, "the model server answered %d%s: %.*s", status, advice(status),
                    RAG_STR_ARG(s));
    else
        rag_err_set(err, RAG_EUPSTREAM, "the model server reports: %.*s", RAG_STR_ARG(s));
    rag_buf_free(&quoted);
    return RAG_EUPSTREAM;
}

static int fail_cut_off(const struct rag_chat_stream *c, struct rag_err *err)
{
    if (!c->any_event)
        return rag_err_set(
            err, RAG_EUPSTREAM,
            "the model server's reply is no chat completion: check that the base URL belongs to "
            "an OpenAI-compatible endpoint");
    return rag_err_set(err, RAG_EUPSTREAM, "the model server closed the connection after %zu characters",
                       rag_chat_stream_characters(c));
}

/* ---- the call ---- */

static int on_data(void *ud, struct rag_str data)
{
    return rag_chat_stream_feed(ud, data);
}

/* A model that is silent must not keep a client waiting that has left: an empty piece asks. */
static int on_idle(void *ud)
{
    struct rag_chat_stream *c = ud;
    return c->emit ? c->emit(c->ud, RAG_STR("")) : 0;
}

static int call_model(struct rag_http_client *http, const struct rag_llm_opts *opts, struct rag_arena *a,
                      struct rag_str body, struct rag_chat_stream *c, struct rag_err *err)
{
    const char *headers[4];
    int rc = make_headers(opts, a, headers, err);
    if (rc != 0)
        return rc;
    const char *url = rag_arena_printf(a, "%s/chat/completions", opts->base_url);
    if (!url)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the request to the model");
    const struct rag_http_call call = {.method = "POST",
                                       .url = url,
                                       .headers = headers,
                                       .body = body,
                                       .idle_timeout_s = opts->timeout_s,
                                       .max_reply = MAX_REPLY,
                                       .on_data = on_data,
                                       .on_idle = on_idle,
                                       .ud = c};
    struct rag_buf reply;
    struct rag_err fault = {0};
    int status = 0;
    rag_buf_init(&reply, MAX_ERROR);
    rc = rag_http_client_call(http, &call, &status, &reply, &fault);
    if (c->error.n) {
        rc = fail_upstream(0, rag_buf_str(&c->error), opts->api_key, err);
    } else if (c->fault.code) {
        rc = rag_err_set(err, c->fault.code, "%s", c->fault.msg);
    } else if (rc == RAG_ENET && status != 0) {
        rc = fail_cut_off(c, err);
    } else if (rc != 0) {
        rag_err_set(err, rc, "the model server (rag.llm.base_url): %s", fault.msg);
    } else if (status < 200 || status > 299) {
        void *holder = NULL;
        rc = fail_upstream(status, rag_chat_error_text(rag_buf_str(&reply), &holder), opts->api_key, err);
        json_decref(holder);
    }
    rag_buf_free(&reply);
    return rc;
}

static int finish(struct rag_chat_stream *c, const char *key, struct rag_err *err)
{
    int rc = rag_chat_stream_finish(c);
    if (c->error.n)
        return fail_upstream(0, rag_buf_str(&c->error), key, err);
    if (rc != 0)
        return rag_err_set(err, rc, "%s", c->fault.msg);
    /* Without either mark nobody knows whether the answer is whole. */
    return c->done || c->finish_reason.n ? 0 : fail_cut_off(c, err);
}

int rag_llm_chat(struct rag_http_client *http, const struct rag_llm_opts *opts, struct rag_arena *a,
                 const struct rag_messages *messages, rag_emit_fn *emit, void *ud, struct rag_llm_reply *out,
                 struct rag_err *err)
{
    *out = (struct rag_llm_reply){0};
    if (!opts->base_url || !*opts->base_url)
        return rag_err_set(err, RAG_EINVAL, "no model endpoint is configured");
    struct rag_chat_stream c;
    struct rag_buf body;
    rag_chat_stream_init(&c, emit, ud);
    rag_buf_init(&body, 4 * (size_t)RAG_LIMIT_JSON_BODY);
    write_request(&body, opts, messages);
    int rc = body.err;
    if (rc != 0) {
        rag_err_set(err, rc, "the request to the model is too large");
        goto out;
    }
    rc = call_model(http, opts, a, rag_buf_str(&body), &c, err);
    if (rc == 0)
        rc = finish(&c, opts->api_key, err);
    if (rc != 0)
        goto out;
    out->text = rag_arena_str(a, rag_buf_str(&c.text));
    out->usage = c.usage;
    out->model = rag_arena_strdup(a, c.model.n ? c.model.p : opts->model ? opts->model : "");
    out->finish_reason = rag_arena_strdup(a, c.finish_reason.n ? c.finish_reason.p : "stop");
    if (!out->text.p || !out->model || !out->finish_reason)
        rc = rag_err_set(err, RAG_ENOMEM, "not enough memory for the model's answer");
out:
    rag_chat_stream_free(&c);
    rag_buf_free(&body);
    return rc;
}
