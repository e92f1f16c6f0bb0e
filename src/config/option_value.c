/* option_value.c: looks rows of the table up and checks values against them. */
#include "config/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/limits.h"
#include "text/toml.h"

static bool same_word(struct rag_str a, struct rag_str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* Cuts the next entry off a "a|b|c" list. */
static bool next_entry(const char **list, struct rag_str *entry)
{
    if (!*list || !**list)
        return false;
    size_t n = strcspn(*list, "|");
    *entry = (struct rag_str){*list, n};
    *list += n + ((*list)[n] == '|');
    return true;
}

/* Splits "name=value"; value = name when there is no '='. */
static void split_entry(struct rag_str entry, struct rag_str *name, struct rag_str *value)
{
    const char *eq = memchr(entry.p, '=', entry.n);
    *name = *value = entry;
    if (eq) {
        name->n = (size_t)(eq - entry.p);
        *value = (struct rag_str){eq + 1, entry.n - name->n - 1};
    }
}

struct rag_str rag_option_pick(const char *list, struct rag_str word)
{
    struct rag_str entry, name, value;
    while (next_entry(&list, &entry)) {
        split_entry(entry, &name, &value);
        if (same_word(name, word))
            return value;
    }
    return (struct rag_str){"", 0};
}

int rag_option_find(struct rag_str key, bool *is_old)
{
    for (size_t i = 0; i < rag_n_options; i++) {
        struct rag_str entry;
        const char *old = rag_options[i].old;
        bool hit = same_word(key, rag_str_of(rag_options[i].key)), was_old = false;
        while (!hit && next_entry(&old, &entry))
            hit = was_old = same_word(key, entry);
        if (!hit)
            continue;
        if (is_old)
            *is_old = was_old;
        return (int)i;
    }
    return -1;
}

int rag_option_source(size_t i)
{
    char key[128];
    const char *dot = strrchr(rag_options[i].key, '.');
    snprintf(key, sizeof key, "%.*s.source", (int)(dot - rag_options[i].key), rag_options[i].key);
    return rag_option_find(rag_str_of(key), NULL);
}

static void allowed_words(const char *choices, char *buf, size_t cap)
{
    struct rag_str entry, name, value;
    size_t n = (size_t)snprintf(buf, cap, "one of");
    const char *separator = " ";
    while (next_entry(&choices, &entry)) {
        split_entry(entry, &name, &value);
        if (name.p != value.p || n >= cap) /* an old word */
            continue;
        n += (size_t)snprintf(buf + n, cap - n, "%s%.*s", separator, RAG_STR_ARG(name));
        separator = ", ";
    }
}

const char *rag_option_allowed(const struct rag_option *o, char *buf, size_t cap)
{
    switch (o->type) {
    case RAG_OPT_BOOL:
        return "true or false";
    case RAG_OPT_INT:
        snprintf(buf, cap, "a whole number from %.0f to %.0f", o->min, o->max);
        return buf;
    case RAG_OPT_NUM:
        snprintf(buf, cap, "a number from %g to %g", o->min, o->max);
        return buf;
    case RAG_OPT_ENUM:
        allowed_words(o->choices, buf, cap);
        return buf;
    case RAG_OPT_URL:
        return "an address that begins with http:// or https://";
    case RAG_OPT_PROMPT:
        return "text with {context_str} and {query_str}";
    case RAG_OPT_STRS:
        return "a list of texts";
    case RAG_OPT_NUMS:
        return "a list of numbers";
    case RAG_OPT_MAP:
        return "names with a text each";
    case RAG_OPT_STR:
    case RAG_OPT_SECRET:
        break;
    }
    return "text";
}

/* The message never quotes a secret: it ends up in logs. */
static json_t *refuse(const struct rag_option *o, int code, const json_t *value, struct rag_err *err)
{
    char allowed[256], *text = NULL;
    if (o->type != RAG_OPT_SECRET && o->type != RAG_OPT_URL)
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(10));
    if (text && strlen(text) <= 80)
        rag_err_set(err, code, "%s must be %s, not %s", o->key,
                    rag_option_allowed(o, allowed, sizeof allowed), text);
    else
        rag_err_set(err, code, "%s must be %s", o->key, rag_option_allowed(o, allowed, sizeof allowed));
    free(text);
    return NULL;
}

static json_t *check_number(const struct rag_option *o, const json_t *value, struct rag_err *err)
{
    if (!json_is_number(value))
        return refuse(o, RAG_ESCHEMA, value, err);
    double v = json_number_value(value);
    if (o->type == RAG_OPT_INT && v != floor(v))
        return refuse(o, RAG_ESCHEMA, value, err);
    if (!(v >= o->min && v <= o->max))
        return refuse(o, RAG_EINVAL, value, err);
    return o->type == RAG_OPT_INT ? json_integer((json_int_t)v) : json_real(v);
}

static bool is_http_url(const char *s)
{
    size_t scheme = strncasecmp(s, "http://", 7) == 0 ? 7 : strncasecmp(s, "https://", 8) == 0 ? 8 : 0;
    if (!scheme || strchr("/?#", s[scheme]))
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return false;
    return true;
}

