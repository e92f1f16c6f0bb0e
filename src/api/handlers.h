/* handlers.h: the function of each route. Each answers its call exactly once. */
#ifndef RAG_API_HANDLERS_H
#define RAG_API_HANDLERS_H

#include "api/call.h"

/* query.c */
void rag_handle_query(struct rag_call *c);
void rag_handle_query_llm(struct rag_call *c);
void rag_handle_retrieval(struct rag_call *c);
/* upload.c */
void rag_handle_upload(struct rag_call *c);
void rag_handle_upload_state(struct rag_call *c);
/* documents.c */
void rag_handle_document_list(struct rag_call *c);
void rag_handle_document_get(struct rag_call *c);
void rag_handle_document_delete(struct rag_call *c);
/* indexes.c */
void rag_handle_index_list(struct rag_call *c);
void rag_handle_index_get(struct rag_call *c);
void rag_handle_index_create(struct rag_call *c);
void rag_handle_index_update(struct rag_call *c);
void rag_handle_index_delete(struct rag_call *c);
/* settings.c */
void rag_handle_config_get(struct rag_call *c);
void rag_handle_config_patch(struct rag_call *c);
/* health.c */
void rag_handle_health(struct rag_call *c);
void rag_handle_ready(struct rag_call *c);
/* chat.c, models.c, embeddings.c */
void rag_handle_chat(struct rag_call *c);
void rag_handle_models(struct rag_call *c);
void rag_handle_model(struct rag_call *c);
void rag_handle_embeddings(struct rag_call *c);
/* docs.c */
void rag_handle_openapi(struct rag_call *c);
void rag_handle_docs(struct rag_call *c);
void rag_handle_docs_script(struct rag_call *c);
void rag_handle_docs_style(struct rag_call *c);
void rag_handle_root(struct rag_call *c);
/* absent.c */
void rag_handle_absent(struct rag_call *c);

#endif
