/* store.h: the embedded system of record in one SQLite file: indexes, documents, chunks, lexical index,
 * vectors, jobs, sessions. Thread-safe: one writer connection under a lock, a pool of readers. Every function
 * that writes commits (WAL, synchronous=FULL) before it returns. */
#ifndef RAG_STORE_STORE_H
#define RAG_STORE_STORE_H

#include "pai_rag.h"

struct rag_store;
struct rag_segmenter;

/* Creates or migrates data_dir/pai_rag.db, with default_index in it. RAG_EBUSY when another process has the
 * folder, RAG_EUNSUPPORTED for a newer schema. seg (borrowed) cuts text into terms for the lexical index. */
int rag_store_open(const char *data_dir, struct rag_segmenter *seg, struct rag_store **out,
                   struct rag_err *err);
void rag_store_close(struct rag_store *s);
/* Waits for the segmenter, and builds the lexical index again when it cuts words differently than the one
 * that made it. Done once, by the first caller; putting, deleting and searching words call it themselves. */
int rag_store_prepare(struct rag_store *s, struct rag_err *err);

/* ---- indexes: names are checked by the caller; ids are internal row ids
 * -------------------------------------- */
int rag_store_index_list(struct rag_store *s, struct rag_arena *a, struct rag_index **out, size_t *n,
                         struct rag_err *err);
int rag_store_index_get(struct rag_store *s, struct rag_arena *a, const char *name, struct rag_index *out,
                        struct rag_err *err);
int rag_store_index_id(struct rag_store *s, const char *name, int64_t *id, struct rag_err *err);
int rag_store_index_create(struct rag_store *s, const struct rag_index *index, int max, struct rag_err *err);
int rag_store_index_update(struct rag_store *s, const struct rag_index *index, struct rag_err *err);
/* Also removes documents, chunks, lexical rows and vectors, and fails its waiting jobs, in one transaction.
 */
int rag_store_index_delete(struct rag_store *s, const char *name, struct rag_err *err);

/* ---- documents
 * ------------------------------------------------------------------------------------------------ */

/* A finished document, to become visible in one transaction. */
struct rag_store_put {
    int64_t index_id;
    const char *doc_id, *name, *file_type, *sha256, *stored_path;
    const char *created, *modified; /* YYYY-MM-DD of the original */
    int64_t size;
    int pages;
    const struct rag_chunks *chunks;
    const float *vectors; /* chunks->n * dims, unit length */
    int dims;
    const char *embed_model, *fingerprint;
    int64_t job_file_id; /* marked completed in the same transaction; 0 = none */
    const char *warning; /* NULL, or text for the job row */
};
/* Puts n documents in one transaction. A document of the same index and name is replaced and keeps its id;
 * doc_id is for a new one (NULL or "": the store makes one). Fingerprint differs from the index's:
 * RAG_EMISMATCH and nothing changes. On success the vector cache and the lexical index show all of it or
 * none. replaced_paths (arena): stored files of replaced documents, which nobody needs any more. */
int rag_store_put_documents(struct rag_store *s, struct rag_arena *a, const struct rag_store_put *puts,
                            size_t n, const char ***replaced_paths, size_t *n_replaced, struct rag_err *err);
/* doc_id "" when no document of that index has these bytes. */
int rag_store_find_bytes(struct rag_store *s, int64_t index_id, const char *sha256, const char *name,
                         char doc_id[33], struct rag_err *err);
int rag_store_document_list(struct rag_store *s, struct rag_arena *a, const char *index, const char *query,
                            int limit, int offset, struct rag_document **out, size_t *n, int64_t *total,
                            struct rag_err *err);
int rag_store_document_get(struct rag_store *s, struct rag_arena *a, const char *id, struct rag_document *out,
                           struct rag_err *err);
/* stored_path (arena): the file to delete afterwards; "" when another document or job needs it still. */
int rag_store_document_delete(struct rag_store *s, struct rag_arena *a, const char *id,
                              const char **stored_path, struct rag_err *err);
/* Stored paths that documents or unfinished jobs still need (for the sweep at start). */
int rag_store_live_paths(struct rag_store *s, struct rag_arena *a, const char ***out, size_t *n,
                         struct rag_err *err);

