/* check.c: finds contradictions between documents, chunks, vectors and lexical rows. */
#include "store/internal.h"

#include <stdio.h>

/* Each counts faults; %lld is the id of an index where it appears. */
struct rule {
    const char *fault, *sql;
};

static const struct rule RULES[] = {
    {"documents whose number of chunks is wrong",
     "SELECT count(*) FROM document d WHERE chunks != (SELECT count(*) FROM chunk WHERE document = d.id)"},
    {"documents whose chunks are not numbered in order",
     "SELECT count(*) FROM chunk c JOIN document d ON d.id = c.document WHERE c.id != d.first_chunk + "
     "ordinal"},
    {"documents without the vectors of their chunks",
     "SELECT count(*) FROM document d JOIN kb ON kb.id = d.kb LEFT JOIN vector v ON v.document = d.id"
     " WHERE d.chunks > 0 AND (v.dims IS NOT kb.dims OR length(v.data) IS NOT d.chunks * kb.dims * 4)"},
    {"vectors without chunks",
     "SELECT count(*) FROM vector v JOIN document d ON d.id = v.document WHERE d.chunks = 0"},
    {"rows that refer to missing ones", "SELECT count(*) FROM pragma_foreign_key_check"},
    {"completed files without a document id",
     "SELECT count(*) FROM job_file WHERE state = 2 AND doc_id = ''"},
};

static const struct rule INDEX_RULES[] = {
    {"chunks that are missing in the lexical index",
     "SELECT count(*) FROM document d JOIN chunk c ON c.document = d.id WHERE d.kb = %1$lld"
     " AND c.id NOT IN (SELECT id FROM fts_%1$lld_docsize)"},
    {"lexical rows without a chunk",
     "SELECT count(*) FROM fts_%1$lld_docsize f WHERE NOT EXISTS(SELECT 1 FROM chunk c"
     " JOIN document d ON d.id = c.document WHERE c.id = f.id AND d.kb = %1$lld)"},
};

static int count_faults(sqlite3 *db, const char *fault, const char *sql, struct rag_err *err)
{
    int64_t n = 0;
    int rc = rag_db_get_int_args(db, &n, err, sql, NULL, 0);
    if (rc < 0)
        return rc;
    return n ? rag_err_set(err, RAG_EFORMAT, "database check: %lld %s; restore a backup or ingest again",
                           (long long)n, fault)
             : 0;
}

static int check_file(sqlite3 *db, struct rag_err *err)
{
    sqlite3_stmt *st;
    int rc = rag_db_query_args(db, &st, err, "PRAGMA quick_check(1)", NULL, 0);
    if (!rc && (rc = rag_db_step(st, err)) == 1) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        rc = text && !strcmp(text, "ok")
                 ? 0
                 : rag_err_set(err, RAG_EFORMAT, "database check: %s; restore a backup",
                               text ? text : "damaged");
    }
    sqlite3_finalize(st);
    return rc;
}

static int check_index(sqlite3 *db, int64_t id, struct rag_err *err)
{
    char sql[512];
    int rc =
        rag_db_execf(db, err, "INSERT INTO fts_%1$lld(fts_%1$lld) VALUES('integrity-check')", (long long)id);
    for (size_t i = 0; i < sizeof INDEX_RULES / sizeof *INDEX_RULES && !rc; i++) {
        snprintf(sql, sizeof sql, INDEX_RULES[i].sql, (long long)id);
        rc = count_faults(db, INDEX_RULES[i].fault, sql, err);
    }
    return rc;
}

static int check_indexes(sqlite3 *db, struct rag_err *err)
{
    sqlite3_stmt *st;
    int rc = rag_db_query_args(db, &st, err, "SELECT id FROM kb ORDER BY id", NULL, 0);
    while (!rc && (rc = rag_db_step(st, err)) == 1)
        rc = check_index(db, sqlite3_column_int64(st, 0), err);
    sqlite3_finalize(st);
    return rc;
}

int rag_store_check(struct rag_store *s, struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    rc = check_file(s->writer, err);
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES && !rc; i++)
        rc = count_faults(s->writer, RULES[i].fault, RULES[i].sql, err);
    if (!rc)
        rc = check_indexes(s->writer, err);
    return rag_store_end(s, rc, err);
}
