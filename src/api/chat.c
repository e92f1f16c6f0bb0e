/* chat.c: /v1/chat/completions, OpenAI's protocol with PAI-RAG's fields for the knowledge base. */
#include "api/handlers.h"

#include <stdio.h>
#include <time.h>

#include "api/stream.h"
#include "api/value.h"
#include "api/wire.h"
#include "base/id.h"
#include "base/limits.h"

static const char WHAT[] = "Chat";

struct chat {
    struct rag_call *call;
    struct rag_query query;
    char id[48]; /* "chatcmpl-…" */
    long long created;
    const char *model; /* as the request names it */
    bool references;   /* citations and citation_details are wanted */
    bool include_usage;
    bool role_sent; /* the first chunk says who speaks */
    struct rag_stream stream;
};

/* ---- the request ---- */

static bool refuse(struct rag_call *c, int status, const char *field, const char *text)
{
    rag_call_error_field(c, status, text, field);
    return false;
}

/* content: a text, or a list of text parts. */
static bool read_content(struct rag_call *c, const json_t *content, struct rag_str *out)
{
    struct rag_buf joined;
    if (json_is_string(content)) {
        *out = (struct rag_str){json_string_value(content), json_string_length(content)};
        return true;
    }
    if (!json_is_array(content))
        return refuse(c, 400, "messages", "content must be a text or a list of {\"type\":\"text\"} parts.");
    rag_buf_init(&joined, RAG_LIMIT_JSON_BODY);
    for (size_t i = 0; i < json_array_size(content); i++) {
        const json_t *part = json_array_get(content, i);
        const char *type = rag_value_cstr(part, "type");
        struct rag_str text = rag_value_str(part, "text");
        if (!type || strcmp(type, "text") != 0 || !text.p) {
            rag_buf_free(&joined);
            return refuse(c, 400, "messages", "Only parts of type text are taken; images and files are not.");
        }
        if (joined.n)
            rag_buf_addc(&joined, '\n');
        rag_buf_addstr(&joined, text);
    }
    *out = rag_arena_str(c->arena, rag_buf_str(&joined));
    rag_buf_free(&joined);
    return out->p || refuse(c, 503, NULL, "out of memory");
}

static enum rag_role role_of(const char *name)
{
    return !strcmp(name, "user")        ? RAG_ROLE_USER
           : !strcmp(name, "assistant") ? RAG_ROLE_ASSISTANT
                                        : RAG_ROLE_SYSTEM;
}

static bool read_messages(struct rag_call *c, struct rag_query *q)
{
    const json_t *list = json_object_get(c->body, "messages");
    size_t n = json_array_size(list);
    struct rag_message *v = rag_arena_array(c->arena, n, sizeof *v);
    if (!v)
        return refuse(c, 503, NULL, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *m = json_array_get(list, i);
        v[i].role = role_of(rag_value_cstr(m, "role"));
        if (!read_content(c, json_object_get(m, "content"), &v[i].text))
            return false;
    }
    if (v[n - 1].role != RAG_ROLE_USER)
        return refuse(c, 400, "messages", "The last message must be the user's question.");
    if (rag_str_trim(v[n - 1].text).n == 0)
        return refuse(c, 400, "messages", "The question is empty.");
    if (v[n - 1].text.n > RAG_LIMIT_QUESTION)
        return refuse(c, 413, "messages", "The last message is longer than a question may be (64 KiB).");
    q->verbatim = (struct rag_messages){v, n};
    q->question = v[n - 1].text;
    return true;
}

static bool wants(struct rag_call *c, const char *key)
{
    return rag_value_bool(c->body, key, false);
}