/* Compares documents, chunks, vectors and lexical rows with each other and lets SQLite check its file. Takes
 * the writer for as long as it runs. RAG_EFORMAT names the first difference. For doctor and tests. */
int rag_store_check(struct rag_store *s, struct rag_err *err);

/* ---- search
 * --------------------------------------------------------------------------------------------------- */

struct rag_store_match {
    int64_t chunk_id;
    double score; /* cosine (dense) or BM25 (lexical, larger is better) */
};
/* Exact cosine over the index's vectors, best first. */
int rag_store_search_dense(struct rag_store *s, int64_t index_id, const float *query, int dims, int k,
                           struct rag_store_match *out, size_t *n, struct rag_err *err);
/* BM25 over the terms of text (any of them), best first. No usable term: n = 0. */
int rag_store_search_lexical(struct rag_store *s, int64_t index_id, struct rag_str text, int k,
                             struct rag_store_match *out, size_t *n, struct rag_err *err);
/* Cosine of given chunks to query (for hits that only the lexical side found); NAN for a chunk that is gone.
 */
int rag_store_cosines(struct rag_store *s, int64_t index_id, const float *query, int dims,
                      const int64_t *chunk_ids, size_t n, double *out, struct rag_err *err);
/* Fills text, file data and place of hits whose chunk_id is set; hits whose chunk is gone are removed. */
int rag_store_load_hits(struct rag_store *s, struct rag_arena *a, struct rag_hits *hits, struct rag_err *err);

/* For re-embedding: all chunks of an index in id order, and the replacement of all its vectors in one
 * transaction. */
int rag_store_index_chunks(struct rag_store *s, struct rag_arena *a, int64_t index_id, int64_t **ids,
                           struct rag_str **texts, size_t *n, struct rag_err *err);
int rag_store_replace_vectors(struct rag_store *s, int64_t index_id, const int64_t *ids, const float *vectors,
                              size_t n, int dims, const char *embed_model, const char *fingerprint,
                              struct rag_err *err);

/* ---- jobs
 * ----------------------------------------------------------------------------------------------------- */

struct rag_store_job_file {
    int64_t id; /* row id */
    int64_t index_id;
    char task_id[33];
    const char *name, *stored_path, *sha256;
    int64_t size;
    int attempts; /* how often it was started before */
};
/* One transaction; durable on return. */
int rag_store_job_create(struct rag_store *s, const char *task_id, int64_t index_id,
                         const struct rag_store_job_file *files, size_t n, struct rag_err *err);
/* Takes up to max waiting files, oldest first, and marks them started (attempts + 1). Files that were running
 * when the process died count as waiting after rag_store_open. */
int rag_store_job_take(struct rag_store *s, struct rag_arena *a, size_t max, struct rag_store_job_file **out,
                       size_t *n, struct rag_err *err);
int rag_store_job_fail(struct rag_store *s, int64_t job_file_id, const char *message, struct rag_err *err);
/* Completed without a put, because doc_id has the same bytes already. */
int rag_store_job_duplicate(struct rag_store *s, int64_t job_file_id, const char *doc_id,
                            struct rag_err *err);
/* Back to waiting (shutdown in the middle). */
int rag_store_job_release(struct rag_store *s, int64_t job_file_id, struct rag_err *err);
/* stage and progress of running files live in memory in rag/; this gives the durable part. */
int rag_store_task_get(struct rag_store *s, struct rag_arena *a, const char *task_id, struct rag_task *out,
                       int64_t **job_file_ids, struct rag_err *err);
int rag_store_job_counts(struct rag_store *s, int *waiting, int *running, struct rag_err *err);
int rag_store_counts(struct rag_store *s, int64_t *documents, int64_t *chunks, struct rag_err *err);

/* ---- sessions
 * ------------------------------------------------------------------------------------------------- */

/* Last max messages of a session, oldest first; unknown session: none. */
int rag_store_session_load(struct rag_store *s, struct rag_arena *a, const char *session_id, int max,
                           struct rag_messages *out, struct rag_err *err);
/* Appends messages, creates the session when needed, drops the oldest sessions over RAG_LIMIT_SESSIONS. */
int rag_store_session_append(struct rag_store *s, const char *session_id, const struct rag_message *messages,
                             size_t n, struct rag_err *err);

#endif
