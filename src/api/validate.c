/* validate.c: checks JSON against a schema; types and texts of the faults are pydantic's. */
#include "api/validate.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/value.h"
#include "base/limits.h"

enum { MAX_FAULTS = 32, MAX_ECHO = 2048 };

/* Where a value stands: a list from the leaf to the root, on the stack of the recursion. */
struct place {
    const struct place *up;
    const char *key; /* NULL: index counts */
    size_t index;
};

/* A limit that the message names, repeated for programs. */
struct limit {
    const char *name;
    double number;
    const char *text;
};

void rag_faults_init(struct rag_faults *f)
{
    *f = (struct rag_faults){0};
    rag_buf_init(&f->text, RAG_MIB);
    rag_json_init(&f->json, &f->text);
    rag_json_obj(&f->json, NULL);
    rag_json_arr(&f->json, "detail");
}

void rag_faults_free(struct rag_faults *f)
{
    if (f)
        rag_buf_free(&f->text);
}

struct rag_str rag_faults_finish(struct rag_faults *f)
{
    rag_json_end_arr(&f->json);
    rag_json_end_obj(&f->json);
    return rag_buf_str(&f->text);
}

static void put_loc(struct rag_json *j, const struct place *at)
{
    if (!at)
        return;
    put_loc(j, at->up);
    if (at->key)
        rag_json_cstr(j, NULL, at->key);
    else
        rag_json_int(j, NULL, (long long)at->index);
}

/* "messages.0.role": without the root, which is always "body" or "query". */
static void name_place(const struct place *at, char *out, size_t cap)
{
    if (!at->up) {
        snprintf(out, cap, "%s", "");
        return;
    }
    name_place(at->up, out, cap);
    size_t n = strlen(out);
    if (at->key)
        snprintf(out + n, cap - n, "%s%s", n ? "." : "", at->key);
    else
        snprintf(out + n, cap - n, "%s%zu", n ? "." : "", at->index);
}

