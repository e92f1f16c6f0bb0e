/* chat_stream.h: turns the body of a chat completion, streamed or not, into text. */
#ifndef RAG_LLM_CHAT_STREAM_H
#define RAG_LLM_CHAT_STREAM_H

#include "base/buf.h"
#include "base/err.h"
#include "core/types.h"
#include "net/sse.h"

enum rag_chat_kind { RAG_CHAT_UNKNOWN, RAG_CHAT_SSE, RAG_CHAT_JSON };

struct rag_chat_stream {
    enum rag_chat_kind kind; /* told by the first byte: some servers ignore "stream" */
    struct rag_sse sse;
    struct rag_buf json;  /* the body, when it is one JSON object */
    struct rag_buf carry; /* bytes of a character that the next piece may complete */
    struct rag_buf text;  /* the answer so far: valid UTF-8 without NUL */
    struct rag_buf model, finish_reason;
    struct rag_usage usage;
    bool done;      /* [DONE], or a whole JSON object */
    bool any_event; /* something of the protocol was seen */
    rag_emit_fn *emit;
    void *ud;
    struct rag_buf error; /* the server's own words when it reported an error; may hold the API key */
    struct rag_err fault; /* why feed returned non-zero */
};

/* emit NULL = text is only collected. */
void rag_chat_stream_init(struct rag_chat_stream *c, rag_emit_fn *emit, void *ud);
void rag_chat_stream_free(struct rag_chat_stream *c);
/* Any split of the body. Non-zero (also in c->fault): RAG_ECANCELED, RAG_ETOOBIG, RAG_EUPSTREAM. */
int rag_chat_stream_feed(struct rag_chat_stream *c, struct rag_str bytes);
/* After the last byte: parses a JSON body, hands over what was carried. */
int rag_chat_stream_finish(struct rag_chat_stream *c);
/* Number of characters in the answer so far. */
size_t rag_chat_stream_characters(const struct rag_chat_stream *c);
/* The server's own words in an error body, JSON or not; borrowed from body or *holder (a json_t, to be freed
 * by the caller with json_decref). */
struct rag_str rag_chat_error_text(struct rag_str body, void **holder);

#endif
