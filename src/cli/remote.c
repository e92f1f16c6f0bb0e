/* remote.c: client of the HTTP API for ask, load_data and up. */
#include "cli/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "net/http_client.h"
#include "net/sse.h"
#include "text/json.h"

enum { REPLY_MAX = 64 << 20 };

int rag_remote_open(struct rag_remote *r, const char *host, int port, const char *api_key,
                    struct rag_err *err)
{
    bool any = !*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    *r = (struct rag_remote){0};
    snprintf(r->base, sizeof r->base, strchr(host, ':') && !any ? "http://[%s]:%d" : "http://%s:%d",
             any ? "127.0.0.1" : host, port);
    if (api_key && *api_key)
        snprintf(r->auth, sizeof r->auth, "Authorization: Bearer %s", api_key);
    return rag_http_client_open(&r->http, err);
}

void rag_remote_close(struct rag_remote *r)
{
    rag_http_client_close(r->http);
    r->http = NULL;
}

/* The sentence in {"message"}, {"detail"} or {"error": {"message"}}. */
static int refused(int status, const struct rag_buf *reply, struct rag_err *err)
{
    json_t *root = rag_json_parse(rag_buf_str(reply), NULL);
    const char *text = json_string_value(json_object_get(root, "message"));
    if (!text)
        text = json_string_value(json_object_get(root, "detail"));
    if (!text)
        text = json_string_value(json_object_get(json_object_get(root, "error"), "message"));
    int rc = status == 401 ? RAG_EAUTH : RAG_EUPSTREAM;
    if (status == 401)
        rag_err_set(err, rc, "the server wants a key: set PAI_RAG_API_KEY to the one it was started with");
    else
        rag_err_set(err, rc, "%s (status %d)", text ? text : "the server refused the request", status);
    json_decref(root);
    return rc;
}

static int call(struct rag_remote *r, struct rag_http_call *c, const char *path, struct rag_buf *reply,
                struct rag_err *err)
{
    char url[1024];
    const char *headers[4] = {"Content-Type: application/json"};
    size_t n = 1;
    int status = 0;
    snprintf(url, sizeof url, "%s%s", r->base, path);
    if (r->auth[0])
        headers[n++] = r->auth;
    c->url = url;
    if (!c->headers)
        c->headers = headers;
    if (!c->connect_timeout_ms)
        c->connect_timeout_ms = 2000;
    c->max_reply = REPLY_MAX;
    c->on_idle = r->on_idle;
    if (!c->ud)
        c->ud = r->ud;
    int rc = rag_http_client_call(r->http, c, &status, reply, err);
    if (rc == 0 && (status < 200 || status > 299))
        rc = refused(status, reply, err);
    return rc;
}

json_t *rag_remote_json(struct rag_remote *r, const char *path, const json_t *body, struct rag_err *err)
{
    struct rag_buf reply;
    rag_buf_init(&reply, REPLY_MAX);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct rag_http_call c = {
        .method = body ? "POST" : "GET", .body = rag_str_of(text), .idle_timeout_s = 300};
    json_t *out = call(r, &c, path, &reply, err) == 0 ? rag_json_parse(rag_buf_str(&reply), err) : NULL;
    free(text);
    rag_buf_free(&reply);
    return out;
}

bool rag_remote_answers(struct rag_remote *r, const char *path)
{
    struct rag_buf reply;
    rag_buf_init(&reply, REPLY_MAX);
    struct rag_http_call c = {.method = "GET"};
    int rc = call(r, &c, path, &reply, NULL);
    rag_buf_free(&reply);
    return rc == 0;
}

bool rag_remote_is_up(struct rag_remote *r)
{
    json_t *health = rag_remote_json(r, "/api/v1/health", NULL, NULL);
    const char *status = json_string_value(json_object_get(health, "status"));
    bool up = status && strcmp(status, "OK") == 0;
    json_decref(health);
    return up;
}

int rag_remote_wait_ready(struct rag_remote *r, int timeout_ms, struct rag_err *err)
{
    double end = rag_clock_mono_s() + timeout_ms / 1000.0;
    for (;;) {
        json_t *health = rag_remote_json(r, "/api/v1/health", NULL, err);
        bool ready = json_is_true(json_object_get(health, "ready"));
        json_decref(health);
        if (ready)
            return 0;
        if (r->on_idle && r->on_idle(r->ud))
            return rag_err_set(err, RAG_ECANCELED, "stopped");
        if (rag_clock_mono_s() > end)
            return rag_err_set(err, RAG_ETIMEOUT, "the server at %s was not ready after %d s", r->base,
                               timeout_ms / 1000);
        nanosleep(&(struct timespec){0, 20 * 1000000L}, NULL);
    }
}

/* ---- upload ---- */

/* Quotes and line breaks would end the file name early (RFC 7578, section 2, by way of HTML's encoding). */
static void add_file_name(struct rag_buf *out, const char *name)
{
    for (; *name; name++)
        if (*name == '"' || *name == '\r' || *name == '\n')
            rag_buf_printf(out, "%%%02X", (unsigned char)*name);
        else
            rag_buf_addc(out, *name);
}

