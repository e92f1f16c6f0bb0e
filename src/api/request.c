/* request.c: reads and checks what a request brings: JSON body, form fields, query parameters. */
#include "api/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "api/form.h"
#include "api/validate.h"

/* The OpenAI protocol has one text and one field; its status for all of these is 400. */
static void answer_faults(struct rag_call *c, struct rag_faults *f)
{
    if (c->match.route->style == RAG_STYLE_OPENAI) {
        char text[512];
        snprintf(text, sizeof text, "%s%s%s", f->first_where, *f->first_where ? ": " : "", f->first_msg);
        rag_call_error_field(c, 400, text, f->first_where);
        return;
    }
    rag_call_send(c, 422, "application/json", rag_faults_finish(f));
}

static bool check(struct rag_call *c, const struct rag_schema *schema, const json_t *value, const char *root)
{
    struct rag_faults f;
    rag_faults_init(&f);
    int n = rag_validate(schema, value, root, &f);
    if (n)
        answer_faults(c, &f);
    rag_faults_free(&f);
    return n == 0;
}

static void answer_body_fault(struct rag_call *c, const char *type, const char *msg)
{
    struct rag_faults f;
    rag_faults_init(&f);
    rag_faults_add_body(&f, type, msg, NULL);
    answer_faults(c, &f);
    rag_faults_free(&f);
}

/* text/json.h promises that the message says at which byte. */
static void answer_malformed(struct rag_call *c, const struct rag_err *err)
{
    struct rag_faults f;
    const char *at = strstr(err->msg, "at byte ");
    rag_faults_init(&f);
    rag_faults_add_malformed(&f, at ? atoi(at + 8) : 0, err->msg);
    answer_faults(c, &f);
    rag_faults_free(&f);
}

/* As in FastAPI: no type at all counts as JSON, other types do not. */
static bool is_json(const char *content_type)
{
    if (!content_type)
        return true;
    size_t n = strcspn(content_type, "; ");
    static const char plain[] = "application/json";
    if (n == sizeof plain - 1 && !strncasecmp(content_type, plain, n))
        return true;
    return n > 17 && !strncasecmp(content_type, "application/", 12) &&
           !strncasecmp(content_type + n - 5, "+json", 5);
}

static bool read_json(struct rag_call *c)
{
    struct rag_str text = rag_http_body(c->http);
    struct rag_err err = {0};
    if (text.n == 0 && !rag_http_is_multipart(c->http)) {
        answer_body_fault(c, "missing", "Field required");
        return false;
    }
    if (rag_http_is_multipart(c->http) || !is_json(rag_http_header(c->http, "Content-Type"))) {
        answer_body_fault(c, "model_attributes_type",
                          "Input should be a valid dictionary or object to extract fields from: "
                          "send JSON with Content-Type: application/json");
        return false;
    }
    c->body = rag_json_parse(text, &err);
    if (!c->body) {
        answer_malformed(c, &err);
        return false;
    }
    return check(c, c->match.route->body, c->body, "body");
}

static bool read_form(struct rag_call *c)
{
    c->body = json_object();
    if (!c->body || rag_form_fields(c->http, c->body) != 0) {
        rag_call_error(c, 503, "out of memory");
        return false;
    }
    return check(c, c->match.route->body, c->body, "body");
}

static bool read_query(struct rag_call *c, const struct rag_schema *schema)
{
    c->query = json_object();
    for (const struct rag_field *f = schema->fields; f->name; f++) {
        const char *v = rag_http_query(c->http, f->name);
        if (v && json_object_set_new(c->query, f->name, json_string(v)) != 0) {
            rag_call_error(c, 422, "a query parameter is not valid UTF-8");
            return false;
        }
    }
    return check(c, schema, c->query, "query");
}

bool rag_request_read(struct rag_call *c)
{
    const struct rag_route *route = c->match.route;
    if (route->query && !read_query(c, route->query))
        return false;
    if (!route->body)
        return true;
    return route->flags & RAG_ROUTE_UPLOAD ? read_form(c) : read_json(c);
}