/* PAI-RAG's order: search_web, chat_knowledgebase, chat_agent, chat_db, chat_llm; none: knowledge base. */
static bool read_mode(struct rag_call *c, struct rag_query *q)
{
    q->mode = RAG_ANSWER_RAG;
    if (wants(c, "search_web"))
        return refuse(c, 501, "search_web", "Web search is not available in this version.");
    if (wants(c, "chat_knowledgebase"))
        return true;
    if (wants(c, "chat_agent"))
        return refuse(c, 501, "chat_agent", "Agents are not available in this version.");
    if (wants(c, "chat_db"))
        return refuse(c, 501, "chat_db", "Data analysis is not available in this version.");
    if (wants(c, "chat_llm"))
        q->mode = RAG_ANSWER_LLM;
    return true;
}

static bool read_chat(struct rag_call *c, struct chat *chat)
{
    char hex[RAG_ID_HEX + 1];
    const char *model = rag_value_cstr(c->body, "model");
    long long max = rag_value_int(c->body, "max_tokens", 0);
    bool citation = wants(c, "citation");
    rag_id_new(hex);
    *chat = (struct chat){
        .call = c,
        .created = (long long)time(NULL),
        .model = model ? model : "default",
        .references = citation || wants(c, "return_reference"),
        .include_usage = rag_value_bool(json_object_get(c->body, "stream_options"), "include_usage", false)};
    snprintf(chat->id, sizeof chat->id, "chatcmpl-%s", hex);
    chat->query = (struct rag_query){.index = rag_call_index_name(c),
                                     .temperature = rag_value_num(c->body, "temperature", -1),
                                     .max_tokens = (int)rag_value_int(c->body, "max_completion_tokens", max),
                                     .citation = citation};
    return read_mode(c, &chat->query) && read_messages(c, &chat->query);
}

/* ---- the reply ---- */

static void put_head(struct rag_json *j, const struct chat *chat, const char *object)
{
    rag_json_cstr(j, "id", chat->id);
    rag_json_cstr(j, "object", object);
    rag_json_int(j, "created", chat->created);
    rag_json_cstr(j, "model", chat->model);
}

static void put_references(struct rag_json *j, const struct rag_hits *hits)
{
    rag_json_arr(j, "citations");
    for (size_t i = 0; i < hits->n; i++)
        rag_json_cstr(j, NULL, hits->v[i].file_name);
    rag_json_end_arr(j);
    rag_json_arr(j, "citation_details");
    for (size_t i = 0; i < hits->n; i++) {
        const struct rag_hit *h = &hits->v[i];
        rag_json_obj(j, NULL);
        rag_json_cstr(j, "name", h->file_name);
        rag_json_str(j, "text", h->text);
        rag_json_null(j, "url");
        rag_json_num(j, "score", h->score);
        rag_wire_metadata(j, "metadata", h);
        rag_json_end_obj(j);
    }
    rag_json_end_arr(j);
}

static void reply_whole(const struct chat *chat, const struct rag_answer *a)
{
    struct rag_json j = rag_call_json(chat->call);
    rag_json_obj(&j, NULL);
    put_head(&j, chat, "chat.completion");
    rag_json_arr(&j, "choices");
    rag_json_obj(&j, NULL);
    rag_json_int(&j, "index", 0);
    rag_json_obj(&j, "message");
    rag_json_cstr(&j, "role", "assistant");
    rag_json_str(&j, "content", a->text);
    rag_json_null(&j, "refusal");
    rag_json_end_obj(&j);
    rag_json_null(&j, "logprobs");
    rag_json_cstr(&j, "finish_reason", a->finish_reason ? a->finish_reason : "stop");
    rag_json_end_obj(&j);
    rag_json_end_arr(&j);
    rag_wire_usage(&j, "usage", &a->usage);
    rag_json_bool(&j, "extractive", a->extractive);
    if (chat->references)
        put_references(&j, &a->hits);
    rag_json_end_obj(&j);
    rag_call_reply(chat->call, 200);
}

/* ---- the stream ---- */