static json_t *check_text(const struct rag_option *o, const json_t *value, struct rag_err *err)
{
    /* EAS tokens may be all digits, and TOML then reads a number. */
    if (json_is_integer(value) && o->type == RAG_OPT_SECRET) {
        char digits[32];
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return json_string(digits);
    }
    if (!json_is_string(value))
        return refuse(o, RAG_ESCHEMA, value, err);
    const char *s = json_string_value(value);
    if (strlen(s) != json_string_length(value))
        return refuse(o, RAG_EINVAL, value, err);
    /* Keys travel in a header line. */
    if (o->type == RAG_OPT_SECRET && strpbrk(s, "\r\n")) {
        rag_err_set(err, RAG_EINVAL, "%s must be one line of text", o->key);
        return NULL;
    }
    if (o->type == RAG_OPT_URL && *s && !is_http_url(s))
        return refuse(o, RAG_EINVAL, value, err);
    if (o->type == RAG_OPT_PROMPT && !(strstr(s, "{context_str}") && strstr(s, "{query_str}")))
        return refuse(o, RAG_EINVAL, value, err);
    return json_stringn(s, json_string_length(value));
}

static json_t *check_enum(const struct rag_option *o, const json_t *value, struct rag_err *err)
{
    if (!json_is_string(value))
        return refuse(o, RAG_ESCHEMA, value, err);
    struct rag_str word = {json_string_value(value), json_string_length(value)};
    struct rag_str canonical = rag_option_pick(o->choices, word);
    return canonical.n ? json_stringn(canonical.p, canonical.n) : refuse(o, RAG_EINVAL, value, err);
}

static json_t *check_many(const struct rag_option *o, const json_t *value, struct rag_err *err)
{
    size_t i;
    const char *key;
    json_t *item;
    bool good = o->type == RAG_OPT_MAP ? json_is_object(value) : json_is_array(value);
    json_object_foreach((json_t *)value, key, item)
    {
        good = good && json_is_string(item);
    }
    json_array_foreach((json_t *)value, i, item)
    {
        good = good && (o->type == RAG_OPT_STRS ? json_is_string(item) : json_is_number(item));
    }
    return good ? json_deep_copy(value) : refuse(o, RAG_ESCHEMA, value, err);
}

json_t *rag_option_check(const struct rag_option *o, const json_t *value, struct rag_err *err)
{
    /* "No value" is allowed exactly where the default is none. */
    if (json_is_null(value))
        return o->dflt ? refuse(o, RAG_ESCHEMA, value, err) : json_null();
    switch (o->type) {
    case RAG_OPT_BOOL:
        return json_is_boolean(value) ? json_boolean(json_is_true(value))
                                      : refuse(o, RAG_ESCHEMA, value, err);
    case RAG_OPT_INT:
    case RAG_OPT_NUM:
        return check_number(o, value, err);
    case RAG_OPT_STR:
    case RAG_OPT_URL:
    case RAG_OPT_PROMPT:
    case RAG_OPT_SECRET:
        return check_text(o, value, err);
    case RAG_OPT_ENUM:
        return check_enum(o, value, err);
    case RAG_OPT_STRS:
    case RAG_OPT_NUMS:
    case RAG_OPT_MAP:
        return check_many(o, value, err);
    }
    return refuse(o, RAG_ESCHEMA, value, err);
}

/* "true", "0.5", "[1, 2]" as TOML; NULL when it is none. */
static json_t *as_toml(struct rag_str text)
{
    struct rag_buf doc;
    rag_buf_init(&doc, RAG_LIMIT_CONFIG_FILE);
    rag_buf_adds(&doc, "v = ");
    rag_buf_addstr(&doc, text);
    json_t *root = doc.err ? NULL : rag_toml_parse(rag_buf_str(&doc), NULL, NULL);
    json_t *value = json_object_size(root) == 1 ? json_incref(json_object_get(root, "v")) : NULL;
    json_decref(root);
    rag_buf_free(&doc);
    return value;
}

json_t *rag_option_from_text(const struct rag_option *o, struct rag_str text, struct rag_err *err)
{
    bool is_text = o->type == RAG_OPT_STR || o->type == RAG_OPT_URL || o->type == RAG_OPT_PROMPT ||
                   o->type == RAG_OPT_SECRET || o->type == RAG_OPT_ENUM;
    /* Text is taken as typed, unless it is a quoted TOML string. A single number, true or false is text too.
     */
    json_t *value = is_text && !(text.n >= 2 && (*text.p == '"' || *text.p == '\'')) ? NULL : as_toml(text);
    if (is_text && !json_is_string(value)) {
        json_decref(value);
        value = NULL;
    }
    if (!value)
        value = json_stringn(text.p, text.n);
    if (!value) {
        rag_err_set(err, RAG_EINVAL, "%s must be UTF-8 text", o->key);
        return NULL;
    }
    json_t *checked = rag_option_check(o, value, err);
    json_decref(value);
    return checked;
}
