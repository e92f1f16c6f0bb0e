/* sse.h: incremental parser of server-sent events (WHATWG HTML, section 9.2). */
#ifndef RAG_NET_SSE_H
#define RAG_NET_SSE_H

#include "base/buf.h"

struct rag_sse {
    struct rag_buf line, data; /* the line at hand; the data lines of the event at hand, each with its LF */
    bool after_cr;             /* an LF that comes next belongs to that CR */
    bool after_start;          /* the first line is behind: no byte order mark any more */
};

/* max: bytes of one event. */
void rag_sse_init(struct rag_sse *s, size_t max);
void rag_sse_free(struct rag_sse *s);
/* Feeds any split of the stream; calls on_data with the joined data of each complete event. Non-zero from
 * on_data, or RAG_ETOOBIG, ends and is returned. */
int rag_sse_feed(struct rag_sse *s, struct rag_str bytes, int (*on_data)(void *ud, struct rag_str data),
                 void *ud);

#endif
