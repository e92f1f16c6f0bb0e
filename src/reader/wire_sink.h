/* wire_sink.h: a sink that writes the frames of wire.h to a descriptor. */
#ifndef RAG_READER_WIRE_SINK_H
#define RAG_READER_WIRE_SINK_H

#include "reader/reader.h"

struct rag_wire_sink {
    int fd;
    struct rag_buf frame; /* the frame being made */
};

/* Writes the greeting. */
int rag_wire_open(struct rag_wire_sink *w, int fd);
struct rag_sink rag_wire_sink(struct rag_wire_sink *w);
/* The last frame: END, or ERROR with code and sentence. */
int rag_wire_end(struct rag_wire_sink *w, int pages);
int rag_wire_error(struct rag_wire_sink *w, int code, const char *sentence);
void rag_wire_close(struct rag_wire_sink *w);

#endif
