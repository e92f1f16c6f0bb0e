/* json.c: JSON in through jansson, guarded; JSON out through a small writer. */
#include "text/json.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "text/utf8.h"

/* ---- reading ---- */

/* jansson recurses once per level: depth is checked before it starts, in a loop that needs no stack. Text
 * that is not JSON may count wrongly here; jansson refuses it afterwards. */
static int check_depth(struct rag_str text, struct rag_err *err)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > RAG_LIMIT_JSON_DEPTH)
                return rag_err_set(err, RAG_EFORMAT, "JSON is nested deeper than %d levels at byte %zu",
                                   RAG_LIMIT_JSON_DEPTH, i);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return 0;
}

/* jansson's own texts quote the input, which may hold a secret and ends up in logs. */
static const char *fault_text(enum json_error_code code)
{
    switch (code) {
    case json_error_invalid_utf8:
        return "a byte is not valid UTF-8";
    case json_error_premature_end_of_input:
        return "the text ends too early";
    case json_error_end_of_input_expected:
        return "more text follows the value";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "\\u0000 is not allowed in a string";
    case json_error_numeric_overflow:
        return "a number is too large";
    default:
        return "the syntax is wrong";
    }
}

json_t *rag_json_parse(struct rag_str text, struct rag_err *err)
{
    if (rag_str_trim(text).n == 0) {
        rag_err_set(err, RAG_EFORMAT, "expected JSON, not an empty text");
        return NULL;
    }
    if (check_depth(text, err) != 0)
        return NULL;
    json_error_t fault;
    json_t *value = json_loadb(text.p, text.n, JSON_DECODE_ANY, &fault);
    if (value)
        return value;
    enum json_error_code code = json_error_code(&fault);
    if (code == json_error_out_of_memory)
        rag_err_set(err, RAG_ENOMEM, "not enough memory for %zu bytes of JSON", text.n);
    else
        rag_err_set(err, RAG_EFORMAT, "malformed JSON near byte %d (line %d): %s", fault.position, fault.line,
                    fault_text(code));
    return NULL;
}

/* ---- writing ---- */

void rag_json_init(struct rag_json *j, struct rag_buf *out)
{
    *j = (struct rag_json){.out = out};
}

/* Length of the prefix of s that needs no escape and is valid UTF-8. */
static size_t plain_run(struct rag_str s)
{
    size_t i = 0;
    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80) {
            if (c < 0x20 || c == '"' || c == '\\')
                return i;
            i++;
            continue;
        }
        size_t next = i;
        uint32_t cp = rag_utf8_next(s, &next);
        /* A replaced byte advances by one, a real U+FFFD by three. U+2028/9 end lines in older JavaScript. */
        if (next == i + 1 || cp == 0x2028 || cp == 0x2029)
            return i;
        i = next;
    }
    return i;
}

/* Writes the escape of the first character of s, which plain_run stopped at; returns its length. */
static size_t put_escape(struct rag_buf *out, struct rag_str s)
{
    static const char short_form[] = "btn\0fr"; /* of 8 to 13; 11 has none */
    unsigned char c = (unsigned char)s.p[0];
    if (c == '"' || c == '\\') {
        rag_buf_addc(out, '\\');
        rag_buf_addc(out, (char)c);
        return 1;
    }
    if (c >= 8 && c <= 13 && short_form[c - 8]) {
        rag_buf_addc(out, '\\');
        rag_buf_addc(out, short_form[c - 8]);
        return 1;
    }
    if (c < 0x20) {
        rag_buf_printf(out, "\\u%04x", c);
        return 1;
    }
    size_t at = 0;
    uint32_t cp = rag_utf8_next(s, &at);
    if (cp == 0xFFFD)
        rag_buf_adds(out, "\xEF\xBF\xBD");
    else
        rag_buf_printf(out, "\\u%04x", (unsigned)cp);
    return at;
}

static void put_string(struct rag_buf *out, struct rag_str s)
{
    rag_buf_addc(out, '"');
    while (s.n) {
        size_t n = plain_run(s);
        rag_buf_add(out, s.p, n);
        if (n < s.n)
            n += put_escape(out, (struct rag_str){s.p + n, s.n - n});
        s.p += n;
        s.n -= n;
    }
    rag_buf_addc(out, '"');
}

/* What precedes every value: the comma and the key. */
static void begin_value(struct rag_json *j, const char *key)
{
    if (j->comma)
        rag_buf_addc(j->out, ',');
    if (key) {
        put_string(j->out, rag_str_of(key));
        rag_buf_addc(j->out, ':');
    }
    j->comma = true;
}

void rag_json_obj(struct rag_json *j, const char *key)
{
    begin_value(j, key);
    rag_buf_addc(j->out, '{');
    j->comma = false;
}

void rag_json_end_obj(struct rag_json *j)
{
    rag_buf_addc(j->out, '}');
    j->comma = true;
}

void rag_json_arr(struct rag_json *j, const char *key)
{
    begin_value(j, key);
    rag_buf_addc(j->out, '[');
    j->comma = false;
}

void rag_json_end_arr(struct rag_json *j)
{
    rag_buf_addc(j->out, ']');
    j->comma = true;
}

void rag_json_str(struct rag_json *j, const char *key, struct rag_str v)
{
    begin_value(j, key);
    put_string(j->out, v);
}

void rag_json_cstr(struct rag_json *j, const char *key, const char *v)
{
    if (v)
        rag_json_str(j, key, rag_str_of(v));
    else
        rag_json_null(j, key);
}

void rag_json_int(struct rag_json *j, const char *key, long long v)
{
    begin_value(j, key);
    rag_buf_printf(j->out, "%lld", v);
}

/* Six places after the point from 1 on, six significant digits below: scores and times need no more. */
void rag_json_num(struct rag_json *j, const char *key, double v)
{
    if (!isfinite(v)) {
        rag_json_null(j, key);
        return;
    }
    char text[64];
    double size = fabs(v);
    if (size < 1)
        snprintf(text, sizeof text, "%.6g", v);
    else if (size < 1e15)
        snprintf(text, sizeof text, "%.6f", v);
    else
        snprintf(text, sizeof text, "%.17g", v);
    if (size >= 1 && size < 1e15) {
        size_t n = strlen(text);
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.')
            n--;
        text[n] = '\0';
    }
    begin_value(j, key);
    rag_buf_adds(j->out, text);
}

void rag_json_bool(struct rag_json *j, const char *key, bool v)
{
    begin_value(j, key);
    rag_buf_adds(j->out, v ? "true" : "false");
}

void rag_json_null(struct rag_json *j, const char *key)
{
    begin_value(j, key);
    rag_buf_adds(j->out, "null");
}

void rag_json_raw(struct rag_json *j, const char *key, struct rag_str json)
{
    begin_value(j, key);
    rag_buf_addstr(j->out, json);
}
