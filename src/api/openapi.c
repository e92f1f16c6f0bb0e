/* openapi.c: writes the OpenAPI 3.1 document from the route table and the schemas that it points to. */
#include "api/openapi.h"

#include <stdio.h>

#include "text/json.h"

/* ---- schemas ---- */

enum { MAX_SCHEMAS = 128 };

struct schema_set {
    const struct rag_schema *v[MAX_SCHEMAS];
    size_t n;
};

/* Adds a schema and all that it refers to, each once. */
static void collect(struct schema_set *set, const struct rag_schema *s)
{
    if (!s || set->n == MAX_SCHEMAS)
        return;
    for (size_t i = 0; i < set->n; i++)
        if (set->v[i] == s)
            return;
    set->v[set->n++] = s;
    for (const struct rag_field *f = s->fields; f && f->name; f++)
        collect(set, f->ref);
}

static void put_ref(struct rag_json *j, const struct rag_schema *s)
{
    char ref[128];
    snprintf(ref, sizeof ref, "#/components/schemas/%s", s->name);
    rag_json_cstr(j, "$ref", ref);
}

static const char *type_name(enum rag_type type)
{
    switch (type) {
    case RAG_TYPE_STRING:
    case RAG_TYPE_FILE:
        return "string";
    case RAG_TYPE_BOOL:
        return "boolean";
    case RAG_TYPE_INT:
        return "integer";
    case RAG_TYPE_NUMBER:
        return "number";
    case RAG_TYPE_LIST:
        return "array";
    case RAG_TYPE_OBJECT:
    case RAG_TYPE_MAP:
        return "object";
    case RAG_TYPE_ANY:
        break;
    }
    return NULL;
}

static void put_type(struct rag_json *j, const char *name, bool nullable)
{
    if (!name)
        return;
    if (!nullable) {
        rag_json_cstr(j, "type", name);
        return;
    }
    rag_json_arr(j, "type");
    rag_json_cstr(j, NULL, name);
    rag_json_cstr(j, NULL, "null");
    rag_json_end_arr(j);
}

/* The values of a LIST or MAP. */
static void put_item(struct rag_json *j, const struct rag_field *f)
{
    rag_json_obj(j, f->type == RAG_TYPE_LIST ? "items" : "additionalProperties");
    if (f->item == RAG_TYPE_OBJECT)
        put_ref(j, f->ref);
    else
        put_type(j, type_name(f->item), false);
    if (f->item == RAG_TYPE_FILE)
        rag_json_cstr(j, "contentMediaType", "application/octet-stream");
    rag_json_end_obj(j);
}

static void put_limits(struct rag_json *j, const struct rag_field *f)
{
    bool number = f->type == RAG_TYPE_INT || f->type == RAG_TYPE_NUMBER, list = f->type == RAG_TYPE_LIST;
    if (f->min != 0 || f->max != 0) {
        if (number || f->min > 0)
            rag_json_num(j, number ? "minimum" : list ? "minItems" : "minLength", f->min);
        rag_json_num(j, number ? "maximum" : list ? "maxItems" : "maxLength", f->max);
    }
    if (f->pattern)
        rag_json_cstr(j, "pattern", f->pattern);
    if (f->one_of) {
        rag_json_arr(j, "enum");
        for (size_t i = 0; f->one_of[i]; i++)
            rag_json_cstr(j, NULL, f->one_of[i]);
        if (f->flags & RAG_FIELD_NULL)
            rag_json_null(j, NULL);
        rag_json_end_arr(j);
    }
    if (f->preset)
        rag_json_raw(j, "default", rag_str_of(f->preset));
}

