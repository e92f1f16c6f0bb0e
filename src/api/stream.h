/* stream.h: an answer sent piece by piece, as server-sent events or as JSON lines. */
#ifndef RAG_API_STREAM_H
#define RAG_API_STREAM_H

#include "api/call.h"

enum rag_stream_format {
    RAG_STREAM_LINES, /* PAI-RAG's V0: one JSON text per line */
    RAG_STREAM_SSE,   /* V1 and OpenAI: "data: <json>\n\n" */
};

/* Status and headers leave with the first message: until then the call can still be answered by an error. */
struct rag_stream {
    struct rag_call *call;
    enum rag_stream_format format;
    bool begun;
    struct rag_buf line;
};

void rag_stream_init(struct rag_stream *s, struct rag_call *c, enum rag_stream_format format);
void rag_stream_free(struct rag_stream *s);
/* The writer of the next message; rag_stream_send sends it. */
struct rag_json rag_stream_message(struct rag_stream *s);
/* RAG_ECANCELED when the client has left. */
int rag_stream_send(struct rag_stream *s);
/* Sends text as it stands. */
int rag_stream_send_text(struct rag_stream *s, const char *text);
/* The engine is waiting: begins the stream, so that the client's leaving is noticed. */
int rag_stream_idle(struct rag_stream *s);

#endif
