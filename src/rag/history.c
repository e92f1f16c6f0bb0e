/* history.c: loads and stores sessions; asks the model to turn a follow-up into a stand-alone question. */
#include "rag/history.h"

#include "base/limits.h"
#include "llm/llm.h"
#include "text/utf8.h"

static const char CONDENSE[] =
    "下面是一段对话和一个后续问题。请结合对话,把后续问题改写成一个独立、完整的问题:补全指代和省略,"
    "保留所有相关信息,"
    "使用后续问题的语言。只输出改写后的问题,不要回答。\n"
    "Below are a conversation and a follow-up message. Rewrite the follow-up as one standalone question that "
    "contains "
    "all the context it needs, in the language of the follow-up. Output only the question; do not answer "
    "it.\n\n"
    "对话 Conversation:\n%s\n后续问题 Follow-up: %.*s\n独立问题 Standalone question:";

int rag_history_load(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                     struct rag_messages *out, struct rag_err *err)
{
    struct rag_messages stored = {0};
    int rc = 0;
    if (q->session_id)
        rc = rag_store_session_load(e->store, a, q->session_id, RAG_LIMIT_SESSION_TURNS, &stored, err);
    if (rc)
        return rc;
    size_t n = stored.n + q->history.n;
    struct rag_message *all = rag_arena_array(a, n + 1, sizeof *all);
    if (!all)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    if (stored.n)
        memcpy(all, stored.v, stored.n * sizeof *all);
    if (q->history.n)
        memcpy(all + stored.n, q->history.v, q->history.n * sizeof *all);
    size_t skip = n > RAG_LIMIT_SESSION_TURNS ? n - RAG_LIMIT_SESSION_TURNS : 0;
    *out = (struct rag_messages){.v = all + skip, .n = n - skip};
    return 0;
}

/* The newest part of the conversation, as "user: …" and "assistant: …" lines, within max bytes. */
static int transcript(struct rag_arena *a, const struct rag_messages *history, size_t max, const char **out)
{
    struct rag_buf b;
    size_t from = history->n, bytes = 0;
    while (from > 0 && bytes + history->v[from - 1].text.n < max)
        bytes += history->v[--from].text.n;
    rag_buf_init(&b, 2 * max + 4096);
    for (size_t i = from; i < history->n; i++)
        if (history->v[i].role != RAG_ROLE_SYSTEM)
            rag_buf_printf(&b, "%s: %.*s\n", history->v[i].role == RAG_ROLE_USER ? "user" : "assistant",
                           RAG_STR_ARG(history->v[i].text));
    *out = b.err ? NULL : rag_arena_strndup(a, rag_buf_str(&b).p, b.n);
    rag_buf_free(&b);
    return *out ? 0 : RAG_ENOMEM;
}

int rag_history_condense(struct rag_engine *e, struct rag_arena *a, const struct rag_llm_opts *llm,
                         const struct rag_messages *history, struct rag_str question, struct rag_str *out,
                         struct rag_usage *usage, struct rag_err *err)
{
    const char *talk;
    *out = question;
    if (history->n == 0 || llm->source == RAG_LLM_NONE)
        return 0;
    /* A token is at least one byte: half the window in bytes always fits. */
    if (transcript(a, history, (size_t)rag_llm_window(llm) / 2, &talk))
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    char *prompt = rag_arena_printf(a, CONDENSE, talk, RAG_STR_ARG(question));
    if (!prompt)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    struct rag_message message = {RAG_ROLE_USER, rag_str_of(prompt)};
    struct rag_llm_reply reply;
    struct rag_llm_opts plain = *llm;
    plain.system_prompt = NULL;
    int rc = rag_llm_chat(e->http, &plain, a, &(struct rag_messages){&message, 1}, NULL, NULL, &reply, err);
    if (rc) {
        rag_err_prefix(err, "the follow-up question could not be rewritten");
        return rc;
    }
    usage->prompt_tokens += reply.usage.prompt_tokens;
    usage->completion_tokens += reply.usage.completion_tokens;
    struct rag_str standalone = rag_str_trim(reply.text);
    if (standalone.n && standalone.n <= RAG_LIMIT_QUESTION)
        *out = standalone;
    return 0;
}

int rag_history_store(struct rag_engine *e, const char *session_id, const struct rag_query *q,
                      struct rag_str answer, struct rag_err *err)
{
    struct rag_arena a;
    rag_arena_init(&a, 16 * RAG_MIB);
    size_t n = q->history.n;
    int rc;
    struct rag_message *all = rag_arena_array(&a, n + 2, sizeof *all);
    if (!all) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory");
        goto out;
    }
    if (n)
        memcpy(all, q->history.v, n * sizeof *all);
    all[n] = (struct rag_message){RAG_ROLE_USER, q->question};
    all[n + 1] = (struct rag_message){RAG_ROLE_ASSISTANT, answer};
    rc = rag_store_session_append(e->store, session_id, all, n + 2, err);
out:
    rag_arena_free(&a);
    return rc;
}