/* Everything of a chunk before what its kind adds. finish NULL: not the end yet. */
static void begin_chunk(struct chat *chat, struct rag_json *j, struct rag_str text, const char *finish)
{
    *j = rag_stream_message(&chat->stream);
    rag_json_obj(j, NULL);
    put_head(j, chat, "chat.completion.chunk");
    rag_json_arr(j, "choices");
    rag_json_obj(j, NULL);
    rag_json_int(j, "index", 0);
    rag_json_obj(j, "delta");
    if (!chat->role_sent)
        rag_json_cstr(j, "role", "assistant");
    if (text.n || !chat->role_sent)
        rag_json_str(j, "content", text);
    rag_json_end_obj(j);
    rag_json_null(j, "logprobs");
    rag_json_cstr(j, "finish_reason", finish);
    rag_json_end_obj(j);
    rag_json_end_arr(j);
    if (chat->include_usage)
        rag_json_null(j, "usage");
    chat->role_sent = true;
}

static int emit_chunk(void *ud, struct rag_str piece)
{
    struct chat *chat = ud;
    struct rag_json j;
    if (piece.n == 0)
        return rag_stream_idle(&chat->stream);
    begin_chunk(chat, &j, piece, NULL);
    rag_json_end_obj(&j);
    return rag_stream_send(&chat->stream);
}

static int send_usage(struct chat *chat, const struct rag_usage *usage)
{
    struct rag_json j = rag_stream_message(&chat->stream);
    rag_json_obj(&j, NULL);
    put_head(&j, chat, "chat.completion.chunk");
    rag_json_arr(&j, "choices");
    rag_json_end_arr(&j);
    rag_wire_usage(&j, "usage", usage);
    rag_json_end_obj(&j);
    return rag_stream_send(&chat->stream);
}

/* Text that was not sent piece by piece (nothing was found) goes into the last chunk. */
static void end_stream(struct chat *chat, const struct rag_answer *a)
{
    struct rag_json j;
    begin_chunk(chat, &j, chat->role_sent ? RAG_STR("") : a->text,
                a->finish_reason ? a->finish_reason : "stop");
    if (chat->references)
        put_references(&j, &a->hits);
    rag_json_end_obj(&j);
    if (rag_stream_send(&chat->stream) != 0)
        return;
    if (chat->include_usage && send_usage(chat, &a->usage) != 0)
        return;
    rag_stream_send_text(&chat->stream, "data: [DONE]\n\n");
}

/* OpenAI's clients raise an event that holds an error. */
static void break_stream(struct chat *chat, const struct rag_err *err)
{
    struct rag_json j = rag_stream_message(&chat->stream);
    rag_json_obj(&j, NULL);
    rag_json_obj(&j, "error");
    rag_json_cstr(&j, "message", err->msg);
    rag_json_cstr(&j, "type", "server_error");
    rag_json_null(&j, "param");
    rag_json_null(&j, "code");
    rag_json_end_obj(&j);
    rag_json_end_obj(&j);
    rag_stream_send(&chat->stream);
}

static void answer_stream(struct chat *chat)
{
    struct rag_answer a = {0};
    struct rag_err err = {0};
    rag_stream_init(&chat->stream, chat->call, RAG_STREAM_SSE);
    int rc = rag_answer(chat->call->engine, chat->call->arena, &chat->query, emit_chunk, chat, &a, &err);
    if (rc == 0)
        end_stream(chat, &a);
    else if (!chat->stream.begun)
        rag_call_fail(chat->call, &err, WHAT);
    else if (rc != RAG_ECANCELED)
        break_stream(chat, &err);
    rag_stream_free(&chat->stream);
}

void rag_handle_chat(struct rag_call *c)
{
    struct chat chat;
    if (!read_chat(c, &chat))
        return;
    if (wants(c, "stream")) {
        answer_stream(&chat);
        return;
    }
    struct rag_answer a = {0};
    struct rag_err err = {0};
    if (rag_answer(c->engine, c->arena, &chat.query, rag_call_still_wanted, c, &a, &err) != 0)
        rag_call_fail(c, &err, WHAT);
    else
        reply_whole(&chat, &a);
}
