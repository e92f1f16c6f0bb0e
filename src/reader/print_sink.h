/* print_sink.h: a sink that prints for people. */
#ifndef RAG_READER_PRINT_SINK_H
#define RAG_READER_PRINT_SINK_H

#include "reader/reader.h"

/* Writes to stdout: a line about each block, then its text. */
struct rag_sink rag_print_sink(void);

#endif
