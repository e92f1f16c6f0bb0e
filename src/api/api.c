/* api.c: opens the server and takes each request through the middleware to its handler. */
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "api/auth.h"
#include "api/call.h"
#include "api/guard.h"
#include "api/openapi.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"

/* ---- the head of every reply ---- */

/* A UUID with or without dashes. */
static bool is_uuid(const char *s)
{
    size_t n = s ? strlen(s) : 0, digits = 0;
    if (n != 32 && n != 36)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (n == 36 && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (s[i] != '-')
                return false;
        } else if (strchr("0123456789abcdefABCDEF", s[i])) {
            digits++;
        }
    }
    return digits == 32;
}

/* Random UUID, version 4 (RFC 9562). */
static void new_uuid(char out[37])
{
    char h[RAG_ID_HEX + 1];
    rag_id_new(h);
    h[12] = '4';
    h[16] = "89ab"[h[16] & 3];
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

static void set_request_id(struct rag_call *c)
{
    const char *given = rag_http_header(c->http, "X-Request-ID");
    if (is_uuid(given))
        snprintf(c->request_id, sizeof c->request_id, "%s", given);
    else
        new_uuid(c->request_id);
    rag_http_set_header(c->http, "X-Request-ID", c->request_id);
    rag_http_set_header(c->http, "X-Client-IP", rag_http_peer(c->http));
    rag_http_set_header(c->http, "X-Content-Type-Options", "nosniff");
}

/* Lets pages of configured origins read replies. */
static void set_cors(struct rag_call *c)
{
    const char *origin = rag_http_header(c->http, "Origin");
    if (!c->api->cors_origins)
        return;
    rag_http_set_header(c->http, "Vary", "Origin");
    if (!origin || !rag_guard_listed(c->api->cors_origins, origin))
        return;
    rag_http_set_header(c->http, "Access-Control-Allow-Origin", origin);
    rag_http_set_header(c->http, "Access-Control-Expose-Headers",
                        "X-Request-ID, X-Process-Time, X-Client-IP");
}

/* ---- who may do what ---- */

/* The status that refuses the request, or 0. Also asked before the body is read, so that nobody without the
 * key can make us store one. */
static int refusal(struct rag_api *api, struct rag_http_request *r, const struct rag_route *route)
{
    struct rag_guard_origin o = {.method = rag_http_method(r),
                                 .origin = rag_http_header(r, "Origin"),
                                 .fetch_site = rag_http_header(r, "Sec-Fetch-Site"),
                                 .host = rag_http_header(r, "Host"),
                                 .forwarded_host = rag_http_header(r, "X-Forwarded-Host")};
    if (!rag_guard_ok(&o, api->cors_origins))
        return 403;
    if (route && (route->flags & RAG_ROUTE_OPEN))
        return 0;
    return rag_auth_ok(api->api_key, rag_http_header(r, "Authorization"), rag_http_header(r, "X-API-Key"))
               ? 0
               : 401;
}

static void refuse(struct rag_call *c, int status)
{
    if (status == 401) {
        rag_http_set_header(c->http, "WWW-Authenticate", "Bearer");
        rag_call_error(c, 401,
                       "The API key is missing or wrong: send it as \"Authorization: Bearer <key>\" or "
                       "\"X-API-Key: <key>\". It is what PAI_RAG_API_KEY says where the service runs.");
        return;
    }
    rag_call_error(c, 403,
                   "A page of another origin sent this request, which could change something here. If that "
                   "page is yours, add its origin to server.cors_origins.");
}

/* OPTIONS that a browser sends before a cross-origin request. */
static void answer_options(struct rag_call *c)
{
    const char *origin = rag_http_header(c->http, "Origin");
    if (origin && rag_http_header(c->http, "Access-Control-Request-Method")) {
        if (!rag_guard_listed(c->api->cors_origins, origin)) {
            refuse(c, 403);
            return;
        }
        rag_http_set_header(c->http, "Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE");
        rag_http_set_header(c->http, "Access-Control-Allow-Headers",
                            "Authorization, Content-Type, X-API-Key, X-Request-ID");
        rag_http_set_header(c->http, "Access-Control-Max-Age", "600");
    } else {
        rag_http_set_header(c->http, "Allow", c->match.allow);
    }
    rag_call_send(c, 204, "application/json", RAG_STR(""));
}

static void answer_unknown(struct rag_call *c)
{
    const char *path = rag_http_path(c->http), *text;
    if (*c->match.allow) {
        rag_http_set_header(c->http, "Allow", c->match.allow);
        text = rag_arena_printf(c->arena, "%.200s takes %s, not %s.", path, c->match.allow,
                                rag_http_method(c->http));
        rag_call_error(c, 405, text ? text : "Method not allowed.");
        return;
    }
    text = rag_arena_printf(c->arena, "There is no route %.200s: /docs lists all of them.", path);
    rag_call_error(c, 404, text ? text : "Not found.");
}

/* ---- one call ---- */

static void match(struct rag_http_request *r, struct rag_match *out)
{
    rag_router_match(rag_routes, rag_routes_n, rag_http_method(r), rag_http_path(r), rag_http_arena(r), out);
}

static void begin_call(struct rag_call *c, struct rag_api *api, struct rag_http_request *r)
{
    *c = (struct rag_call){.api = api, .engine = api->engine, .http = r, .arena = rag_http_arena(r)};
    match(r, &c->match);
    set_request_id(c);
    set_cors(c);
}

static void end_call(struct rag_call *c)
{
    rag_info("access", "%s %.300s %d %.1f ms %s %s", rag_http_method(c->http), rag_http_path(c->http),
             c->status, (rag_clock_mono_s() - rag_http_started(c->http)) * 1e3, rag_http_peer(c->http),
             c->request_id);
    json_decref(c->body);
    json_decref(c->query);
    rag_buf_free(&c->out);
}

static void on_request(void *ud, struct rag_http_request *r)
{
    struct rag_call c;
    begin_call(&c, ud, r);
    int refused = refusal(c.api, r, c.match.route);
    if (!strcmp(rag_http_method(r), "OPTIONS") && *c.match.allow)
        answer_options(&c);
    else if (refused)
        refuse(&c, refused);
    else if (!c.match.route)
        answer_unknown(&c);
    else if (rag_request_read(&c))
        c.match.route->handle(&c);
    end_call(&c);
}

static void on_error(void *ud, struct rag_http_request *r, int status, const char *message)
{
    struct rag_call c;
    begin_call(&c, ud, r);
    int refused = refusal(c.api, r, c.match.route);
    if (refused)
        refuse(&c, refused);
    else if (!c.match.route && status == 413)
        answer_unknown(&c);
    else
        rag_call_error(&c, status, message);
    end_call(&c);
}

static void on_head(void *ud, struct rag_http_request *r, struct rag_http_policy *out)
{
    struct rag_api *api = ud;
    struct rag_match m;
    match(r, &m);
    *out = (struct rag_http_policy){.max_body = RAG_LIMIT_JSON_BODY};
    if (refusal(api, r, m.route))
        out->max_body = 0;
    else if (m.route && (m.route->flags & RAG_ROUTE_UPLOAD))
        *out = (struct rag_http_policy){
            .max_body = RAG_LIMIT_UPLOAD, .upload_dir = api->upload_dir, .max_files = RAG_LIMIT_UPLOAD_FILES};
}

/* ---- open and close ---- */

static char *copy(const char *s)
{
    return s && *s ? strdup(s) : NULL;
}

/* Uploads that were being received when the process died. The engine's lock on its folder makes us the only
 * one here. */
static int empty_upload_dir(const char *path, struct rag_err *err)
{
    int rc = path ? rag_fs_remove_tree(path, err) : 0;
    return rc || !path ? rc : rag_fs_mkdirs(path, err);
}

int rag_api_open(struct rag_engine *engine, struct rag_config *config, const struct rag_api_opts *opts,
                 struct rag_api **out, struct rag_err *err)
{
    *out = NULL;
    struct rag_api *api = calloc(1, sizeof *api);
    if (!api)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    api->engine = engine;
    api->config = config;
    api->upload_dir = copy(opts->upload_dir);
    api->api_key = copy(opts->api_key);
    api->cors_origins = copy(opts->cors_origins);
    api->started = time(NULL);
    api->started_mono = rag_clock_mono_s();
    pthread_mutex_init(&api->patch_lock, NULL);
    struct rag_http_server_opts server = {.host = opts->host,
                                          .port = opts->port,
                                          .listen_fd = opts->listen_fd,
                                          .ud = api,
                                          .policy = on_head,
                                          .handle = on_request,
                                          .on_error = on_error};
    int rc = empty_upload_dir(api->upload_dir, err);
    if (!rc)
        rc = rag_http_server_open(&server, &api->server, err);
    if (rc) {
        rag_api_close(api, 0);
        return rc;
    }
    *out = api;
    return 0;
}

int rag_api_port(const struct rag_api *api)
{
    return rag_http_server_port(api->server);
}

void rag_api_close(struct rag_api *api, int drain_ms)
{
    if (!api)
        return;
    if (api->server)
        rag_http_server_close(api->server, drain_ms);
    pthread_mutex_destroy(&api->patch_lock);
    free(api->upload_dir);
    free(api->api_key);
    free(api->cors_origins);
    free(api);
}

int rag_api_openapi(struct rag_buf *out)
{
    return rag_openapi_write(rag_routes, rag_routes_n, out);
}
