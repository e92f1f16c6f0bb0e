/* wire.h: the engine's structs as JSON of the API. */
#ifndef RAG_API_WIRE_H
#define RAG_API_WIRE_H

#include "pai_rag.h"
#include "text/json.h"

/* List of ContextDoc. */
void rag_wire_docs(struct rag_json *j, const char *key, const struct rag_hits *hits);
void rag_wire_metadata(struct rag_json *j, const char *key, const struct rag_hit *h);
/* extractive, model, citations, usage: the members that an answer has beside PAI-RAG's four. */
void rag_wire_answer_extras(struct rag_json *j, const struct rag_answer *a);
void rag_wire_usage(struct rag_json *j, const char *key, const struct rag_usage *u);
void rag_wire_index(struct rag_json *j, const char *key, const struct rag_index *x);
void rag_wire_document(struct rag_json *j, const char *key, const struct rag_document *d);
void rag_wire_task(struct rag_json *j, const struct rag_task *t);

#endif
