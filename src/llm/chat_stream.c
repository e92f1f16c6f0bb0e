/* chat_stream.c: turns the body of a chat completion, streamed or not, into text. The server is not trusted.
 */
#include "llm/chat_stream.h"

#include <limits.h>

#include "base/limits.h"
#include "text/json.h"
#include "text/utf8.h"

#define MAX_EVENT (1 * RAG_MIB)
#define MAX_JSON  (2 * RAG_LIMIT_ANSWER)
enum { MAX_NAME = 200 };

void rag_chat_stream_init(struct rag_chat_stream *c, rag_emit_fn *emit, void *ud)
{
    *c = (struct rag_chat_stream){.emit = emit, .ud = ud};
    rag_sse_init(&c->sse, MAX_EVENT);
    rag_buf_init(&c->json, MAX_JSON);
    rag_buf_init(&c->carry, MAX_JSON);
    rag_buf_init(&c->text, RAG_LIMIT_ANSWER);
    rag_buf_init(&c->model, MAX_NAME);
    rag_buf_init(&c->finish_reason, MAX_NAME);
    rag_buf_init(&c->error, MAX_EVENT);
}

void rag_chat_stream_free(struct rag_chat_stream *c)
{
    rag_sse_free(&c->sse);
    rag_buf_free(&c->json);
    rag_buf_free(&c->carry);
    rag_buf_free(&c->text);
    rag_buf_free(&c->model);
    rag_buf_free(&c->finish_reason);
    rag_buf_free(&c->error);
}

size_t rag_chat_stream_characters(const struct rag_chat_stream *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->text.n; i++)
        n += ((unsigned char)c->text.p[i] & 0xC0) != 0x80;
    return n;
}

/* ---- bytes that are not UTF-8 ----
 * Servers that cut their text by tokens may put half a character into one delta and the rest into the next.
 * jansson refuses such JSON, so each invalid byte travels through it as a code point of plane 16 (the idea of
 * Python's surrogateescape) and becomes a byte again afterwards. */

enum { ESCAPED_BYTE = 0x10FE00 };

static void escape_bytes(struct rag_buf *out, struct rag_str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t begin = i;
        uint32_t cp = rag_utf8_next(s, &i);
        if (i == begin + 1 && cp == 0xFFFD) {
            char escaped[4];
            rag_utf8_put(ESCAPED_BYTE + (unsigned char)s.p[begin], escaped);
            rag_buf_add(out, escaped, 4);
        } else {
            rag_buf_add(out, s.p + begin, i - begin);
        }
    }
}

static void unescape_bytes(struct rag_buf *out, struct rag_str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t begin = i;
        uint32_t cp = rag_utf8_next(s, &i);
        if (cp >= ESCAPED_BYTE + 0x80 && cp <= ESCAPED_BYTE + 0xFF)
            rag_buf_addc(out, (char)(cp - ESCAPED_BYTE));
        else
            rag_buf_add(out, s.p + begin, i - begin);
    }
}

/* Bytes at the end of s that begin a character which is not complete. */
static size_t open_tail(struct rag_str s)
{
    for (size_t back = 1; back <= 3 && back <= s.n; back++) {
        unsigned char c = (unsigned char)s.p[s.n - back];
        if (c < 0x80)
            return 0;
        if (c >= 0xC0)
            return (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u) > back ? back : 0;
    }
    return 0;
}

/* ---- text ---- */

/* Cleans what is carried, all but keep bytes, into the answer and hands it to emit. */
static int hand_over(struct rag_chat_stream *c, size_t keep)
{
    size_t before = c->text.n, n = c->carry.n - keep;
    if (n == 0)
        return 0;
    if (rag_utf8_clean(&c->text, (struct rag_str){c->carry.p, n}) != 0)
        return rag_err_set(&c->fault, c->text.err, "the model's answer is larger than %zu MiB",
                           RAG_LIMIT_ANSWER / RAG_MIB);
    rag_buf_consume(&c->carry, n);
    struct rag_str piece = {c->text.p + before, c->text.n - before};
    if (piece.n && c->emit && c->emit(c->ud, piece) != 0)
        return rag_err_set(&c->fault, RAG_ECANCELED, "the answer was canceled");
    return 0;
}

static int add_text(struct rag_chat_stream *c, struct rag_str delta, bool escaped)
{
    if (escaped)
        unescape_bytes(&c->carry, delta);
    else
        rag_buf_addstr(&c->carry, delta);
    if (c->carry.err)
        return rag_err_set(&c->fault, c->carry.err, "cannot keep the model's answer: %s",
                           rag_err_text(c->carry.err));
    return hand_over(c, open_tail(rag_buf_str(&c->carry)));
}

/* ---- JSON of the protocol ---- */

