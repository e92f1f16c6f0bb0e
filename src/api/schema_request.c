/* schema_request.c: the shapes of request bodies and query parameters. */
#include "api/schema.h"

#include "base/limits.h"

#define REQUIRED RAG_FIELD_REQUIRED
#define NULLABLE RAG_FIELD_NULL

static const char index_name_pattern[] = "^[0-9a-zA-Z_-]{3,20}$";

static const struct rag_schema chat_turn = {
    .name = "ChatTurn",
    .fields = FIELDS(FIELD("user", STRING, REQUIRED, "What the user said."),
                     FIELD("bot", STRING, REQUIRED, "What the assistant answered."))};

static const struct rag_schema vector_db = {
    .name = "VectorDb", .fields = FIELDS(FIELD("faiss_path", STRING, NULLABLE, "Ignored."))};

#define INDEX_NAME                                                                                           \
    FIELD("index_name", STRING, NULLABLE, "Index to ask; absent, null or empty: default_index.")

const struct rag_schema rag_schema_rag_query = {
    .name = "RagQuery",
    .fields = FIELDS(
        FIELD("question", STRING, REQUIRED, "The question.", .max = RAG_LIMIT_QUESTION),
        FIELD("temperature", NUMBER, NULLABLE, "Of the model; absent: as configured.", .max = 2),
        FIELD("chat_history", LIST, NULLABLE, "Turns to append to the session before the question.",
              .item = RAG_TYPE_OBJECT, .ref = &chat_turn),
        FIELD("session_id", STRING, NULLABLE, "Conversation to continue; absent: a new one.", .max = 128),
        FIELD("vector_db", OBJECT, NULLABLE, "Ignored; accepted for old clients.", .ref = &vector_db),
        FIELD("stream", BOOL, NULLABLE, "Answer piece by piece.", .preset = "false"),
        FIELD("citation", BOOL, NULLABLE, "Mark in the answer which passage each statement comes from.",
              .preset = "false"),
        FIELD("with_intent", BOOL, NULLABLE, "Intent routing; true answers 501 in this version.",
              .preset = "false"),
        INDEX_NAME),
    .example = "{\"question\":\"What is pai_rag?\"}",
};

const struct rag_schema rag_schema_retrieval_query = {
    .name = "RetrievalQuery",
    .fields =
        FIELDS(FIELD("question", STRING, REQUIRED, "The question.", .max = RAG_LIMIT_QUESTION), INDEX_NAME,
               FIELD("vector_db", OBJECT, NULLABLE, "Ignored; accepted for old clients.", .ref = &vector_db)),
    .example = "{\"question\":\"What is pai_rag?\"}",
};

const struct rag_schema rag_schema_config_patch = {
    .name = "ConfigPatch",
    .example = "{\"retriever\":{\"similarity_top_k\":3}}",
};

const struct rag_schema rag_schema_index_entry = {
    .name = "IndexEntry",
    .fields = FIELDS(FIELD("index_name", STRING, 0, "Must equal the name in the path when given.",
                           .pattern = index_name_pattern),
                     FIELD("vector_store_config", MAP, NULLABLE,
                           "Kept and given back; this version stores everything in its own database."),
                     FIELD("embedding_config", MAP, NULLABLE,
                           "Kept and given back; this version embeds with its own model.")),
    .example =
        "{\"vector_store_config\":{\"type\":\"faiss\"},\"embedding_config\":{\"source\":\"huggingface\"}}",
};

const struct rag_schema rag_schema_upload_form = {
    .name = "UploadForm",
    .fields = FIELDS(
        FIELD("files", LIST, 0, "Files to add to the index; the field is repeated.", .item = RAG_TYPE_FILE),
        FIELD("oss_path", STRING, NULLABLE, "Not available in this version: 501."),
        FIELD("index_name", STRING, NULLABLE, "Index that takes the files; absent or empty: default_index."),
        FIELD("enable_raptor", BOOL, NULLABLE, "true answers 501 in this version.", .preset = "false"),
        FIELD("enable_multimodal", BOOL, NULLABLE, "true answers 501 in this version.", .preset = "false"))};