static void put_field(struct rag_json *j, const char *key, const struct rag_field *f)
{
    bool nullable = f->flags & RAG_FIELD_NULL;
    rag_json_obj(j, key);
    if (f->type == RAG_TYPE_OBJECT && nullable) {
        rag_json_arr(j, "anyOf");
        rag_json_obj(j, NULL);
        put_ref(j, f->ref);
        rag_json_end_obj(j);
        rag_json_obj(j, NULL);
        rag_json_cstr(j, "type", "null");
        rag_json_end_obj(j);
        rag_json_end_arr(j);
    } else if (f->type == RAG_TYPE_OBJECT) {
        put_ref(j, f->ref);
    } else {
        put_type(j, type_name(f->type), nullable);
        if (f->type == RAG_TYPE_LIST || f->type == RAG_TYPE_MAP)
            put_item(j, f);
    }
    put_limits(j, f);
    if (f->help)
        rag_json_cstr(j, "description", f->help);
    rag_json_end_obj(j);
}

static void put_schema(struct rag_json *j, const struct rag_schema *s)
{
    rag_json_obj(j, s->name);
    rag_json_cstr(j, "type", "object");
    if (s->fields) {
        rag_json_obj(j, "properties");
        for (const struct rag_field *f = s->fields; f->name; f++)
            put_field(j, f->name, f);
        rag_json_end_obj(j);
        rag_json_arr(j, "required");
        for (const struct rag_field *f = s->fields; f->name; f++)
            if (f->flags & RAG_FIELD_REQUIRED)
                rag_json_cstr(j, NULL, f->name);
        rag_json_end_arr(j);
    }
    if (s->example) {
        rag_json_arr(j, "examples");
        rag_json_raw(j, NULL, rag_str_of(s->example));
        rag_json_end_arr(j);
    }
    rag_json_end_obj(j);
}

/* ---- operations ---- */

static void put_path_param(struct rag_json *j, const char *path)
{
    const char *open = strchr(path, '{');
    if (!open)
        return;
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(open + 1, "}"), open + 1);
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "name", name);
    rag_json_cstr(j, "in", "path");
    rag_json_bool(j, "required", true);
    rag_json_obj(j, "schema");
    rag_json_cstr(j, "type", "string");
    rag_json_end_obj(j);
    rag_json_end_obj(j);
}

static void put_parameters(struct rag_json *j, const struct rag_route *r)
{
    rag_json_arr(j, "parameters");
    put_path_param(j, r->path);
    for (const struct rag_field *f = r->query ? r->query->fields : NULL; f && f->name; f++) {
        rag_json_obj(j, NULL);
        rag_json_cstr(j, "name", f->name);
        rag_json_cstr(j, "in", "query");
        rag_json_bool(j, "required", f->flags & RAG_FIELD_REQUIRED);
        rag_json_cstr(j, "description", f->help);
        put_field(j, "schema", f);
        rag_json_end_obj(j);
    }
    rag_json_end_arr(j);
}

static void put_content(struct rag_json *j, const char *type, const struct rag_schema *s)
{
    rag_json_obj(j, type);
    rag_json_obj(j, "schema");
    put_ref(j, s);
    rag_json_end_obj(j);
    if (s->example)
        rag_json_raw(j, "example", rag_str_of(s->example));
    rag_json_end_obj(j);
}

static void put_request_body(struct rag_json *j, const struct rag_route *r)
{
    if (!r->body)
        return;
    rag_json_obj(j, "requestBody");
    rag_json_bool(j, "required", true);
    rag_json_obj(j, "content");
    put_content(j, r->flags & RAG_ROUTE_UPLOAD ? "multipart/form-data" : "application/json", r->body);
    rag_json_end_obj(j);
    rag_json_end_obj(j);
}

static void put_fault(struct rag_json *j, enum rag_style style, int status, const char *when)
{
    const struct rag_schema *s = style == RAG_STYLE_OPENAI ? &rag_schema_openai_error
                                 : status == 422           ? &rag_schema_validation_error
                                                           : &rag_schema_message;
    char key[8];
    snprintf(key, sizeof key, "%d", status);
    rag_json_obj(j, key);
    rag_json_cstr(j, "description", when);
    rag_json_obj(j, "content");
    put_content(j, "application/json", s);
    rag_json_end_obj(j);
    rag_json_end_obj(j);
}

