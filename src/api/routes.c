/* routes.c: the one table of routes. */
#include "api/routes.h"

#include "api/handlers.h"

#define BOTH (RAG_AT_SERVICE | RAG_AT_API)
#define API  RAG_AT_API
#define OLD  RAG_AT_SERVICE
#define ROOT RAG_AT_ROOT

/* One row: ROUTE(method, path, prefixes, error style, handler, summary, further members). */
#define ROUTE(method_, path_, at_, style_, handle_, summary_, ...)                                           \
    {                                                                                                        \
        .method = #method_, .path = path_, .at = at_, .style = RAG_STYLE_##style_, .handle = handle_,        \
        .summary = summary_, ##__VA_ARGS__                                                                   \
    }
#define BODY(name)   .body = &rag_schema_##name
#define QUERY(name)  .query = &rag_schema_##name
#define REPLY(name)  .reply = &rag_schema_##name
#define STREAM(name) .stream = &rag_schema_##name
#define FLAGS(f)     .flags = RAG_ROUTE_##f
#define ABSENT(method_, path_, at_, style_, summary_)                                                        \
    ROUTE(method_, path_, at_, style_, rag_handle_absent, summary_, FLAGS(ABSENT))

/* clang-format off: one row per route */
const struct rag_route rag_routes[] = {
    ROUTE(POST, "/query", BOTH, COMPAT, rag_handle_query, "Answer a question from the documents",
          BODY(rag_query), REPLY(rag_response), STREAM(stream_message)),
    ROUTE(POST, "/query/llm", BOTH, COMPAT, rag_handle_query_llm, "Answer a question by the model alone",
          BODY(rag_query), REPLY(rag_response), STREAM(stream_message)),
    ROUTE(POST, "/query/retrieval", BOTH, COMPAT, rag_handle_retrieval, "Find passages, without an answer",
          BODY(retrieval_query), REPLY(retrieval_response)),

    ROUTE(POST, "/upload_data", BOTH, COMPAT, rag_handle_upload, "Add files to an index", BODY(upload_form),
          REPLY(task_id), FLAGS(UPLOAD)),
    ROUTE(GET, "/get_upload_state", BOTH, COMPAT, rag_handle_upload_state,
          "How far an upload is, file by file", QUERY(upload_state_params), REPLY(upload_state)),

    ROUTE(GET, "/documents", API, PLAIN, rag_handle_document_list, "Documents of an index",
          QUERY(document_params), REPLY(document_list)),
    ROUTE(GET, "/documents/{id}", API, PLAIN, rag_handle_document_get, "One document", REPLY(document)),
    ROUTE(DELETE, "/documents/{id}", API, PLAIN, rag_handle_document_delete, "Delete a document", REPLY(msg)),

    ROUTE(GET, "/indexes", BOTH, COMPAT, rag_handle_index_list, "All indexes", REPLY(index_list)),
    ROUTE(GET, "/indexes/{name}", BOTH, COMPAT, rag_handle_index_get, "One index", REPLY(index_reply)),
    ROUTE(POST, "/indexes/{name}", BOTH, COMPAT, rag_handle_index_create, "Add an index", BODY(index_entry),
          REPLY(msg)),
    ROUTE(PATCH, "/indexes/{name}", BOTH, COMPAT, rag_handle_index_update, "Change an index's entry",
          BODY(index_entry), REPLY(msg)),
    ROUTE(DELETE, "/indexes/{name}", BOTH, COMPAT, rag_handle_index_delete,
          "Delete an index with its documents", REPLY(msg)),

    ROUTE(GET, "/config", BOTH, COMPAT, rag_handle_config_get, "The settings, secrets masked", REPLY(config)),
    ROUTE(PATCH, "/config", BOTH, COMPAT, rag_handle_config_patch, "Change settings", BODY(config_patch),
          REPLY(msg)),

    ROUTE(GET, "/health", API, PLAIN, rag_handle_health, "Is the process up", REPLY(health), FLAGS(OPEN)),
    ROUTE(GET, "/ready", API, PLAIN, rag_handle_ready, "Does the embedding model answer; 503 until then",
          REPLY(ready)),

    ROUTE(POST, "/v1/chat/completions", ROOT, OPENAI, rag_handle_chat, "Chat with the documents or the model",
          BODY(chat_request), REPLY(chat_reply), STREAM(chat_chunk)),
    ROUTE(GET, "/v1/models", ROOT, OPENAI, rag_handle_models, "Names for the field model", REPLY(model_list)),
    ROUTE(GET, "/v1/models/{id}", ROOT, OPENAI, rag_handle_model, "One model", REPLY(model)),
    ROUTE(POST, "/v1/embeddings", ROOT, OPENAI, rag_handle_embeddings, "Vectors of texts",
          BODY(embedding_request), REPLY(embedding_list)),

    ABSENT(POST, "/query/search", BOTH, COMPAT, "Answer from a web search"),
    ABSENT(POST, "/query/agent", BOTH, COMPAT, "Answer by an agent with tools"),
    ABSENT(POST, "/query/data_analysis", BOTH, COMPAT, "Answer from a table or a database"),
    ABSENT(POST, "/query/load_db_info", BOTH, COMPAT, "Read the description of a database"),
    ABSENT(POST, "/upload_datasheet", BOTH, COMPAT, "Upload a table for data analysis"),
    ABSENT(POST, "/upload_db_history", API, COMPAT, "Upload past database queries"),
    ABSENT(POST, "/config/agent", OLD, COMPAT, "Upload an agent's configuration"),
    ABSENT(POST, "/v1/rerank", ROOT, OPENAI, "Order texts by their relevance"),
    ABSENT(POST, "/rerank", ROOT, OPENAI, "Order texts by their relevance"),

    ROUTE(GET, "/openapi.json", ROOT, PLAIN, rag_handle_openapi, "This document", FLAGS(HIDDEN)),
    ROUTE(GET, "/docs", ROOT, PLAIN, rag_handle_docs, "Documentation", FLAGS(HIDDEN)),
    ROUTE(GET, "/redoc", ROOT, PLAIN, rag_handle_docs, "Documentation", FLAGS(HIDDEN)),
    ROUTE(GET, "/docs/page.js", ROOT, PLAIN, rag_handle_docs_script, "Script of the documentation",
          FLAGS(HIDDEN)),
    ROUTE(GET, "/docs/page.css", ROOT, PLAIN, rag_handle_docs_style, "Style of the documentation",
          FLAGS(HIDDEN)),
    ROUTE(GET, "/", ROOT, PLAIN, rag_handle_root, "To the documentation", FLAGS(HIDDEN)),
};
/* clang-format on */

const size_t rag_routes_n = sizeof rag_routes / sizeof *rag_routes;