const struct rag_schema rag_schema_upload_state_params = {
    .name = "UploadStateParams",
    .fields = FIELDS(FIELD("task_id", STRING, REQUIRED, "As answered by upload_data."))};

const struct rag_schema rag_schema_document_params = {
    .name = "DocumentParams",
    .fields =
        FIELDS(FIELD("index_name", STRING, NULLABLE, "Index to list; absent or empty: default_index."),
               FIELD("query", STRING, NULLABLE, "Part of the file name.", .max = RAG_LIMIT_FILE_NAME),
               FIELD("limit", INT, 0, "Most documents to give.", .min = 1, .max = 1000, .preset = "50"),
               FIELD("offset", INT, 0, "Documents to leave out at the start.", .max = 1e9, .preset = "0"))};

static const char *const chat_roles[] = {"system", "developer", "user", "assistant", NULL};

static const struct rag_schema chat_message = {
    .name = "ChatMessage",
    .fields =
        FIELDS(FIELD("role", STRING, REQUIRED, "Who speaks.", .one_of = chat_roles),
               FIELD("content", ANY, REQUIRED, "Text, or a list of {\"type\":\"text\",\"text\":…} parts."))};

static const struct rag_schema stream_options = {
    .name = "StreamOptions",
    .fields = FIELDS(
        FIELD("include_usage", BOOL, NULLABLE, "Send the token counts in a last chunk.", .preset = "false"))};

#define CHAT_SWITCH(name, text) FIELD(name, BOOL, NULLABLE, text, .preset = "false")

const struct rag_schema rag_schema_chat_request = {
    .name = "ChatCompletionRequest",
    .fields = FIELDS(
        FIELD("model", STRING, NULLABLE, "Any name; the configured model answers.", .preset = "\"default\""),
        FIELD("messages", LIST, REQUIRED, "The conversation, ending with the question.",
              .item = RAG_TYPE_OBJECT, .ref = &chat_message, .min = 1, .max = 1000),
        FIELD("temperature", NUMBER, NULLABLE, "Absent: as configured.", .max = 2),
        FIELD("max_tokens", INT, NULLABLE, "Absent: as configured.", .min = 1, .max = 1e6),
        FIELD("max_completion_tokens", INT, NULLABLE, "The newer name of max_tokens.", .min = 1, .max = 1e6),
        FIELD("n", INT, NULLABLE, "Only 1.", .min = 1, .max = 1, .preset = "1"),
        CHAT_SWITCH("stream", "Answer in server-sent events."),
        FIELD("stream_options", OBJECT, NULLABLE, "Only with stream.", .ref = &stream_options), INDEX_NAME,
        CHAT_SWITCH("chat_knowledgebase", "Answer from the index; also the default when no chat_… is set."),
        CHAT_SWITCH("chat_llm", "Let the model answer alone; messages go to it as they are."),
        CHAT_SWITCH("search_web", "true answers 501 in this version."),
        CHAT_SWITCH("chat_agent", "true answers 501 in this version."),
        CHAT_SWITCH("chat_db", "true answers 501 in this version."),
        CHAT_SWITCH("citation", "Mark in the answer which passage each statement comes from."),
        CHAT_SWITCH("return_reference", "Add citations and citation_details to the reply.")),
    .example = "{\"model\":\"default\",\"messages\":[{\"role\":\"user\",\"content\":\"What is pai_rag?\"}]}",
};

static const char *const encodings[] = {"float", "base64", NULL};

const struct rag_schema rag_schema_embedding_request = {
    .name = "EmbeddingRequest",
    .fields =
        FIELDS(FIELD("input", ANY, REQUIRED, "A text, or a list of at most 2048 texts."),
               FIELD("model", STRING, NULLABLE, "Any name; the loaded model embeds."),
               FIELD("encoding_format", STRING, NULLABLE, "float, or base64 of little-endian float32.",
                     .one_of = encodings, .preset = "\"float\""),
               FIELD("dimensions", INT, NULLABLE, "Only the model's own number.", .min = 1, .max = 65536)),
    .example = "{\"model\":\"default\",\"input\":[\"pai_rag answers from documents.\"]}",
};
