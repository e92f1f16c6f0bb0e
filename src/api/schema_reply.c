/* schema_reply.c: the shapes of replies, for openapi.json. */
#include "api/schema.h"

#define ALWAYS   RAG_FIELD_REQUIRED
#define NULLABLE (RAG_FIELD_REQUIRED | RAG_FIELD_NULL)

static const struct rag_schema metadata = {
    .name = "ContextMetadata",
    .fields =
        FIELDS(FIELD("file_name", STRING, ALWAYS, "As uploaded."),
               FIELD("file_path", STRING, ALWAYS, "<doc_id>/<file_name>; a label, not a path of the server."),
               FIELD("file_type", STRING, ALWAYS, "MIME type."), FIELD("file_size", INT, ALWAYS, "Bytes."),
               FIELD("creation_date", STRING, ALWAYS, "YYYY-MM-DD."),
               FIELD("last_modified_date", STRING, ALWAYS, "YYYY-MM-DD."),
               FIELD("doc_id", STRING, ALWAYS, "For /api/v1/documents/{id}."),
               FIELD("chunk", INT, ALWAYS, "Number of the passage in its document, from 0."),
               FIELD("page_label", STRING, 0, "Page, from 1; formats with pages."),
               FIELD("box", LIST, 0, "Left, top, right, bottom on that page, in points from the top left.",
                     .item = RAG_TYPE_NUMBER),
               FIELD("row_number", INT, 0, "Row or line record, from 1; csv and jsonl."),
               FIELD("byte_range", LIST, 0, "Begin and end in the original file; text formats.",
                     .item = RAG_TYPE_INT))};

static const struct rag_schema context_doc = {
    .name = "ContextDoc",
    .fields = FIELDS(
        FIELD("text", STRING, ALWAYS, "The passage."), FIELD("score", NUMBER, ALWAYS, "(1 + cosine) / 2."),
        FIELD("metadata", OBJECT, ALWAYS, "Where the passage comes from.", .ref = &metadata),
        FIELD("image_url", STRING, NULLABLE, "Always null in this version."),
        FIELD("rrf_score", NUMBER, ALWAYS, "Reciprocal rank fusion; 0 when only one side searched."),
        FIELD("bm25_score", NUMBER, ALWAYS, "0 when the words were not found."))};

static const struct rag_schema citation = {
    .name = "Citation",
    .fields = FIELDS(
        FIELD("number", INT, ALWAYS, "As written in the answer: [1] is docs[0]."),
        FIELD("valid", BOOL, ALWAYS, "A passage with that number exists."),
        FIELD("support", NUMBER, ALWAYS, "0 to 1: share of the sentence's words found in the passage."),
        FIELD("begin", INT, ALWAYS, "First byte of the supported sentence in the answer (UTF-8)."),
        FIELD("end", INT, ALWAYS, "One past its last byte."))};

static const struct rag_schema usage = {
    .name = "Usage",
    .fields = FIELDS(FIELD("prompt_tokens", INT, ALWAYS, NULL), FIELD("completion_tokens", INT, 0, NULL),
                     FIELD("total_tokens", INT, ALWAYS, NULL),
                     FIELD("estimated", BOOL, 0, "Counted here because the model reported nothing."))};

#define ANSWER_EXTRAS                                                                                        \
    FIELD("extractive", BOOL, ALWAYS, "No model is configured: the answer is made of sentences of docs."),   \
        FIELD("model", STRING, NULLABLE, "Model that answered; null when extractive."),                      \
        FIELD("citations", LIST, ALWAYS, "Checked markers of the answer.", .item = RAG_TYPE_OBJECT,          \
              .ref = &citation),                                                                             \
        FIELD("usage", OBJECT, ALWAYS, "Tokens of all model calls.", .ref = &usage)

const struct rag_schema rag_schema_rag_response = {
    .name = "RagResponse",
    .fields = FIELDS(
        FIELD("answer", STRING, ALWAYS, "\"Empty Response\" when no passage was found."),
        FIELD("session_id", STRING, NULLABLE, "Send it back to go on."),
        FIELD("docs", LIST, NULLABLE, "Passages, best first.", .item = RAG_TYPE_OBJECT, .ref = &context_doc),
        FIELD("new_query", STRING, NULLABLE, "The question as it was searched."), ANSWER_EXTRAS),
};

