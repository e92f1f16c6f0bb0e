/* reembed.h: gives an index new vectors after the embedding model changed. */
#ifndef RAG_RAG_REEMBED_H
#define RAG_RAG_REEMBED_H

struct rag_engine;

/* Embeds every index again whose vectors were made by other weights than the loaded ones. Called once, on the
 * model thread, when the model is ready. Until an index is done, its queries and uploads answer
 * RAG_EMISMATCH. */
void rag_reembed_stale(struct rag_engine *e);

#endif
