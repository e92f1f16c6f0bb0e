/* query.c: questions in PAI-RAG's protocol: query, query/llm, query/retrieval. */
#include "api/handlers.h"

#include "api/stream.h"
#include "api/value.h"
#include "api/wire.h"
#include "base/id.h"
#include "base/log.h"

static const char EMPTY_QUESTION[] = "Empty query. Please input your question.";
static const char WHAT[] = "Query RAG";

/* [{"user": …, "bot": …}] as messages. */
static int read_history(struct rag_call *c, struct rag_messages *out)
{
    const json_t *turns = json_object_get(c->body, "chat_history");
    size_t n = json_array_size(turns);
    *out = (struct rag_messages){.v = rag_arena_array(c->arena, 2 * n, sizeof *out->v)};
    if (!out->v)
        return RAG_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *turn = json_array_get(turns, i);
        out->v[out->n++] = (struct rag_message){RAG_ROLE_USER, rag_value_str(turn, "user")};
        out->v[out->n++] = (struct rag_message){RAG_ROLE_ASSISTANT, rag_value_str(turn, "bot")};
    }
    return 0;
}

static int read_query(struct rag_call *c, enum rag_answer_mode mode, struct rag_query *q)
{
    *q = (struct rag_query){.question = rag_value_str(c->body, "question"),
                            .index = rag_call_index_name(c),
                            .session_id = rag_value_cstr(c->body, "session_id"),
                            .temperature = rag_value_num(c->body, "temperature", -1),
                            .citation = rag_value_bool(c->body, "citation", false),
                            .mode = mode};
    return read_history(c, &q->history);
}

/* ---- whole replies ---- */

static void put_answer(struct rag_json *j, const struct rag_answer *a, const struct rag_hits *docs)
{
    rag_json_str(j, "answer", a->text);
    rag_json_cstr(j, "session_id", a->session_id);
    if (docs)
        rag_wire_docs(j, "docs", docs);
    else
        rag_json_null(j, "docs");
    rag_json_cstr(j, "new_query", a->new_query);
    rag_wire_answer_extras(j, a);
}

static void reply_whole(struct rag_call *c, const struct rag_answer *a, const struct rag_hits *docs)
{
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    put_answer(&j, a, docs);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

/* ---- streams ---- */

static int send_delta(struct rag_stream *s, struct rag_str piece)
{
    struct rag_json j = rag_stream_message(s);
    rag_json_obj(&j, NULL);
    rag_json_str(&j, "delta", piece);
    rag_json_bool(&j, "is_finished", false);
    rag_json_end_obj(&j);
    return rag_stream_send(s);
}

static int emit_delta(void *ud, struct rag_str piece)
{
    return piece.n ? send_delta(ud, piece) : rag_stream_idle(ud);
}

static void send_last(struct rag_stream *s, const struct rag_answer *a, const char *error)
{
    struct rag_json j = rag_stream_message(s);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "delta", "");
    rag_json_bool(&j, "is_finished", true);
    if (error)
        rag_json_cstr(&j, "error", error);
    rag_json_cstr(&j, "session_id", a->session_id && *a->session_id ? a->session_id : NULL);
    rag_wire_docs(&j, "docs", &a->hits);
    rag_json_cstr(&j, "new_query", a->new_query);
    rag_wire_answer_extras(&j, a);
    rag_json_end_obj(&j);
    rag_stream_send(s);
}

static void answer_stream(struct rag_call *c, const struct rag_query *q, enum rag_stream_format format)
{
    struct rag_answer a = {0};
    struct rag_err err = {0};
    struct rag_stream s;
    rag_stream_init(&s, c, format);
    int rc = rag_answer(c->engine, c->arena, q, emit_delta, &s, &a, &err);
    if (rc == 0) {
        send_last(&s, &a, NULL);
    } else if (!s.begun) {
        rag_call_fail(c, &err, WHAT);
    } else if (rc != RAG_ECANCELED) {
        int status;
        struct rag_answer none = {.hits = {0}};
        send_last(&s, &none, rag_call_fault_text(c, &err, WHAT, &status));
    }
    rag_stream_free(&s);
}

/* ---- the handlers ---- */

static void answer_empty(struct rag_call *c, const struct rag_query *q, bool stream,
                         enum rag_stream_format format)
{
    char fresh[RAG_ID_HEX + 1];
    rag_id_new(fresh);
    struct rag_answer a = {.text = RAG_STR(EMPTY_QUESTION),
                           .session_id = q->session_id ? q->session_id : fresh};
    if (!stream) {
        reply_whole(c, &a, NULL);
        return;
    }
    struct rag_stream s;
    rag_stream_init(&s, c, format);
    if (send_delta(&s, a.text) == 0)
        send_last(&s, &a, NULL);
    rag_stream_free(&s);
}

static void answer(struct rag_call *c, enum rag_answer_mode mode)
{
    struct rag_query q;
    enum rag_stream_format format = c->match.at == RAG_AT_SERVICE ? RAG_STREAM_LINES : RAG_STREAM_SSE;
    bool stream = rag_value_bool(c->body, "stream", false);
    if (rag_value_bool(c->body, "with_intent", false)) {
        rag_call_error(c, 501, "Intent routing is not available in this version: send with_intent=false.");
        return;
    }
    if (read_query(c, mode, &q) != 0) {
        rag_call_error(c, 503, "out of memory");
        return;
    }
    if (rag_str_trim(q.question).n == 0) {
        answer_empty(c, &q, stream, format);
        return;
    }
    if (stream) {
        answer_stream(c, &q, format);
        return;
    }
    struct rag_answer a = {0};
    struct rag_err err = {0};
    if (rag_answer(c->engine, c->arena, &q, rag_call_still_wanted, c, &a, &err) != 0)
        rag_call_fail(c, &err, WHAT);
    else
        reply_whole(c, &a, &a.hits);
}

void rag_handle_query(struct rag_call *c)
{
    answer(c, RAG_ANSWER_RAG);
}

void rag_handle_query_llm(struct rag_call *c)
{
    answer(c, RAG_ANSWER_LLM);
}

void rag_handle_retrieval(struct rag_call *c)
{
    struct rag_query q = {
        .question = rag_value_str(c->body, "question"), .index = rag_call_index_name(c), .temperature = -1};
    struct rag_hits hits = {0};
    struct rag_err err = {0};
    if (rag_retrieve_only(c->engine, c->arena, &q, &hits, &err) != 0) {
        rag_call_fail(c, &err, WHAT);
        return;
    }
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_wire_docs(&j, "docs", &hits);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}