const struct rag_schema rag_schema_stream_message = {
    .name = "StreamMessage",
    .fields =
        FIELDS(FIELD("delta", STRING, ALWAYS, "Next piece of the answer."),
               FIELD("is_finished", BOOL, ALWAYS, "true on the last message, which alone has what follows."),
               FIELD("session_id", STRING, RAG_FIELD_NULL, NULL),
               FIELD("docs", LIST, 0, NULL, .item = RAG_TYPE_OBJECT, .ref = &context_doc),
               FIELD("new_query", STRING, RAG_FIELD_NULL, NULL),
               FIELD("error", STRING, 0, "Why the answer broke off."), FIELD("extractive", BOOL, 0, NULL),
               FIELD("model", STRING, RAG_FIELD_NULL, NULL),
               FIELD("citations", LIST, 0, NULL, .item = RAG_TYPE_OBJECT, .ref = &citation),
               FIELD("usage", OBJECT, 0, NULL, .ref = &usage))};

const struct rag_schema rag_schema_retrieval_response = {
    .name = "RetrievalResponse",
    .fields = FIELDS(
        FIELD("docs", LIST, ALWAYS, "Passages, best first.", .item = RAG_TYPE_OBJECT, .ref = &context_doc))};

const struct rag_schema rag_schema_config = {.name = "RagConfig"};

const struct rag_schema rag_schema_msg = {
    .name = "Msg",
    .fields = FIELDS(FIELD("msg", STRING, ALWAYS, "What was done."),
                     FIELD("warning", STRING, 0, "What was accepted without effect in this version."))};

const struct rag_schema rag_schema_message = {
    .name = "Message", .fields = FIELDS(FIELD("message", STRING, ALWAYS, "What is wrong, and what to do."))};

const struct rag_schema rag_schema_index_reply = {
    .name = "IndexReply",
    .fields = FIELDS(
        FIELD("index_name", STRING, ALWAYS, NULL), FIELD("vector_store_config", MAP, ALWAYS, "As given."),
        FIELD("embedding_config", MAP, ALWAYS, "As given."),
        FIELD("embed_model", STRING, NULLABLE, "Model that made the vectors; null while empty."),
        FIELD("fingerprint", STRING, NULLABLE, "SHA-256 of its weights and tokenizer; null while empty."),
        FIELD("dims", INT, ALWAYS, "Numbers per vector; 0 while empty."),
        FIELD("documents", INT, ALWAYS, NULL), FIELD("chunks", INT, ALWAYS, NULL))};

const struct rag_schema rag_schema_index_list = {
    .name = "IndexMap",
    .fields = FIELDS(
        FIELD("indexes", MAP, ALWAYS, "By name.", .item = RAG_TYPE_OBJECT, .ref = &rag_schema_index_reply),
        FIELD("current_index_name", STRING, ALWAYS, "The one used when a request names none."))};

const struct rag_schema rag_schema_task_id = {
    .name = "TaskId",
    .fields = FIELDS(FIELD("task_id", STRING, 0, "For get_upload_state. The files are safe on disk by now."),
                     FIELD("message", STRING, 0, "\"No upload file sent\" when there was none."))};

static const char *const task_states[] = {"processing", "completed", "failed", "unknown", NULL};
static const char *const file_states[] = {"processing", "completed", "failed", NULL};
static const char *const stages[] = {"queued", "parse", "chunk", "embed", "store", "done", NULL};

static const struct rag_schema upload_file_state = {
    .name = "UploadFileState",
    .fields =
        FIELDS(FIELD("name", STRING, ALWAYS, "As uploaded."),
               FIELD("state", STRING, ALWAYS, NULL, .one_of = file_states),
               FIELD("stage", STRING, ALWAYS, NULL, .one_of = stages),
               FIELD("progress", NUMBER, ALWAYS, "0 to 1 of the whole file."),
               FIELD("error", STRING, NULLABLE, "Why it failed, and what to do."),
               FIELD("warning", STRING, NULLABLE, "What to know although it went well."),
               FIELD("doc_id", STRING, NULLABLE, "Once completed."), FIELD("size", INT, ALWAYS, "Bytes."),
               FIELD("pages", INT, ALWAYS, "0 for formats without pages."),
               FIELD("chunks", INT, ALWAYS, "Passages made of it."),
               FIELD("duplicate", BOOL, ALWAYS, "The same bytes were there already."))};

const struct rag_schema rag_schema_upload_state = {
    .name = "UploadState",
    .fields = FIELDS(FIELD("task_id", STRING, ALWAYS, NULL),
                     FIELD("status", STRING, ALWAYS, "failed when any file failed.", .one_of = task_states),
                     FIELD("detail", STRING, NULLABLE, "What failed, file by file."),
                     FIELD("files", LIST, ALWAYS, NULL, .item = RAG_TYPE_OBJECT, .ref = &upload_file_state))};

