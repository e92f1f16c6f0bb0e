/* schema.h: shapes of JSON as data: validate.c checks requests against them, openapi.c publishes them. */
#ifndef RAG_API_SCHEMA_H
#define RAG_API_SCHEMA_H

#include <stddef.h>

enum rag_type {
    RAG_TYPE_ANY,
    RAG_TYPE_STRING,
    RAG_TYPE_BOOL,
    RAG_TYPE_INT,
    RAG_TYPE_NUMBER,
    RAG_TYPE_OBJECT, /* ref says which */
    RAG_TYPE_LIST,   /* of item */
    RAG_TYPE_MAP,    /* any keys, values of item */
    RAG_TYPE_FILE,   /* part of a multipart body */
};

enum {
    RAG_FIELD_REQUIRED = 1,
    RAG_FIELD_NULL = 2, /* null is allowed and means the same as absent */
};

struct rag_schema;

struct rag_field {
    const char *name; /* NULL ends a list of fields */
    enum rag_type type;
    unsigned flags;
    const char *help;
    enum rag_type item;           /* of LIST and MAP */
    const struct rag_schema *ref; /* of OBJECT, or of item OBJECT */
    double min, max;           /* range of numbers, length of strings and lists; unchecked when both are 0 */
    const char *pattern;       /* POSIX extended regular expression of a string */
    const char *const *one_of; /* allowed strings, NULL-terminated */
    const char *preset;        /* default, as JSON text */
};

struct rag_schema {
    const char *name;               /* in components/schemas */
    const struct rag_field *fields; /* NULL: any JSON object */
    const char *example;            /* JSON text of a request that works on a fresh service, or NULL */
};

/* One row of a table of fields: FIELD("name", STRING, flags, "help", .max = 10). */
#define FIELD(name_, type_, flags_, help_, ...)                                                              \
    {                                                                                                        \
        .name = name_, .type = RAG_TYPE_##type_, .flags = flags_, .help = help_, ##__VA_ARGS__               \
    }
#define FIELDS(...)                                                                                          \
    (const struct rag_field[])                                                                               \
    {                                                                                                        \
        __VA_ARGS__,                                                                                         \
        {                                                                                                    \
            .name = NULL                                                                                     \
        }                                                                                                    \
    }

/* Requests. */
extern const struct rag_schema rag_schema_rag_query, rag_schema_retrieval_query, rag_schema_config_patch,
    rag_schema_index_entry, rag_schema_upload_form, rag_schema_upload_state_params,
    rag_schema_document_params, rag_schema_chat_request, rag_schema_embedding_request;
/* Replies. */
extern const struct rag_schema rag_schema_rag_response, rag_schema_stream_message,
    rag_schema_retrieval_response, rag_schema_config, rag_schema_msg, rag_schema_message,
    rag_schema_index_list, rag_schema_index_reply, rag_schema_task_id, rag_schema_upload_state,
    rag_schema_health, rag_schema_ready, rag_schema_document, rag_schema_document_list,
    rag_schema_validation_error, rag_schema_chat_reply, rag_schema_chat_chunk, rag_schema_model,
    rag_schema_model_list, rag_schema_embedding_list, rag_schema_openai_error;

#endif