static int token_count(const json_t *usage, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(usage, key));
    return n < 0 ? 0 : n > INT_MAX ? INT_MAX : (int)n;
}

static void keep_name(struct rag_buf *out, const json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return;
    rag_buf_reset(out);
    rag_utf8_clean(out, (struct rag_str){json_string_value(value), json_string_length(value)});
}

static struct rag_str error_text(const json_t *value)
{
    const json_t *error = json_object_get(value, "error");
    const json_t *text = json_is_object(error)   ? json_object_get(error, "message")
                         : json_is_string(error) ? error
                                                 : NULL;
    if (!json_is_string(text))
        text = json_object_get(value, "message");
    if (!json_is_string(text))
        text = json_object_get(value, "detail");
    if (!json_is_string(text))
        return (struct rag_str){0};
    return (struct rag_str){json_string_value(text), json_string_length(text)};
}

struct rag_str rag_chat_error_text(struct rag_str body, void **holder)
{
    json_t *value = rag_json_parse(body, NULL);
    *holder = value;
    struct rag_str text = error_text(value);
    return text.n ? text : rag_str_trim(body);
}

/* One event, or the whole reply of a server that does not stream. */
static int take_value(struct rag_chat_stream *c, const json_t *value, bool escaped)
{
    const json_t *error = json_object_get(value, "error");
    if (error && !json_is_null(error)) {
        struct rag_str text = error_text(value);
        rag_buf_addstr(&c->error, text.n ? text : RAG_STR("an error without a message"));
        return rag_err_set(&c->fault, RAG_EUPSTREAM, "the model server reports an error");
    }
    keep_name(&c->model, json_object_get(value, "model"));
    const json_t *usage = json_object_get(value, "usage");
    if (json_is_object(usage)) {
        c->usage.prompt_tokens = token_count(usage, "prompt_tokens");
        c->usage.completion_tokens = token_count(usage, "completion_tokens");
    }
    const json_t *choices = json_object_get(value, "choices");
    c->any_event |= json_is_array(choices);
    const json_t *choice = json_array_get(choices, 0);
    keep_name(&c->finish_reason, json_object_get(choice, "finish_reason"));
    const json_t *message = json_object_get(choice, "delta");
    if (!json_is_object(message))
        message = json_object_get(choice, "message");
    const json_t *content = json_object_get(message, "content"); /* null beside tool calls or reasoning */
    if (!json_is_string(content))
        return 0;
    return add_text(c, (struct rag_str){json_string_value(content), json_string_length(content)}, escaped);
}

/* What is no JSON is ignored, as an unknown event is. */
static int take_json(struct rag_chat_stream *c, struct rag_str text)
{
    struct rag_buf escaped;
    bool valid = rag_utf8_valid(text);
    rag_buf_init(&escaped, 4 * text.n);
    if (!valid) {
        escape_bytes(&escaped, text);
        text = rag_buf_str(&escaped);
    }
    json_t *value = rag_json_parse(text, NULL);
    int rc = value ? take_value(c, value, !valid) : 0;
    json_decref(value);
    rag_buf_free(&escaped);
    return rc;
}

static int on_event(void *ud, struct rag_str data)
{
    struct rag_chat_stream *c = ud;
    if (c->done)
        return 0;
    if (rag_str_eqz(rag_str_trim(data), "[DONE]")) {
        c->done = c->any_event = true;
        return 0;
    }
    return take_json(c, data);
}

/* ---- the body ---- */

int rag_chat_stream_feed(struct rag_chat_stream *c, struct rag_str bytes)
{
    if (c->kind == RAG_CHAT_UNKNOWN) {
        size_t blank = 0;
        while (blank < bytes.n && strchr(" \t\r\n", bytes.p[blank]) && bytes.p[blank])
            blank++;
        if (blank == bytes.n)
            return 0;
        c->kind = bytes.p[blank] == '{' ? RAG_CHAT_JSON : RAG_CHAT_SSE;
    }
    if (c->kind == RAG_CHAT_JSON) {
        if (rag_buf_addstr(&c->json, bytes) != 0)
            return rag_err_set(&c->fault, c->json.err, "the model server's reply is larger than %zu MiB",
                               MAX_JSON / RAG_MIB);
        return 0;
    }
    int rc = rag_sse_feed(&c->sse, bytes, on_event, c);
    if (rc != 0 && !c->fault.code)
        rag_err_set(&c->fault, rc, "the model server sent an event larger than %zu MiB", MAX_EVENT / RAG_MIB);
    return rc;
}

int rag_chat_stream_finish(struct rag_chat_stream *c)
{
    int rc = 0;
    if (c->kind == RAG_CHAT_JSON) {
        rc = take_json(c, rag_buf_str(&c->json));
        c->done = c->any_event;
    }
    return rc != 0 ? rc : hand_over(c, 0);
}
