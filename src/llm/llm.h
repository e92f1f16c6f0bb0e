/* llm.h: chat completions from an OpenAI-protocol endpoint. */
#ifndef RAG_LLM_LLM_H
#define RAG_LLM_LLM_H

#include "base/arena.h"
#include "base/err.h"
#include "core/opts.h"
#include "core/types.h"

struct rag_http_client;

struct rag_llm_reply {
    struct rag_str text;
    struct rag_usage usage; /* zero when the model reported none */
    const char *model;
    const char *finish_reason;
};

/* Sends messages with stream=true and hands each text delta to emit (NULL allowed: then the call is still
 * streamed, so that a stuck model is noticed). opts->system_prompt goes first when set and messages hold no
 * system message. The model server is not trusted: sizes are limited, unknown events ignored, errors quoted
 * without secrets. While the model is silent, emit gets an empty piece about once a second, which asks
 * whether to go on. RAG_EUPSTREAM (status and the server's message), RAG_ENET, RAG_ETIMEOUT, RAG_ECANCELED
 * (emit said so). */
int rag_llm_chat(struct rag_http_client *http, const struct rag_llm_opts *opts, struct rag_arena *a,
                 const struct rag_messages *messages, rag_emit_fn *emit, void *ud, struct rag_llm_reply *out,
                 struct rag_err *err);
/* Tokens that fit into the model's window: from opts, else by model name, else 8192. */
int rag_llm_window(const struct rag_llm_opts *opts);

#endif
