/* ingest.h: the queue between an acknowledged upload and a visible document. */
#ifndef RAG_RAG_INGEST_H
#define RAG_RAG_INGEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/types.h"
#include "pai_rag.h"

struct rag_engine;
struct rag_ingest_doc; /* one file on its way; private to ingest.c */

/* Two threads: the parser takes jobs and prepares documents (parse, chunk), the embedder takes what is
 * prepared, embeds it together and commits it. So parsing overlaps embedding, and small files share the
 * encoder's batches. */
struct rag_ingest {
    pthread_t parser, embedder;
    bool started;
    atomic_bool stop;
    pthread_mutex_t lock;   /* guards everything below */
    pthread_cond_t changed; /* any of the fields below, or stop */
    bool has_work;          /* a job may be waiting in the store */
    bool parser_done;
    struct rag_ingest_doc *prepared; /* parsed and chunked, oldest first */
    size_t n_prepared;
    long prepared_tokens;
    struct rag_ingest_doc *running; /* every file between take and commit, for progress */
};

int rag_ingest_start(struct rag_engine *e, struct rag_err *err);
/* Stops at the next safe point; files in work go back to waiting. */
void rag_ingest_stop(struct rag_engine *e);
/* New work is there. */
void rag_ingest_wake(struct rag_engine *e);

#endif