const struct rag_schema rag_schema_health = {
    .name = "Health",
    .fields = FIELDS(
        FIELD("status", STRING, ALWAYS, "\"OK\": the process listens."),
        FIELD("version", STRING, ALWAYS, NULL), FIELD("ready", BOOL, ALWAYS, "The embedding model answers."),
        FIELD("message", STRING, 0, "Why it is not ready."),
        FIELD("uptime_s", NUMBER, 0, "This and what follows: only with the API key, when one is set."),
        FIELD("llm_configured", BOOL, 0, "Otherwise answers are extractive."),
        FIELD("documents", INT, 0, NULL), FIELD("chunks", INT, 0, NULL),
        FIELD("jobs_waiting", INT, 0, "Files in the queue."),
        FIELD("jobs_running", INT, 0, "Files being read."))};

const struct rag_schema rag_schema_ready = {
    .name = "Ready",
    .fields =
        FIELDS(FIELD("status", STRING, ALWAYS, "\"ready\"."), FIELD("embed_model", STRING, ALWAYS, NULL),
               FIELD("dims", INT, ALWAYS, NULL), FIELD("window", INT, ALWAYS, "Most tokens of one text."))};

const struct rag_schema rag_schema_document = {
    .name = "Document",
    .fields = FIELDS(
        FIELD("id", STRING, ALWAYS, NULL), FIELD("index_name", STRING, ALWAYS, NULL),
        FIELD("name", STRING, ALWAYS, "As uploaded."), FIELD("file_type", STRING, ALWAYS, "MIME type."),
        FIELD("size", INT, ALWAYS, "Bytes."), FIELD("sha256", STRING, ALWAYS, "Of the uploaded bytes."),
        FIELD("pages", INT, ALWAYS, "0 for formats without pages."),
        FIELD("chunks", INT, ALWAYS, "Passages."), FIELD("tokens", INT, ALWAYS, "Of all passages."),
        FIELD("created_at", STRING, ALWAYS, "ISO 8601, UTC: when it became visible."))};

const struct rag_schema rag_schema_document_list = {
    .name = "DocumentList",
    .fields = FIELDS(FIELD("documents", LIST, ALWAYS, "Newest first.", .item = RAG_TYPE_OBJECT,
                           .ref = &rag_schema_document),
                     FIELD("total", INT, ALWAYS, "How many match without limit and offset."),
                     FIELD("limit", INT, ALWAYS, NULL), FIELD("offset", INT, ALWAYS, NULL))};

static const struct rag_schema validation_fault = {
    .name = "ValidationFault",
    .fields = FIELDS(FIELD("type", STRING, ALWAYS, "Kind of fault, in pydantic's words."),
                     FIELD("loc", LIST, ALWAYS, "Where: \"body\" or \"query\", then keys and positions."),
                     FIELD("msg", STRING, ALWAYS, NULL), FIELD("input", ANY, 0, "What was sent there."),
                     FIELD("ctx", MAP, 0, "Limits that the message names."))};

const struct rag_schema rag_schema_validation_error = {
    .name = "HTTPValidationError",
    .fields = FIELDS(FIELD("detail", LIST, ALWAYS, NULL, .item = RAG_TYPE_OBJECT, .ref = &validation_fault))};

/* ---- OpenAI protocol ---- */

static const struct rag_schema chat_answer = {.name = "ChatAnswer",
                                              .fields = FIELDS(FIELD("role", STRING, ALWAYS, NULL),
                                                               FIELD("content", STRING, ALWAYS, NULL),
                                                               FIELD("refusal", STRING, NULLABLE, NULL))};

static const struct rag_schema chat_choice = {
    .name = "ChatChoice",
    .fields =
        FIELDS(FIELD("index", INT, ALWAYS, NULL), FIELD("message", OBJECT, ALWAYS, NULL, .ref = &chat_answer),
               FIELD("logprobs", ANY, NULLABLE, NULL), FIELD("finish_reason", STRING, ALWAYS, NULL))};

static const struct rag_schema citation_detail = {
    .name = "CitationDetail",
    .fields =
        FIELDS(FIELD("name", STRING, ALWAYS, "File name."), FIELD("text", STRING, ALWAYS, "The passage."),
               FIELD("url", STRING, NULLABLE, "Always null in this version."),
               FIELD("score", NUMBER, ALWAYS, "(1 + cosine) / 2."),
               FIELD("metadata", OBJECT, ALWAYS, NULL, .ref = &metadata))};

