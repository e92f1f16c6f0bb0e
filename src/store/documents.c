/* documents.c: finds, lists and deletes documents; tells which stored files are still needed. */
#include "store/internal.h"

#include "base/buf.h"
#include "base/limits.h"

static int no_memory(struct rag_err *err)
{
    return rag_err_set(err, RAG_ENOMEM, "out of memory while reading documents");
}

int rag_document_remove_content(sqlite3 *db, int64_t index_id, int64_t document, struct rag_err *err)
{
    int rc = rag_lexical_remove(db, index_id, document, err);
    if (!rc)
        rc = rag_db_run(db, err, "DELETE FROM chunk WHERE document = ?", rag_db_int(document));
    if (!rc)
        rc = rag_db_run(db, err, "DELETE FROM vector WHERE document = ?", rag_db_int(document));
    return rc;
}

int rag_document_path_used(sqlite3 *db, const char *path, bool *used, struct rag_err *err)
{
    int64_t n = 0;
    int rc = rag_db_get_int(db, &n, err,
                            "SELECT EXISTS(SELECT 1 FROM document WHERE stored_path = ?1)"
                            " OR EXISTS(SELECT 1 FROM job_file WHERE state < 2 AND stored_path = ?1)",
                            rag_db_text(path));
    *used = n != 0;
    return rc < 0 ? rc : 0;
}

/* A document of this name with other bytes must be replaced, so that a twin under another name does not
 * count: otherwise the old content would stay under this name. */
int rag_store_find_bytes(struct rag_store *s, int64_t index_id, const char *sha256, const char *name,
                         char doc_id[33], struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    doc_id[0] = '\0';
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_query(db, &st, err,
                      "SELECT public_id FROM document WHERE kb = ?1 AND sha256 = ?2"
                      " AND (name = ?3 OR NOT EXISTS(SELECT 1 FROM document WHERE kb = ?1 AND name = ?3))"
                      " ORDER BY name = ?3 DESC, id LIMIT 1",
                      rag_db_int(index_id), rag_db_text(sha256), rag_db_text(name));
    if (!rc && (rc = rag_db_step(st, err)) == 1) {
        rag_db_column_hex(st, 0, doc_id, 33);
        rc = 0;
    }
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}

#define DOCUMENT_COLUMNS                                                                                     \
    "d.public_id, kb.name, d.name, d.file_type, d.sha256, d.size, d.chunks, d.tokens, d.added_ms, d.pages "
#define DOCUMENT_TABLES "FROM document d JOIN kb ON kb.id = d.kb "
/* ?1: name of the index or NULL for all, ?2: LIKE pattern or NULL. */
#define DOCUMENT_FILTER                                                                                      \
    "WHERE (?1 IS NULL OR d.kb = (SELECT id FROM kb WHERE name = ?1))"                                       \
    " AND (?2 IS NULL OR d.name LIKE ?2 ESCAPE '\\') "

static int read_document(sqlite3_stmt *st, struct rag_arena *a, struct rag_document *out, struct rag_err *err)
{
    *out = (struct rag_document){
        .index = rag_db_column_text(st, 1, a),
        .name = rag_db_column_text(st, 2, a),
        .file_type = rag_db_column_text(st, 3, a),
        .size = sqlite3_column_int64(st, 5),
        .chunks = sqlite3_column_int64(st, 6),
        .tokens = sqlite3_column_int64(st, 7),
        .created_ms = sqlite3_column_int64(st, 8),
        .pages = sqlite3_column_int(st, 9),
    };
    rag_db_column_hex(st, 0, out->id, sizeof out->id);
    rag_db_column_hex(st, 4, out->sha256, sizeof out->sha256);
    return out->index && out->name && out->file_type ? 0 : no_memory(err);
}

/* "%query%" with LIKE's special characters escaped; NULL for no query. */
static int like_pattern(struct rag_buf *b, const char *query, struct rag_err *err)
{
    if (!query || !*query)
        return 0;
    rag_buf_addc(b, '%');
    for (const char *p = query; *p; p++) {
        if (strchr("%_\\", *p))
            rag_buf_addc(b, '\\');
        rag_buf_addc(b, *p);
    }
    if (rag_buf_addc(b, '%'))
        return rag_err_set(err, b->err, "a search for names of %zu bytes is too long", strlen(query));
    return 0;
}

static int list(sqlite3 *db, struct rag_arena *a, const char *index, const char *like, int limit, int offset,
                struct rag_document **out, size_t *n, int64_t *total, struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    int64_t all = 0;
    int rc = rag_db_get_int(db, &all, err, "SELECT count(*) " DOCUMENT_TABLES DOCUMENT_FILTER,
                            rag_db_text(index), rag_db_text(like));
    if (rc < 0)
        return rc;
    int64_t rest = offset < all ? all - offset : 0;
    int64_t count = limit > 0 && limit < rest ? limit : rest;
    if (total)
        *total = all;
    if (!(*out = rag_arena_array(a, (size_t)count, sizeof **out)))
        return no_memory(err);
    rc = rag_db_query(db, &st, err,
                      "SELECT " DOCUMENT_COLUMNS DOCUMENT_TABLES DOCUMENT_FILTER
                      "ORDER BY d.added_ms DESC, d.id DESC LIMIT ?3 OFFSET ?4",
                      rag_db_text(index), rag_db_text(like), rag_db_int(count), rag_db_int(offset));
    while (!rc && (rc = rag_db_step(st, err)) == 1)
        rc = read_document(st, a, &(*out)[(*n)++], err);
    sqlite3_finalize(st);
    return rc;
}

