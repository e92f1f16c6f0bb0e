/* pai_rag.h: the boundary of the engine: open and close, ingest, retrieve, answer, administer indexes.
 *
 * The HTTP layer, the command line and the evaluation see this header and nothing below it. No JSON here. All
 * functions are thread-safe unless a comment says otherwise, return 0 or a negative RAG_E* code, and fill
 * err. Results live in the arena that the caller passes in. Text in is UTF-8; invalid bytes are refused with
 * RAG_EINVAL. */
#ifndef PAI_RAG_H
#define PAI_RAG_H

#include "base/arena.h"
#include "base/err.h"
#include "core/opts.h"
#include "core/types.h"

struct rag_engine;

/* Everything the engine can be told. The engine copies what it keeps. */
struct rag_engine_opts {
    const char *data_dir;      /* "./localdata"; created with mode 0700 */
    const char *model_dir;     /* folder that holds the model folders */
    const char *embed_model;   /* folder name in model_dir: "bge-small-zh-v1.5" */
    const char *parse_program; /* path of pai_rag_parse */
    const char *dict_dir;      /* folder with the segmenter's dictionary; NULL = bigrams only */
    int threads;               /* compute threads; 0 = all cores */
    int max_indexes;
    struct rag_chunk_opts chunk;
    struct rag_reader_opts reader;
    struct rag_retrieve_opts retrieve;
    struct rag_prompt_opts prompt;
    struct rag_llm_opts llm;
};

/* Opens or creates the state in data_dir, starts loading the model and the ingestion threads in the
 * background, resumes interrupted jobs, and returns at once: see rag_engine_ready. */
int rag_engine_open(const struct rag_engine_opts *opts, struct rag_engine **out, struct rag_err *err);
/* Waits for running calls to end; stops ingestion at the next safe point (it resumes at the next open). NULL
 * is fine. */
void rag_engine_close(struct rag_engine *e);
/* 0 when the model answers; RAG_ENOTREADY while it loads and when it could not be loaded, with the reason:
 * the service then still lists and deletes documents, takes uploads, and says what to do. */
int rag_engine_ready(struct rag_engine *e, struct rag_err *err);
/* Waits at most timeout_ms for readiness. */
int rag_engine_wait_ready(struct rag_engine *e, int timeout_ms, struct rag_err *err);
/* Applies changed options to calls that start from now on; running ones finish with the old. data_dir,
 * model_dir, embed_model, threads cannot change: RAG_EINVAL. */
int rag_engine_reconfigure(struct rag_engine *e, const struct rag_engine_opts *opts, struct rag_err *err);

/* ---- embedding
 * ------------------------------------------------------------------------------------------------ */

struct rag_embedder_info {
    const char *name;        /* "bge-small-zh-v1.5" */
    const char *fingerprint; /* SHA-256 over weights and tokenizer, 64 hex digits */
    int dims;
    int window; /* tokens */
};
/* RAG_ENOTREADY while loading. Pointers stay valid until close. */
int rag_embedder_info(struct rag_engine *e, struct rag_embedder_info *out, struct rag_err *err);
/* out: n * dims floats, unit length. tokens (NULL allowed): total of tokens read. A text longer than the
 * window is RAG_EINVAL; nothing is ever truncated. */
int rag_embed(struct rag_engine *e, const struct rag_str *texts, size_t n, float *out, int *tokens,
              struct rag_err *err);

/* ---- indexes (knowledge bases)
 * -------------------------------------------------------------------------------- */

struct rag_index {
    const char *name;        /* 3..20 of [0-9a-zA-Z_-] */
    const char *embed_model; /* name of the embedder that made its vectors */
    const char *fingerprint; /* "" until something was embedded */
    int dims;
    int64_t documents, chunks;
    /* PAI-RAG's index entry fields, kept as given (JSON text), for clients that read them back. */
    const char *vector_store_config, *embedding_config;
};
int rag_index_list(struct rag_engine *e, struct rag_arena *a, struct rag_index **out, size_t *n,
                   struct rag_err *err);
/* RAG_ENOTFOUND for an unknown name. */
int rag_index_get(struct rag_engine *e, struct rag_arena *a, const char *name, struct rag_index *out,
                  struct rag_err *err);
/* RAG_EEXIST, RAG_EINVAL (name, limit). Only name and the two configs are read. */
int rag_index_create(struct rag_engine *e, const struct rag_index *index, struct rag_err *err);
int rag_index_update(struct rag_engine *e, const struct rag_index *index, struct rag_err *err);
/* Removes the index with its documents; default_index is there again at once, empty. */
int rag_index_delete(struct rag_engine *e, const char *name, struct rag_err *err);

/* ---- documents and ingestion
 * ---------------------------------------------------------------------------------- */

/* A file that the caller has already received into a temporary file under data_dir/upload_tmp. */
struct rag_upload_file {
    const char *name;      /* label as the client sent it; never used as a path */
    const char *temp_path; /* moved by the engine on success; left alone on failure */
};

