/* toml_write.c: jansson values as TOML text. */
#include "text/toml.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static void write_string(const char *p, size_t n, struct rag_buf *out)
{
    rag_buf_addc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\')
            rag_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            rag_buf_adds(out, "\\n");
        else if (c == '\t')
            rag_buf_adds(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            rag_buf_printf(out, "\\u%04X", c);
        else
            rag_buf_addc(out, (char)c);
    }
    rag_buf_addc(out, '"');
}

static void write_key(const char *key, struct rag_buf *out)
{
    bool bare = *key != '\0';
    for (const char *p = key; *p; p++)
        bare = bare && (isalnum((unsigned char)*p) || *p == '_' || *p == '-') && !(*p & 0x80);
    if (bare)
        rag_buf_adds(out, key);
    else
        write_string(key, strlen(key), out);
}

/* %.17g keeps every bit; the shortest of the precisions that reads back equal is what a person typed. A TOML
 * float needs a point or an exponent. */
static void write_real(double v, struct rag_buf *out)
{
    char text[64];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    rag_buf_adds(out, text);
    if (!strpbrk(text, ".e"))
        rag_buf_adds(out, ".0");
}

int rag_toml_write_value(const json_t *value, struct rag_buf *out)
{
    size_t i;
    const char *key;
    json_t *item;
    bool first = true;
    switch (json_typeof(value)) {
    case JSON_STRING:
        write_string(json_string_value(value), json_string_length(value), out);
        break;
    case JSON_INTEGER:
        rag_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(json_real_value(value), out);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        rag_buf_adds(out, json_is_true(value) ? "true" : "false");
        break;
    case JSON_ARRAY:
        rag_buf_addc(out, '[');
        json_array_foreach((json_t *)value, i, item)
        {
            rag_buf_adds(out, i ? ", " : "");
            rag_toml_write_value(item, out);
        }
        rag_buf_addc(out, ']');
        break;
    case JSON_OBJECT:
        rag_buf_addc(out, '{');
        json_object_foreach((json_t *)value, key, item)
        {
            if (json_is_null(item))
                continue;
            rag_buf_adds(out, first ? " " : ", ");
            first = false;
            write_key(key, out);
            rag_buf_adds(out, " = ");
            rag_toml_write_value(item, out);
        }
        rag_buf_adds(out, first ? "}" : " }");
        break;
    case JSON_NULL:
        rag_buf_adds(out, "\"\"");
        break;
    }
    return out->err;
}

/* Written as "key = value"; an empty object too, or it would vanish. */
static bool is_plain(const json_t *item)
{
    return !json_is_null(item) && !(json_is_object(item) && json_object_size(item) > 0);
}

static void write_table(const json_t *object, struct rag_str path, struct rag_buf *out)
{
    const char *key;
    json_t *item;
    bool plain = false;
    json_object_foreach((json_t *)object, key, item)
    {
        plain = plain || is_plain(item);
    }
    if (plain && path.n)
        rag_buf_printf(out, "%s[%.*s]\n", out->n ? "\n" : "", RAG_STR_ARG(path));
    json_object_foreach((json_t *)object, key, item)
    {
        if (!is_plain(item))
            continue;
        write_key(key, out);
        rag_buf_adds(out, " = ");
        rag_toml_write_value(item, out);
        rag_buf_addc(out, '\n');
    }
    json_object_foreach((json_t *)object, key, item)
    {
        if (!json_is_object(item) || is_plain(item))
            continue;
        struct rag_buf below;
        rag_buf_init(&below, out->max);
        rag_buf_addstr(&below, path);
        rag_buf_adds(&below, path.n ? "." : "");
        write_key(key, &below);
        if (below.err)
            out->err = below.err;
        else
            write_table(item, rag_buf_str(&below), out);
        rag_buf_free(&below);
    }
}

int rag_toml_write(const json_t *object, struct rag_buf *out)
{
    write_table(object, (struct rag_str){"", 0}, out);
    return out->err;
}