int rag_store_document_list(struct rag_store *s, struct rag_arena *a, const char *index, const char *query,
                            int limit, int offset, struct rag_document **out, size_t *n, int64_t *total,
                            struct rag_err *err)
{
    struct rag_buf like;
    sqlite3 *db;
    int64_t id;
    *n = 0;
    *out = NULL;
    if (index && !*index)
        index = NULL;
    rag_buf_init(&like, 4 * RAG_LIMIT_FILE_NAME);
    int rc = rag_store_reader(s, &db, err);
    if (rc || (rc = like_pattern(&like, query, err)) || (index && (rc = rag_index_find(db, index, &id, err))))
        goto out;
    rc = list(db, a, index, like.p, limit, offset < 0 ? 0 : offset, out, n, total, err);
out:
    rag_store_reader_done(s, db);
    rag_buf_free(&like);
    return rc;
}

static int unknown(const char *id, struct rag_err *err)
{
    return rag_err_set(err, RAG_ENOTFOUND, "there is no document '%s'", id);
}

int rag_store_document_get(struct rag_store *s, struct rag_arena *a, const char *id, struct rag_document *out,
                           struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_query(db, &st, err, "SELECT " DOCUMENT_COLUMNS DOCUMENT_TABLES "WHERE d.public_id = ?",
                      rag_db_text(id));
    if (!rc && (rc = rag_db_step(st, err)) == 0)
        rc = unknown(id, err);
    else if (rc == 1)
        rc = read_document(st, a, out, err);
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}

static int delete_document(sqlite3 *db, struct rag_arena *a, const char *id, struct rag_dense_change *change,
                           const char **stored_path, struct rag_err *err)
{
    sqlite3_stmt *st;
    int64_t row = 0;
    bool used = false;
    int rc = rag_db_query(db, &st, err,
                          "SELECT id, kb, first_chunk, chunks, stored_path FROM document WHERE public_id = ?",
                          rag_db_text(id));
    if (!rc && (rc = rag_db_step(st, err)) == 0)
        rc = unknown(id, err);
    else if (rc == 1) {
        row = sqlite3_column_int64(st, 0);
        *change = (struct rag_dense_change){.index_id = sqlite3_column_int64(st, 1),
                                            .first_chunk = sqlite3_column_int64(st, 2),
                                            .n = (size_t)sqlite3_column_int64(st, 3)};
        *stored_path = rag_db_column_text(st, 4, a);
        rc = *stored_path ? 0 : no_memory(err);
    }
    sqlite3_finalize(st);
    if (rc || (rc = rag_document_remove_content(db, change->index_id, row, err)) ||
        (rc = rag_db_run(db, err, "DELETE FROM document WHERE id = ?", rag_db_int(row))) ||
        (rc = rag_document_path_used(db, *stored_path, &used, err)))
        return rc;
    if (used)
        *stored_path = "";
    return 0;
}

int rag_store_document_delete(struct rag_store *s, struct rag_arena *a, const char *id,
                              const char **stored_path, struct rag_err *err)
{
    struct rag_dense_change change = {0};
    int rc = rag_store_prepare(s, err);
    if (rc || (rc = rag_store_begin(s, err)))
        return rc;
    rc = rag_store_commit_held(s, delete_document(s->writer, a, id, &change, stored_path, err), err);
    if (!rc)
        rag_dense_apply(s->dense, &change, 1);
    rag_store_release_writer(s);
    return rc;
}

#define LIVE_PATHS                                                                                           \
    "SELECT stored_path FROM document WHERE stored_path != ''"                                               \
    " UNION SELECT stored_path FROM job_file WHERE state < 2 AND stored_path != ''"

int rag_store_live_paths(struct rag_store *s, struct rag_arena *a, const char ***out, size_t *n,
                         struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    int64_t count = 0;
    *n = 0;
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_get_int_args(db, &count, err, "SELECT count(*) FROM (" LIVE_PATHS ")", NULL, 0);
    if (rc < 0 || (rc = rag_db_query_args(db, &st, err, LIVE_PATHS, NULL, 0)))
        goto out;
    if (!(*out = rag_arena_array(a, (size_t)count, sizeof **out)))
        rc = no_memory(err);
    while (!rc && (rc = rag_db_step(st, err)) == 1)
        rc = ((*out)[(*n)++] = rag_db_column_text(st, 0, a)) ? 0 : no_memory(err);
out:
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}

int rag_store_counts(struct rag_store *s, int64_t *documents, int64_t *chunks, struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    *documents = *chunks = 0;
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_query_args(db, &st, err, "SELECT count(*), coalesce(sum(chunks), 0) FROM document", NULL, 0);
    if (!rc && (rc = rag_db_step(st, err)) == 1) {
        *documents = sqlite3_column_int64(st, 0);
        *chunks = sqlite3_column_int64(st, 1);
        rc = 0;
    }
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}