#define CHAT_REFERENCES                                                                                      \
    FIELD("citations", LIST, 0,                                                                              \
          "File names in the order of the markers; with citation or return_reference.",                      \
          .item = RAG_TYPE_STRING),                                                                          \
        FIELD("citation_details", LIST, 0, "The passages, in the same order.", .item = RAG_TYPE_OBJECT,      \
              .ref = &citation_detail)

const struct rag_schema rag_schema_chat_reply = {
    .name = "ChatCompletion",
    .fields =
        FIELDS(FIELD("id", STRING, ALWAYS, NULL), FIELD("object", STRING, ALWAYS, "chat.completion"),
               FIELD("created", INT, ALWAYS, "Seconds since 1970."), FIELD("model", STRING, ALWAYS, NULL),
               FIELD("choices", LIST, ALWAYS, NULL, .item = RAG_TYPE_OBJECT, .ref = &chat_choice),
               FIELD("usage", OBJECT, ALWAYS, NULL, .ref = &usage),
               FIELD("extractive", BOOL, ALWAYS, "No model is configured."), CHAT_REFERENCES),
};

static const struct rag_schema chat_delta = {
    .name = "ChatDelta", .fields = FIELDS(FIELD("role", STRING, 0, NULL), FIELD("content", STRING, 0, NULL))};

static const struct rag_schema chat_chunk_choice = {
    .name = "ChatChunkChoice",
    .fields =
        FIELDS(FIELD("index", INT, ALWAYS, NULL), FIELD("delta", OBJECT, ALWAYS, NULL, .ref = &chat_delta),
               FIELD("logprobs", ANY, NULLABLE, NULL), FIELD("finish_reason", STRING, NULLABLE, NULL))};

const struct rag_schema rag_schema_chat_chunk = {
    .name = "ChatCompletionChunk",
    .fields =
        FIELDS(FIELD("id", STRING, ALWAYS, NULL), FIELD("object", STRING, ALWAYS, "chat.completion.chunk"),
               FIELD("created", INT, ALWAYS, NULL), FIELD("model", STRING, ALWAYS, NULL),
               FIELD("choices", LIST, ALWAYS, NULL, .item = RAG_TYPE_OBJECT, .ref = &chat_chunk_choice),
               FIELD("usage", OBJECT, RAG_FIELD_NULL, "Last chunk, with stream_options.include_usage.",
                     .ref = &usage),
               CHAT_REFERENCES),
};

const struct rag_schema rag_schema_model = {
    .name = "Model",
    .fields = FIELDS(FIELD("id", STRING, ALWAYS, NULL), FIELD("object", STRING, ALWAYS, "model"),
                     FIELD("created", INT, ALWAYS, "Start of the service."),
                     FIELD("owned_by", STRING, ALWAYS, NULL), FIELD("permission", LIST, ALWAYS, NULL))};

const struct rag_schema rag_schema_model_list = {
    .name = "ModelList",
    .fields = FIELDS(FIELD("object", STRING, ALWAYS, "list"),
                     FIELD("data", LIST, ALWAYS, NULL, .item = RAG_TYPE_OBJECT, .ref = &rag_schema_model))};

static const struct rag_schema embedding = {
    .name = "Embedding",
    .fields = FIELDS(FIELD("object", STRING, ALWAYS, "embedding"), FIELD("index", INT, ALWAYS, NULL),
                     FIELD("embedding", ANY, ALWAYS, "List of numbers, or base64 text."))};

const struct rag_schema rag_schema_embedding_list = {
    .name = "EmbeddingList",
    .fields = FIELDS(FIELD("object", STRING, ALWAYS, "list"),
                     FIELD("data", LIST, ALWAYS, NULL, .item = RAG_TYPE_OBJECT, .ref = &embedding),
                     FIELD("model", STRING, ALWAYS, "Model that embedded."),
                     FIELD("usage", OBJECT, ALWAYS, NULL, .ref = &usage))};

static const struct rag_schema openai_fault = {
    .name = "OpenAIFault",
    .fields = FIELDS(FIELD("message", STRING, ALWAYS, "What is wrong, and what to do."),
                     FIELD("type", STRING, ALWAYS, NULL), FIELD("param", STRING, NULLABLE, "Field at fault."),
                     FIELD("code", STRING, NULLABLE, NULL))};

const struct rag_schema rag_schema_openai_error = {
    .name = "OpenAIError", .fields = FIELDS(FIELD("error", OBJECT, ALWAYS, NULL, .ref = &openai_fault))};