static int make_form(struct rag_buf *out, const char *boundary, const char *path, const char *name,
                     const char *index, struct rag_err *err)
{
    if (index)
        rag_buf_printf(out, "--%s\r\nContent-Disposition: form-data; name=\"index_name\"\r\n\r\n%s\r\n",
                       boundary, index);
    rag_buf_printf(out, "--%s\r\nContent-Disposition: form-data; name=\"files\"; filename=\"", boundary);
    add_file_name(out, name);
    rag_buf_adds(out, "\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    int rc = rag_fs_read(path, out, err);
    rag_buf_printf(out, "\r\n--%s--\r\n", boundary);
    return rc ? rc : out->err ? rag_err_set(err, out->err, "%s does not fit into one upload", path) : 0;
}

int rag_remote_upload(struct rag_remote *r, const char *path, const char *name, const char *index,
                      char task_id[33], struct rag_err *err)
{
    char boundary[RAG_ID_HEX + 1], type[128];
    const char *headers[] = {type, r->auth[0] ? r->auth : NULL, NULL};
    struct rag_buf form, reply;
    json_t *answer = NULL;
    rag_buf_init(&form, RAG_LIMIT_UPLOAD);
    rag_buf_init(&reply, REPLY_MAX);
    rag_id_new(boundary);
    snprintf(type, sizeof type, "Content-Type: multipart/form-data; boundary=%s", boundary);
    int rc = make_form(&form, boundary, path, name, index, err);
    struct rag_http_call c = {
        .method = "POST", .headers = headers, .body = rag_buf_str(&form), .idle_timeout_s = 300};
    if (rc == 0)
        rc = call(r, &c, "/api/v1/upload_data", &reply, err);
    if (rc == 0 && !(answer = rag_json_parse(rag_buf_str(&reply), err)))
        rc = RAG_EFORMAT;
    const char *id = json_string_value(json_object_get(answer, "task_id"));
    if (rc == 0 && !rag_id_valid(id))
        rc = rag_err_set(err, RAG_EUPSTREAM, "the server gave no task id for %s", name);
    if (rc == 0)
        memcpy(task_id, id, RAG_ID_HEX + 1);
    json_decref(answer);
    rag_buf_free(&form);
    rag_buf_free(&reply);
    return rc;
}

/* ---- ask ---- */

struct asking {
    struct rag_remote *remote;
    struct rag_sse sse;
    rag_emit_fn *emit;
    void *ud;
    json_t *last;
};

static int on_message(void *ud, struct rag_str data)
{
    struct asking *a = ud;
    json_t *m = rag_json_parse(data, NULL);
    const json_t *delta = json_object_get(m, "delta");
    int rc = json_string_length(delta)
                 ? a->emit(a->ud, (struct rag_str){json_string_value(delta), json_string_length(delta)})
                 : 0;
    if (json_is_true(json_object_get(m, "is_finished"))) {
        json_decref(a->last);
        a->last = json_incref(m);
    }
    json_decref(m);
    return rc;
}

static int on_bytes(void *ud, struct rag_str bytes)
{
    struct asking *a = ud;
    return rag_sse_feed(&a->sse, bytes, on_message, a);
}

/* The call has one ud for all its callbacks. */
static int on_waiting(void *ud)
{
    struct asking *a = ud;
    return a->remote->on_idle ? a->remote->on_idle(a->remote->ud) : 0;
}

int rag_remote_ask(struct rag_remote *r, const char *question, const char *index, rag_emit_fn *emit, void *ud,
                   json_t **last, struct rag_err *err)
{
    struct asking a = {.remote = r, .emit = emit, .ud = ud};
    struct rag_remote waiting = *r; /* borrows the client */
    struct rag_buf reply;
    json_t *body = json_pack("{s:s, s:b, s:b, s:s*}", "question", question, "stream", 1, "citation", 1,
                             "index_name", index);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    int rc = text ? 0 : rag_err_set(err, RAG_EINVAL, "the question must be UTF-8 text");
    rag_sse_init(&a.sse, REPLY_MAX);
    rag_buf_init(&reply, REPLY_MAX);
    waiting.on_idle = on_waiting;
    struct rag_http_call c = {
        .method = "POST", .body = rag_str_of(text), .idle_timeout_s = 600, .on_data = on_bytes, .ud = &a};
    if (rc == 0)
        rc = call(&waiting, &c, "/api/v1/query", &reply, err);
    const char *broken = json_string_value(json_object_get(a.last, "error"));
    if (rc == 0 && broken)
        rc = rag_err_set(err, RAG_EUPSTREAM, "%s", broken);
    if (rc == 0 && !a.last)
        rc = rag_err_set(err, RAG_EUPSTREAM, "the answer broke off");
    if (rc == 0)
        *last = json_incref(a.last);
    json_decref(a.last);
    json_decref(body);
    free(text);
    rag_sse_free(&a.sse);
    rag_buf_free(&reply);
    return rc;
}
