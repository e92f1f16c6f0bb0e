/* answer.c: the life of a question: history → retrieve → prompt → model (or extraction) → citations →
 * session. */
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "llm/llm.h"
#include "rag/cite.h"
#include "rag/engine.h"
#include "rag/extract.h"
#include "rag/history.h"
#include "rag/prompt.h"
#include "rag/retrieve.h"
#include "text/utf8.h"

enum { MAX_SESSION_ID = 128 };

static const char NO_HITS[] = "Empty Response";

static int check_question(const struct rag_query *q, struct rag_err *err)
{
    if (q->question.n > RAG_LIMIT_QUESTION)
        return rag_err_set(err, RAG_ETOOBIG, "the question has %zu bytes; at most %d are taken",
                           q->question.n, RAG_LIMIT_QUESTION);
    if (!rag_utf8_valid(q->question))
        return rag_err_set(err, RAG_EINVAL, "the question is not valid UTF-8");
    if (q->session_id && (!*q->session_id || strlen(q->session_id) > MAX_SESSION_ID))
        return rag_err_set(err, RAG_EINVAL, "session_id takes 1 to %d bytes, not %zu", MAX_SESSION_ID,
                           strlen(q->session_id));
    return 0;
}

static const struct rag_retrieve_opts *retrieve_opts(const struct rag_query *q, const struct rag_settings *s)
{
    return q->retrieve ? q->retrieve : &s->opts.retrieve;
}

int rag_retrieve_only(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                      struct rag_hits *out, struct rag_err *err)
{
    *out = (struct rag_hits){0};
    int rc = check_question(q, err);
    if (rc || rag_str_trim(q->question).n == 0)
        return rc;
    struct rag_settings *s = rag_settings_acquire(e);
    rc = rag_retrieve(e, a, q->index, q->question, retrieve_opts(q, s), out, err);
    rag_settings_release(s);
    return rc;
}

/* The configured model with what the request overrides. */
static struct rag_llm_opts llm_opts(const struct rag_query *q, const struct rag_settings *s)
{
    struct rag_llm_opts llm = s->opts.llm;
    if (q->temperature >= 0)
        llm.temperature = q->temperature;
    if (q->max_tokens > 0)
        llm.max_tokens = q->max_tokens;
    return llm;
}

/* Splits verbatim messages into what came before and the system message; the last user message is the
 * question. */
static void split_verbatim(const struct rag_query *q, struct rag_messages *history,
                           const struct rag_message **system)
{
    *system = NULL;
    *history = (struct rag_messages){.v = q->verbatim.v, .n = q->verbatim.n - 1};
    for (size_t i = 0; i < q->verbatim.n; i++)
        if (q->verbatim.v[i].role == RAG_ROLE_SYSTEM)
            *system = &q->verbatim.v[i];
}

/* The model's turn: answers one prompt, or the verbatim messages. */
static int ask_model(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                     const struct rag_llm_opts *llm, struct rag_str prompt, const struct rag_message *system,
                     rag_emit_fn *emit, void *ud, struct rag_answer *out, struct rag_err *err)
{
    struct rag_message v[2];
    struct rag_messages messages = {.v = v};
    struct rag_llm_reply reply;
    if (system)
        v[messages.n++] = *system;
    v[messages.n++] = (struct rag_message){RAG_ROLE_USER, prompt};
    if (q->mode == RAG_ANSWER_LLM && q->verbatim.n)
        messages = q->verbatim;
    int rc = rag_llm_chat(e->http, llm, a, &messages, emit, ud, &reply, err);
    if (rc)
        return rc;
    out->text = reply.text;
    out->model = reply.model ? reply.model : llm->model;
    out->finish_reason = reply.finish_reason ? reply.finish_reason : "stop";
    out->usage.prompt_tokens += reply.usage.prompt_tokens;
    out->usage.completion_tokens += reply.usage.completion_tokens;
    return 0;
}

/* A model that reports no usage is counted with the embedder's tokens, and the result says so. */
static void estimate_usage(struct rag_engine *e, struct rag_str prompt, struct rag_answer *out)
{
    struct rag_encoder *enc;
    if (out->usage.prompt_tokens || out->usage.completion_tokens || rag_engine_encoder(e, &enc, NULL))
        return;
    out->usage.prompt_tokens = rag_encoder_count_tokens(enc, prompt);
    out->usage.completion_tokens = rag_encoder_count_tokens(enc, out->text);
    out->usage.estimated = true;
}