/* The value at fault goes back to the sender, unless it is long. */
static void put_input(struct rag_json *j, const json_t *input)
{
    char *text = input ? json_dumps(input, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    size_t n = text ? strlen(text) : 0;
    if (text && n <= MAX_ECHO)
        rag_json_raw(j, "input", (struct rag_str){text, n});
    else
        rag_json_null(j, "input");
    free(text);
}

static void add(struct rag_faults *f, const struct place *at, const char *type, const char *msg,
                const json_t *input, const struct limit *limit)
{
    if (f->n++ == 0) {
        name_place(at, f->first_where, sizeof f->first_where);
        snprintf(f->first_msg, sizeof f->first_msg, "%s", msg);
    }
    if (f->n > MAX_FAULTS)
        return;
    struct rag_json *j = &f->json;
    rag_json_obj(j, NULL);
    rag_json_cstr(j, "type", type);
    rag_json_arr(j, "loc");
    put_loc(j, at);
    rag_json_end_arr(j);
    rag_json_cstr(j, "msg", msg);
    put_input(j, input);
    if (limit) {
        rag_json_obj(j, "ctx");
        if (limit->text)
            rag_json_cstr(j, limit->name, limit->text);
        else
            rag_json_num(j, limit->name, limit->number);
        rag_json_end_obj(j);
    }
    rag_json_end_obj(j);
}

void rag_faults_add_body(struct rag_faults *f, const char *type, const char *msg, const json_t *input)
{
    add(f, &(struct place){.key = "body"}, type, msg, input, NULL);
}

void rag_faults_add_malformed(struct rag_faults *f, int byte, const char *why)
{
    struct place root = {.key = "body"};
    struct place at = {.up = &root, .index = (size_t)byte};
    json_t *nothing = json_object();
    add(f, &at, "json_invalid", "JSON decode error", nothing, &(struct limit){.name = "error", .text = why});
    json_decref(nothing);
    /* For styles that show one text only. */
    f->first_where[0] = '\0';
    snprintf(f->first_msg, sizeof f->first_msg, "%s", why);
}

/* ---- kinds of values ---- */

static void add_limit(struct rag_faults *f, const struct place *at, const char *type, const char *fmt,
                      const json_t *v, const char *name, double number)
{
    char msg[160];
    snprintf(msg, sizeof msg, fmt, number);
    add(f, at, type, msg, v, &(struct limit){.name = name, .number = number});
}

static void check_range(const struct rag_field *field, double d, const json_t *v, const struct place *at,
                        struct rag_faults *f)
{
    if (field->min == 0 && field->max == 0)
        return;
    if (d < field->min)
        add_limit(f, at, "greater_than_equal", "Input should be greater than or equal to %.15g", v, "ge",
                  field->min);
    else if (d > field->max)
        add_limit(f, at, "less_than_equal", "Input should be less than or equal to %.15g", v, "le",
                  field->max);
}

static bool matches(const char *pattern, const char *text)
{
    regex_t re;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool ok = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return ok;
}

static void check_one_of(const struct rag_field *field, const json_t *v, const struct place *at,
                         struct rag_faults *f)
{
    char list[200] = "";
    for (size_t i = 0; field->one_of[i]; i++) {
        if (!strcmp(field->one_of[i], json_string_value(v)))
            return;
        size_t n = strlen(list);
        const char *glue = i == 0 ? "" : field->one_of[i + 1] ? ", " : " or ";
        snprintf(list + n, sizeof list - n, "%s'%s'", glue, field->one_of[i]);
    }
    char msg[240];
    snprintf(msg, sizeof msg, "Input should be %s", list);
    add(f, at, "literal_error", msg, v, &(struct limit){.name = "expected", .text = list});
}

static void check_string(const struct rag_field *field, const json_t *v, const struct place *at,
                         struct rag_faults *f)
{
    if (!json_is_string(v)) {
        add(f, at, "string_type", "Input should be a valid string", v, NULL);
        return;
    }
    if (field->max > 0 && (double)json_string_length(v) > field->max)
        add_limit(f, at, "string_too_long", "String should have at most %.15g bytes", v, "max_length",
                  field->max);
    if (field->pattern && !matches(field->pattern, json_string_value(v))) {
        char msg[160];
        snprintf(msg, sizeof msg, "String should match pattern '%s'", field->pattern);
        add(f, at, "string_pattern_mismatch", msg, v,
            &(struct limit){.name = "pattern", .text = field->pattern});
    }
    if (field->one_of)
        check_one_of(field, v, at, f);
}

static void check_bool(const json_t *v, const struct place *at, struct rag_faults *f)
{
    bool b;
    enum rag_coerce kind = rag_coerce_bool(v, &b);
    if (kind == RAG_COERCE_TYPE)
        add(f, at, "bool_type", "Input should be a valid boolean", v, NULL);
    else if (kind != RAG_COERCE_OK)
        add(f, at, "bool_parsing", "Input should be a valid boolean, unable to interpret input", v, NULL);
}

static void check_int(const struct rag_field *field, const json_t *v, const struct place *at,
                      struct rag_faults *f)
{
    long long i;
    switch (rag_coerce_int(v, &i)) {
    case RAG_COERCE_OK:
        check_range(field, (double)i, v, at, f);
        break;
    case RAG_COERCE_TYPE:
        add(f, at, "int_type", "Input should be a valid integer", v, NULL);
        break;
    case RAG_COERCE_TEXT:
        add(f, at, "int_parsing", "Input should be a valid integer, unable to parse string as an integer", v,
            NULL);
        break;
    case RAG_COERCE_FRACTION:
        add(f, at, "int_from_float", "Input should be a valid integer, got a number with a fractional part",
            v, NULL);
        break;
    }
}

static void check_num(const struct rag_field *field, const json_t *v, const struct place *at,
                      struct rag_faults *f)
{
    double d;
    enum rag_coerce kind = rag_coerce_num(v, &d);
    if (kind == RAG_COERCE_TYPE)
        add(f, at, "float_type", "Input should be a valid number", v, NULL);
    else if (kind != RAG_COERCE_OK)
        add(f, at, "float_parsing", "Input should be a valid number, unable to parse string as a number", v,
            NULL);
    else
        check_range(field, d, v, at, f);
}

static void check_object(const struct rag_schema *schema, const json_t *v, const struct place *at,
                         struct rag_faults *f);

static void check_list(const struct rag_field *field, const json_t *v, const struct place *at,
                       struct rag_faults *f)
{
    if (!json_is_array(v)) {
        add(f, at, "list_type", "Input should be a valid list", v, NULL);
        return;
    }
    size_t n = json_array_size(v);
    if ((double)n < field->min)
        add_limit(f, at, "too_short", "List should have at least %.15g item(s)", NULL, "min_length",
                  field->min);
    if (field->max > 0 && (double)n > field->max) {
        add_limit(f, at, "too_long", "List should have at most %.15g items", NULL, "max_length", field->max);
        return;
    }
    for (size_t i = 0; i < n && field->ref; i++)
        check_object(field->ref, json_array_get(v, i), &(struct place){.up = at, .index = i}, f);
}

static void check_field(const struct rag_field *field, const json_t *v, const struct place *at,
                        struct rag_faults *f)
{
    switch (field->type) {
    case RAG_TYPE_STRING:
        check_string(field, v, at, f);
        break;
    case RAG_TYPE_BOOL:
        check_bool(v, at, f);
        break;
    case RAG_TYPE_INT:
        check_int(field, v, at, f);
        break;
    case RAG_TYPE_NUMBER:
        check_num(field, v, at, f);
        break;
    case RAG_TYPE_LIST:
        check_list(field, v, at, f);
        break;
    case RAG_TYPE_OBJECT:
        check_object(field->ref, v, at, f);
        break;
    case RAG_TYPE_MAP:
        if (!json_is_object(v))
            add(f, at, "dict_type", "Input should be a valid dictionary", v, NULL);
        break;
    case RAG_TYPE_ANY:
    case RAG_TYPE_FILE:
        break;
    }
}

static void check_object(const struct rag_schema *schema, const json_t *v, const struct place *at,
                         struct rag_faults *f)
{
    if (!json_is_object(v)) {
        add(f, at, "model_attributes_type",
            "Input should be a valid dictionary or object to extract fields from", v, NULL);
        return;
    }
    for (const struct rag_field *field = schema->fields; field && field->name; field++) {
        const json_t *member = json_object_get(v, field->name);
        struct place here = {.up = at, .key = field->name};
        if (!member) {
            if (field->flags & RAG_FIELD_REQUIRED)
                add(f, &here, "missing", "Field required", v, NULL);
        } else if (!json_is_null(member) || !(field->flags & RAG_FIELD_NULL)) {
            check_field(field, member, &here, f);
        }
    }
}

int rag_validate(const struct rag_schema *schema, const json_t *value, const char *root, struct rag_faults *f)
{
    int before = f->n;
    check_object(schema, value, &(struct place){.key = root}, f);
    return f->n - before;
}
