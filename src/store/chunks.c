/* chunks.c: the text of hits, and all chunks of an index for re-embedding. */
#include "store/internal.h"

static int no_memory(struct rag_err *err)
{
    return rag_err_set(err, RAG_ENOMEM, "out of memory while reading passages");
}

static int read_hit(sqlite3_stmt *st, struct rag_arena *a, struct rag_hit *h, struct rag_err *err)
{
    rag_db_column_hex(st, 0, h->doc_id, sizeof h->doc_id);
    h->file_name = rag_db_column_text(st, 1, a);
    h->file_type = rag_db_column_text(st, 2, a);
    h->file_size = sqlite3_column_int64(st, 3);
    h->created = rag_db_column_text(st, 4, a);
    h->modified = rag_db_column_text(st, 5, a);
    h->text = rag_db_column_str(st, 6, a);
    h->ordinal = sqlite3_column_int(st, 7);
    h->place = (struct rag_place){
        .page = sqlite3_column_int(st, 8),
        .x0 = (float)sqlite3_column_double(st, 9),
        .y0 = (float)sqlite3_column_double(st, 10),
        .x1 = (float)sqlite3_column_double(st, 11),
        .y1 = (float)sqlite3_column_double(st, 12),
        .begin = sqlite3_column_int64(st, 13),
        .end = sqlite3_column_int64(st, 14),
        .row = sqlite3_column_int(st, 15),
    };
    h->prefix = (size_t)sqlite3_column_int64(st, 16);
    if (h->prefix > h->text.n)
        h->prefix = 0;
    return h->file_name && h->file_type && h->created && h->modified && h->text.p ? 0 : no_memory(err);
}

int rag_store_load_hits(struct rag_store *s, struct rag_arena *a, struct rag_hits *hits, struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    size_t kept = 0;
    if (!hits->n)
        return 0;
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_query_args(
        db, &st, err,
        "SELECT d.public_id, d.name, d.file_type, d.size, d.created, d.modified, c.text,"
        " c.ordinal, c.page, c.x0, c.y0, c.x1, c.y1, c.begin_byte, c.end_byte, c.row, c.prefix"
        " FROM chunk c JOIN document d ON d.id = c.document WHERE c.id = ?",
        NULL, 0);
    for (size_t i = 0; i < hits->n && rc >= 0; i++) {
        if ((rc = rag_db_bind(st, err, rag_db_int(hits->v[i].chunk_id))) || (rc = rag_db_step(st, err)) != 1)
            continue;
        hits->v[kept] = hits->v[i];
        rc = read_hit(st, a, &hits->v[kept++], err);
    }
    hits->n = kept;
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc < 0 ? rc : 0;
}

int rag_store_index_chunks(struct rag_store *s, struct rag_arena *a, int64_t index_id, int64_t **ids,
                           struct rag_str **texts, size_t *n, struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    int64_t count = 0;
    *n = 0;
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_get_int(db, &count, err, "SELECT coalesce(sum(chunks), 0) FROM document WHERE kb = ?",
                        rag_db_int(index_id));
    if (rc < 0 || (rc = rag_db_query(db, &st, err,
                                     "SELECT c.id, c.text FROM document d JOIN chunk c ON c.document = d.id"
                                     " WHERE d.kb = ? ORDER BY c.id",
                                     rag_db_int(index_id))))
        goto out;
    *ids = rag_arena_array(a, (size_t)count, sizeof **ids);
    *texts = rag_arena_array(a, (size_t)count, sizeof **texts);
    if (!*ids || !*texts)
        rc = no_memory(err);
    while (!rc && (int64_t)*n < count && (rc = rag_db_step(st, err)) == 1) {
        (*ids)[*n] = sqlite3_column_int64(st, 0);
        (*texts)[*n] = rag_db_column_str(st, 1, a);
        rc = (*texts)[(*n)++].p ? 0 : no_memory(err);
    }
out:
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}

static int write_vectors(sqlite3 *db, int64_t document, const float *vectors, int64_t n, int dims,
                         struct rag_err *err)
{
    return rag_db_run(db, err, "INSERT OR REPLACE INTO vector(document, dims, data) VALUES(?,?,?)",
                      rag_db_int(document), rag_db_int(dims),
                      rag_db_blob(vectors, (size_t)n * (size_t)dims * sizeof *vectors));
}

/* Goes through the documents in the order of ids; their ranges must cover ids exactly. */
static int replace_vectors(sqlite3 *db, int64_t index_id, const int64_t *ids, const float *vectors, size_t n,
                           int dims, struct rag_err *err)
{
    sqlite3_stmt *st;
    size_t at = 0;
    int rc = rag_db_query(db, &st, err,
                          "SELECT id, first_chunk, chunks FROM document WHERE kb = ? AND chunks > 0"
                          " ORDER BY first_chunk",
                          rag_db_int(index_id));
    while (!rc && (rc = rag_db_step(st, err)) == 1) {
        int64_t first = sqlite3_column_int64(st, 1), count = sqlite3_column_int64(st, 2);
        if ((size_t)count > n - at || ids[at] != first || ids[at + (size_t)count - 1] != first + count - 1) {
            at = SIZE_MAX;
            break;
        }
        rc = write_vectors(db, sqlite3_column_int64(st, 0), vectors + at * (size_t)dims, count, dims, err);
        at += (size_t)count;
    }
    sqlite3_finalize(st);
    if (rc >= 0 && at != n)
        rc = rag_err_set(err, RAG_EBUSY, "documents changed while the index was re-embedded; try again");
    return rc < 0 ? rc : 0;
}

int rag_store_replace_vectors(struct rag_store *s, int64_t index_id, const int64_t *ids, const float *vectors,
                              size_t n, int dims, const char *embed_model, const char *fingerprint,
                              struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    rc = rag_db_run(s->writer, err, "UPDATE kb SET embed_model = ?, fingerprint = ?, dims = ? WHERE id = ?",
                    rag_db_text(embed_model), rag_db_text(fingerprint), rag_db_int(dims),
                    rag_db_int(index_id));
    if (!rc && !sqlite3_changes(s->writer))
        rc = rag_err_set(err, RAG_ENOTFOUND, "index was deleted");
    if (!rc)
        rc = replace_vectors(s->writer, index_id, ids, vectors, n, dims, err);
    if (!(rc = rag_store_commit_held(s, rc, err)))
        rag_dense_drop(s->dense, index_id);
    rag_store_release_writer(s);
    return rc;
}
