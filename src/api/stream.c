/* stream.c: frames messages and begins the stream with the first of them. */
#include "api/stream.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"

void rag_stream_init(struct rag_stream *s, struct rag_call *c, enum rag_stream_format format)
{
    *s = (struct rag_stream){.call = c, .format = format};
    rag_buf_init(&s->line, 64 * RAG_MIB);
}

void rag_stream_free(struct rag_stream *s)
{
    if (s)
        rag_buf_free(&s->line);
}

static void begin(struct rag_stream *s)
{
    char seconds[32];
    struct rag_http_request *r = s->call->http;
    if (s->begun)
        return;
    s->begun = true;
    s->call->status = 200;
    snprintf(seconds, sizeof seconds, "%.6f", rag_clock_mono_s() - rag_http_started(r));
    rag_http_set_header(r, "X-Process-Time", seconds);
    rag_http_set_header(r, "Cache-Control", "no-cache");
    rag_http_set_header(r, "X-Accel-Buffering", "no");
    /* A blank before a JSON text means nothing to JSON, and makes no line of its own. */
    rag_http_stream_heartbeat(r, s->format == RAG_STREAM_SSE ? ": \n\n" : " ");
    rag_http_stream_begin(r, 200, "text/event-stream; charset=utf-8");
}

struct rag_json rag_stream_message(struct rag_stream *s)
{
    struct rag_json j;
    rag_buf_reset(&s->line);
    if (s->format == RAG_STREAM_SSE)
        rag_buf_adds(&s->line, "data: ");
    rag_json_init(&j, &s->line);
    return j;
}

int rag_stream_send(struct rag_stream *s)
{
    rag_buf_adds(&s->line, s->format == RAG_STREAM_SSE ? "\n\n" : "\n");
    if (s->line.err)
        return s->line.err;
    begin(s);
    return rag_http_stream_write(s->call->http, rag_buf_str(&s->line));
}

int rag_stream_send_text(struct rag_stream *s, const char *text)
{
    begin(s);
    return rag_http_stream_write(s->call->http, rag_str_of(text));
}

int rag_stream_idle(struct rag_stream *s)
{
    begin(s);
    return rag_http_client_gone(s->call->http) ? RAG_ECANCELED : 0;
}