static int answer_from_hits(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                            const struct rag_settings *s, const struct rag_llm_opts *llm,
                            struct rag_str question, const struct rag_message *system, rag_emit_fn *emit,
                            void *ud, struct rag_answer *out, struct rag_err *err)
{
    struct rag_encoder *enc;
    int rc = rag_retrieve(e, a, q->index, question, retrieve_opts(q, s), &out->hits, err);
    if (rc)
        return rc;
    if (out->hits.n == 0) {
        out->text = rag_str_of(NO_HITS);
        return 0;
    }
    if (llm->source == RAG_LLM_NONE) {
        out->extractive = true;
        rc = rag_extract_answer(e, a, question, &out->hits, &out->text, err);
        if (!rc && emit && out->text.n && emit(ud, out->text))
            rc = rag_err_set(err, RAG_ECANCELED, "the client left");
    } else {
        struct rag_str prompt;
        const struct rag_prompt_opts *p = &s->opts.prompt;
        if ((rc = rag_engine_encoder(e, &enc, err)))
            return rc;
        struct rag_token_counter counter = rag_engine_counter(enc);
        rc = rag_prompt_build(a, q->citation ? p->citation_qa_template : p->text_qa_template, question,
                              &out->hits, &counter, rag_llm_window(llm), llm->max_tokens, &prompt, err);
        if (!rc)
            rc = ask_model(e, a, q, llm, prompt, system, emit, ud, out, err);
        if (!rc)
            estimate_usage(e, prompt, out);
    }
    return rc ? rc
              : rag_cite_check(e->segmenter, a, out->text, &out->hits, &out->citations, &out->n_citations,
                               err);
}

static int answer_from_model(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                             const struct rag_llm_opts *llm, struct rag_str question, rag_emit_fn *emit,
                             void *ud, struct rag_answer *out, struct rag_err *err)
{
    if (llm->source == RAG_LLM_NONE)
        return rag_err_set(
            err, RAG_EINVAL,
            "no LLM is configured: set DASHSCOPE_API_KEY, or fill in rag.llm (source, base_url, api_key)");
    int rc = ask_model(e, a, q, llm, question, NULL, emit, ud, out, err);
    if (!rc)
        estimate_usage(e, question, out);
    return rc;
}

int rag_answer(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q, rag_emit_fn *emit,
               void *ud, struct rag_answer *out, struct rag_err *err)
{
    struct rag_messages history = {0};
    const struct rag_message *system = NULL;
    struct rag_str question = q->question;
    *out = (struct rag_answer){.text = RAG_STR(""), .session_id = "", .finish_reason = "stop"};
    int rc = check_question(q, err);
    if (!rc && rag_str_trim(q->question).n == 0)
        rc = rag_err_set(err, RAG_EINVAL, "the question is empty");
    if (rc)
        return rc;
    struct rag_settings *s = rag_settings_acquire(e);
    struct rag_llm_opts llm = llm_opts(q, s);

    if (q->verbatim.n)
        split_verbatim(q, &history, &system);
    else
        rc = rag_history_load(e, a, q, &history, err);
    if (!rc && !(q->verbatim.n && q->mode == RAG_ANSWER_LLM))
        rc = rag_history_condense(e, a, &llm, &history, q->question, &question, &out->usage, err);
    if (rc)
        goto out;
    out->new_query = rag_arena_strndup(a, question.p, question.n);

    if (q->mode == RAG_ANSWER_RAG)
        rc = answer_from_hits(e, a, q, s, &llm, question, system, emit, ud, out, err);
    else
        rc = answer_from_model(e, a, q, &llm, question, emit, ud, out, err);
    if (rc || q->verbatim.n)
        goto out;

    char fresh[RAG_ID_HEX + 1];
    rag_id_new(fresh);
    out->session_id = q->session_id ? q->session_id : rag_arena_strdup(a, fresh);
    rc = rag_history_store(e, out->session_id, q, out->text, err);
out:
    rag_settings_release(s);
    return rc;
}