/* Makes the files and the job durable (file, folder entry and job row fsynced), then returns task_id. index
 * NULL or "" = default_index. RAG_ENOTFOUND for an unknown index. */
int rag_ingest_submit(struct rag_engine *e, const char *index, const struct rag_upload_file *files, size_t n,
                      char task_id[33], struct rag_err *err);

enum rag_task_state { RAG_TASK_PROCESSING, RAG_TASK_COMPLETED, RAG_TASK_FAILED };
enum rag_stage {
    RAG_STAGE_QUEUED,
    RAG_STAGE_PARSE,
    RAG_STAGE_CHUNK,
    RAG_STAGE_EMBED,
    RAG_STAGE_STORE,
    RAG_STAGE_DONE
};

struct rag_task_file {
    const char *name;
    enum rag_task_state state;
    enum rag_stage stage;
    double progress;     /* 0..1 within the whole file */
    const char *error;   /* NULL, or a sentence */
    const char *warning; /* NULL, or a sentence */
    char doc_id[33];     /* set when completed */
    int64_t size;
    int pages, chunks;
    bool duplicate; /* same bytes were there already */
};
struct rag_task {
    char id[33];
    enum rag_task_state state; /* failed when any file failed */
    const char *detail;        /* NULL, or what failed, file by file */
    struct rag_task_file *files;
    size_t n;
};
/* RAG_ENOTFOUND for an unknown task. */
int rag_task_get(struct rag_engine *e, struct rag_arena *a, const char *task_id, struct rag_task *out,
                 struct rag_err *err);

struct rag_document {
    char id[33];
    const char *index, *name, *file_type;
    char sha256[65];
    int64_t size, chunks, tokens, created_ms;
    int pages;
};
/* Newest first. query: NULL, or part of a name. total (NULL allowed): how many match without limit and
 * offset. */
int rag_document_list(struct rag_engine *e, struct rag_arena *a, const char *index, const char *query,
                      int limit, int offset, struct rag_document **out, size_t *n, int64_t *total,
                      struct rag_err *err);
int rag_document_get(struct rag_engine *e, struct rag_arena *a, const char *id, struct rag_document *out,
                     struct rag_err *err);
int rag_document_delete(struct rag_engine *e, const char *id, struct rag_err *err);

/* ---- questions
 * ------------------------------------------------------------------------------------------------ */

enum rag_answer_mode { RAG_ANSWER_RAG, RAG_ANSWER_LLM };

struct rag_query {
    struct rag_str question;
    const char *index;           /* NULL or "" = default_index */
    const char *session_id;      /* NULL = new session */
    struct rag_messages history; /* appended to the stored session first */
    double temperature;          /* < 0 = as configured */
    int max_tokens;              /* 0 = as configured */
    bool citation;               /* use the citation prompt, check the markers */
    enum rag_answer_mode mode;
    const struct rag_retrieve_opts *retrieve; /* NULL = as configured */
    /* Messages given verbatim (OpenAI protocol): sessions are neither read nor written, history is ignored,
     * question is the last user message, and in RAG_ANSWER_LLM mode these are sent as they are. n = 0: not
     * used. */
    struct rag_messages verbatim;
};

/* One marker [n] of an answer, checked against the passage it points at. */
struct rag_citation {
    int number;        /* as written in the answer, from 1 = hits.v[0] */
    bool valid;        /* a passage with that number exists */
    double support;    /* 0..1: share of the sentence's content words found in the passage */
    size_t begin, end; /* byte range in the answer of the sentence it supports */
};

struct rag_answer {
    struct rag_str text;
    const char *session_id; /* the given or a new one; "" with verbatim messages */
    struct rag_hits hits;
    const char *new_query; /* condensed question; equals the question without history */
    bool extractive;       /* no LLM is configured: the text is made of sentences of the hits */
    const char *model;     /* NULL when extractive */
    struct rag_usage usage;
    struct rag_citation *citations;
    size_t n_citations;
    const char *finish_reason; /* "stop", "length" */
};

/* Stops after retrieval. Empty question: no hits. */
int rag_retrieve_only(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q,
                      struct rag_hits *out, struct rag_err *err);
/* emit (NULL allowed) receives the answer's text while it is made; its sum equals out->text. on_hits (NULL
 * allowed) is called once, after retrieval and before the first piece. When emit returns non-zero, the model
 * call is cancelled and RAG_ECANCELED returned. */
int rag_answer(struct rag_engine *e, struct rag_arena *a, const struct rag_query *q, rag_emit_fn *emit,
               void *ud, struct rag_answer *out, struct rag_err *err);

/* Counters for /api/v1/health and the UI. */
struct rag_stats {
    int64_t documents, chunks;
    int jobs_waiting, jobs_running;
    bool llm_configured;
};
void rag_engine_stats(struct rag_engine *e, struct rag_stats *out);

#endif