static void put_success(struct rag_json *j, const struct rag_route *r)
{
    rag_json_obj(j, "200");
    rag_json_cstr(j, "description", "Success.");
    rag_json_obj(j, "content");
    if (r->reply)
        put_content(j, "application/json", r->reply);
    if (r->stream)
        put_content(j, "text/event-stream", r->stream);
    rag_json_end_obj(j);
    rag_json_end_obj(j);
}

static void put_responses(struct rag_json *j, const struct rag_route *r)
{
    bool open = r->flags & RAG_ROUTE_OPEN, changes = strcmp(r->method, "GET") != 0;
    rag_json_obj(j, "responses");
    if (!(r->flags & RAG_ROUTE_ABSENT))
        put_success(j, r);
    if (!(r->flags & RAG_ROUTE_ABSENT) && (changes || r->style == RAG_STYLE_COMPAT))
        put_fault(j, r->style, 400, "The request cannot be fulfilled as asked.");
    if (!open)
        put_fault(j, r->style, 401, "The API key is missing or wrong.");
    if (changes)
        put_fault(j, r->style, 403, "A page of another origin sent it.");
    if (strchr(r->path, '{') && r->style != RAG_STYLE_COMPAT)
        put_fault(j, r->style, 404, "Unknown id.");
    if (changes)
        put_fault(j, r->style, 413, "The body is too large.");
    if ((r->body || r->query) && r->style != RAG_STYLE_OPENAI)
        put_fault(j, r->style, 422, "A field is missing or has a wrong type or range.");
    if (!open)
        put_fault(j, r->style, 500, "A fault of the service.");
    if (r->flags & RAG_ROUTE_ABSENT)
        put_fault(j, r->style, 501, "Not available in this version.");
    if (r->stream) {
        put_fault(j, r->style, 502, "The model's endpoint failed.");
        put_fault(j, r->style, 504, "The model's endpoint was silent for too long.");
    }
    if (!open)
        put_fault(j, r->style, 503, "The embedding model is still loading, or the service is overloaded.");
    rag_json_end_obj(j);
}

