/* internal.h: what the files of store/ share: connections, transactions, and the two search structures. */
#ifndef RAG_STORE_INTERNAL_H
#define RAG_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/db.h"
#include "store/store.h"

struct rag_dense;

enum { RAG_STORE_READERS = 8 };

struct rag_store {
    char *path; /* of the database */
    int lock_fd;
    struct rag_segmenter *seg; /* borrowed */
    pthread_mutex_t prepare_lock;
    atomic_bool prepared; /* the lexical index fits the segmenter */
    pthread_mutex_t write_lock;
    sqlite3 *writer; /* under write_lock */
    pthread_mutex_t pool_lock;
    pthread_cond_t pool_idle;
    sqlite3 *idle[RAG_STORE_READERS]; /* under pool_lock, as are the counts */
    int n_idle, n_open;
    struct rag_dense *dense;
};

/* ---- open.c: connections and transactions */

/* Takes the writer and begins a transaction. On failure nothing is held. */
int rag_store_begin(struct rag_store *s, struct rag_err *err);
/* Commits when rc is 0, else rolls back and returns rc; gives the writer back either way. */
int rag_store_end(struct rag_store *s, int rc, struct rag_err *err);
/* The same, but keeps the writer's lock, so that caches change before the next writer comes. */
int rag_store_commit_held(struct rag_store *s, int rc, struct rag_err *err);
void rag_store_release_writer(struct rag_store *s);

/* A connection of the pool inside a read transaction: all its queries see one state. Waits when all are in
 * use. *out is NULL on failure. */
int rag_store_reader(struct rag_store *s, sqlite3 **out, struct rag_err *err);
/* NULL is fine. */
void rag_store_reader_done(struct rag_store *s, sqlite3 *db);

/* ---- schema.c */

/* Brings a database to the newest version, inside a transaction of its own. */
int rag_schema_migrate(sqlite3 *db, struct rag_err *err);

/* ---- indexes.c */

/* Makes default_index when it is missing; called at open. */
int rag_index_ensure_default(struct rag_store *s, struct rag_err *err);
int rag_index_find(sqlite3 *db, const char *name, int64_t *id, struct rag_err *err);

/* ---- documents.c */

/* Removes chunks, lexical rows and vectors of a document; its row stays. */
int rag_document_remove_content(sqlite3 *db, int64_t index_id, int64_t document, struct rag_err *err);
/* Does a document or an unfinished job still need this stored file? */
int rag_document_path_used(sqlite3 *db, const char *path, bool *used, struct rag_err *err);

/* ---- jobs.c */

/* Files that were running when the process died wait again, or fail after three starts. */
int rag_job_recover(struct rag_store *s, struct rag_err *err);
/* The unfinished files of an index that goes away fail. Part of the caller's transaction, like the next. */
int rag_job_fail_index(sqlite3 *db, int64_t index_id, struct rag_err *err);
/* Marks the file of a put completed. */
int rag_job_complete(sqlite3 *db, const struct rag_store_put *put, const char *doc_id, struct rag_err *err);

/* ---- lexical.c: one FTS5 table per index, so that BM25's statistics are those of one knowledge base */

int rag_lexical_register(sqlite3 *db, struct rag_segmenter *seg, struct rag_err *err);
int rag_lexical_create(sqlite3 *db, int64_t index_id, struct rag_err *err);
int rag_lexical_drop(sqlite3 *db, int64_t index_id, struct rag_err *err);
int rag_lexical_add(sqlite3 *db, int64_t index_id, int64_t first_chunk, const struct rag_chunks *chunks,
                    struct rag_err *err);
/* Call before the document's chunks are deleted: removal needs their text. */
int rag_lexical_remove(sqlite3 *db, int64_t index_id, int64_t document, struct rag_err *err);
/* Builds all lexical tables anew when the segmenter cuts text differently than when they were built. */
int rag_lexical_follow_segmenter(struct rag_store *s, struct rag_err *err);

/* ---- dense.c: vectors of recently used indexes in memory; always rebuildable from the vector table */

struct rag_dense *rag_dense_new(void);
void rag_dense_free(struct rag_dense *d);

/* A range of chunk ids that appeared (vectors given) or disappeared (vectors NULL). */
struct rag_dense_change {
    int64_t index_id, first_chunk;
    size_t n;
    const float *vectors;
    int dims;
};
/* Called after the commit, with the writer's lock held: a search sees all of the changes or none. */
void rag_dense_apply(struct rag_dense *d, const struct rag_dense_change *changes, size_t n);
/* Forgets an index; the next search reads it again. */
void rag_dense_drop(struct rag_dense *d, int64_t index_id);

/* ---- topk.c: the k best matches seen */

struct rag_topk {
    struct rag_store_match *v; /* heap, worst first */
    size_t n, k;
};
/* Larger score first; equal scores: older chunk first, so that results do not depend on the order of visits.
 */
void rag_topk_add(struct rag_topk *t, int64_t chunk_id, double score);
/* Sorts best first; t is used up. */
void rag_topk_sort(struct rag_topk *t);

#endif