/* "post_api_v1_query_llm" */
static void put_operation_id(struct rag_json *j, const struct rag_route *r, const char *prefix)
{
    char id[160];
    snprintf(id, sizeof id, "%s%s%s", r->method, prefix, r->path);
    size_t n = 0;
    for (const char *c = id; *c; c++) {
        if (*c == '{' || *c == '}')
            continue;
        id[n++] = (char)((*c >= 'A' && *c <= 'Z')                               ? *c + 32
                         : (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ? *c
                                                                                : '_');
    }
    id[n] = '\0';
    rag_json_cstr(j, "operationId", id);
}

static void put_operation(struct rag_json *j, const struct rag_route *r, const char *prefix)
{
    char method[8];
    size_t n = 0;
    for (; r->method[n] && n + 1 < sizeof method; n++)
        method[n] = (char)(r->method[n] | 0x20);
    method[n] = '\0';
    rag_json_obj(j, method);
    rag_json_cstr(j, "summary", r->summary);
    put_operation_id(j, r, prefix);
    rag_json_arr(j, "tags");
    rag_json_cstr(j, NULL, *prefix ? prefix : "OpenAI protocol");
    rag_json_end_arr(j);
    if (r->flags & RAG_ROUTE_ABSENT)
        rag_json_bool(j, "deprecated", true);
    if (r->flags & RAG_ROUTE_OPEN) {
        rag_json_arr(j, "security");
        rag_json_end_arr(j);
    }
    put_parameters(j, r);
    put_request_body(j, r);
    put_responses(j, r);
    rag_json_end_obj(j);
}

/* A path is written at its first row, with all its methods. */
static void put_path(struct rag_json *j, const struct rag_route *routes, size_t n, size_t first, unsigned at)
{
    for (size_t i = 0; i < first; i++)
        if ((routes[i].at & at) && !strcmp(routes[i].path, routes[first].path))
            return;
    char path[128];
    const char *prefix = rag_route_prefix(at);
    snprintf(path, sizeof path, "%s%s", prefix, routes[first].path);
    rag_json_obj(j, path);
    for (size_t i = first; i < n; i++)
        if ((routes[i].at & at) && !strcmp(routes[i].path, routes[first].path))
            put_operation(j, &routes[i], prefix);
    rag_json_end_obj(j);
}

static void put_security(struct rag_json *j)
{
    rag_json_obj(j, "securitySchemes");
    rag_json_obj(j, "bearer");
    rag_json_cstr(j, "type", "http");
    rag_json_cstr(j, "scheme", "bearer");
    rag_json_cstr(j, "description", "Only when PAI_RAG_API_KEY is set; otherwise Authorization is ignored.");
    rag_json_end_obj(j);
    rag_json_obj(j, "apiKey");
    rag_json_cstr(j, "type", "apiKey");
    rag_json_cstr(j, "in", "header");
    rag_json_cstr(j, "name", "X-API-Key");
    rag_json_end_obj(j);
    rag_json_end_obj(j);
}

static void put_head(struct rag_json *j)
{
    rag_json_cstr(j, "openapi", "3.1.0");
    rag_json_obj(j, "info");
    rag_json_cstr(j, "title", "pai_rag");
    rag_json_cstr(j, "version", RAG_VERSION);
    rag_json_cstr(
        j, "description",
        "Documents in, cited answers out. /service and /api/v1 have the same routes; streamed answers "
        "are JSON lines under /service and server-sent events under /api/v1.");
    rag_json_end_obj(j);
    rag_json_arr(j, "servers"); /* relative to this document: right behind any gateway prefix */
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "url", "./");
    rag_json_end_obj(j);
    rag_json_end_arr(j);
    rag_json_arr(j, "security");
    static const char *const schemes[] = {NULL, "bearer", "apiKey"}; /* NULL: none is fine, too */
    for (size_t i = 0; i < 3; i++) {
        rag_json_obj(j, NULL);
        if (schemes[i]) {
            rag_json_arr(j, schemes[i]);
            rag_json_end_arr(j);
        }
        rag_json_end_obj(j);
    }
    rag_json_end_arr(j);
}

int rag_openapi_write(const struct rag_route *routes, size_t n, struct rag_buf *out)
{
    struct schema_set set = {0};
    struct rag_json j;
    rag_json_init(&j, out);
    rag_json_obj(&j, NULL);
    put_head(&j);
    rag_json_obj(&j, "paths");
    for (unsigned at = RAG_AT_API; at; at = at == RAG_AT_API       ? RAG_AT_SERVICE
                                            : at == RAG_AT_SERVICE ? RAG_AT_ROOT
                                                                   : 0)
        for (size_t i = 0; i < n; i++)
            if ((routes[i].at & at) && !(routes[i].flags & RAG_ROUTE_HIDDEN))
                put_path(&j, routes, n, i, at);
    rag_json_end_obj(&j);
    for (size_t i = 0; i < n; i++) {
        collect(&set, routes[i].body);
        collect(&set, routes[i].reply);
        collect(&set, routes[i].stream);
    }
    collect(&set, &rag_schema_message);
    collect(&set, &rag_schema_validation_error);
    collect(&set, &rag_schema_openai_error);
    rag_json_obj(&j, "components");
    rag_json_obj(&j, "schemas");
    for (size_t i = 0; i < set.n; i++)
        put_schema(&j, set.v[i]);
    rag_json_end_obj(&j);
    put_security(&j);
    rag_json_end_obj(&j);
    rag_json_end_obj(&j);
    return out->err;
}
