/* put.c: makes finished documents visible, all of a call in one transaction, replacing those of the same
 * name. */
#include "store/internal.h"

#include "base/clock.h"
#include "base/id.h"

/* What one call does, step by step. */
struct putting {
    sqlite3 *db;
    struct rag_arena *a;
    struct rag_dense_change *changes; /* for the vector cache, in order; at most two for each put */
    size_t n_changes;
    const char **replaced;
    size_t n_replaced;
};

/* The document that has the name already; row 0 = none. */
struct old_document {
    int64_t row, first_chunk, chunks;
    char public_id[33];
    const char *stored_path;
};

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* An index without chunks takes the fingerprint of whoever comes first; later ones must have the same. */
static int check_fingerprint(sqlite3 *db, const struct rag_store_put *p, struct rag_err *err)
{
    sqlite3_stmt *st;
    int rc =
        rag_db_query(db, &st, err,
                     "SELECT name, embed_model, fingerprint, dims,"
                     " EXISTS(SELECT 1 FROM vector JOIN document d ON d.id = document WHERE d.kb = kb.id)"
                     " FROM kb WHERE id = ?",
                     rag_db_int(p->index_id));
    if (rc || (rc = rag_db_step(st, err)) < 0)
        goto out;
    if (rc == 0) {
        rc = rag_err_set(err, RAG_ENOTFOUND, "index was deleted");
        goto out;
    }
    rc = 0;
    const char *name = (const char *)sqlite3_column_text(st, 0);
    const char *model = (const char *)sqlite3_column_text(st, 1);
    const char *fingerprint = (const char *)sqlite3_column_text(st, 2);
    int dims = sqlite3_column_int(st, 3);
    if (sqlite3_column_int(st, 4) && (strcmp(fingerprint, p->fingerprint) != 0 || dims != p->dims))
        rc = rag_err_set(err, RAG_EMISMATCH,
                         "index '%s' holds vectors of %s (%.12s, %d dimensions), not of %s (%.12s, %d "
                         "dimensions); re-embed the index or use its model",
                         name, model, fingerprint, dims, p->embed_model, p->fingerprint, p->dims);
out:
    sqlite3_finalize(st);
    if (!rc)
        rc = rag_db_run(db, err, "UPDATE kb SET embed_model = ?2, fingerprint = ?3, dims = ?4 WHERE id = ?1",
                        rag_db_int(p->index_id), rag_db_text(p->embed_model), rag_db_text(p->fingerprint),
                        rag_db_int(p->dims));
    return rc;
}

static int find_old(struct putting *w, const struct rag_store_put *p, struct old_document *old,
                    struct rag_err *err)
{
    sqlite3_stmt *st;
    *old = (struct old_document){0};
    int rc = rag_db_query(w->db, &st, err,
                          "SELECT id, first_chunk, chunks, public_id, stored_path FROM document"
                          " WHERE kb = ? AND name = ?",
                          rag_db_int(p->index_id), rag_db_text(p->name));
    if (!rc && (rc = rag_db_step(st, err)) == 1) {
        rc = 0;
        old->row = sqlite3_column_int64(st, 0);
        old->first_chunk = sqlite3_column_int64(st, 1);
        old->chunks = sqlite3_column_int64(st, 2);
        rag_db_column_hex(st, 3, old->public_id, sizeof old->public_id);
        if (!(old->stored_path = rag_db_column_text(st, 4, w->a)))
            rc = rag_err_set(err, RAG_ENOMEM, "out of memory while replacing '%s'", p->name);
    }
    sqlite3_finalize(st);
    return rc;
}

static int insert_chunks(sqlite3 *db, int64_t document, const struct rag_chunks *chunks, int64_t first,
                         struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    int rc =
        rag_db_query_args(db, &st, err,
                          "INSERT INTO chunk(id, document, ordinal, prefix, tokens, page, x0, y0, x1, y1,"
                          " begin_byte, end_byte, row, text) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                          NULL, 0);
    for (size_t i = 0; i < chunks->n && !rc; i++) {
        const struct rag_chunk *c = &chunks->v[i];
        const struct rag_place *at = &c->place;
        rc =
            rag_db_bind(st, err, rag_db_int(first + (int64_t)i), rag_db_int(document), rag_db_int((int64_t)i),
                        rag_db_int((int64_t)c->prefix), rag_db_int(c->tokens), rag_db_int(at->page),
                        rag_db_real(at->x0), rag_db_real(at->y0), rag_db_real(at->x1), rag_db_real(at->y1),
                        rag_db_int(at->begin), rag_db_int(at->end), rag_db_int(at->row), rag_db_str(c->text));
        if (!rc)
            rc = rag_db_step(st, err);
    }
    sqlite3_finalize(st);
    return rc;
}

/* The row of the document: a new one, or the one of that name with new content; that keeps its public id. */
static int write_document(sqlite3 *db, const struct rag_store_put *p, const char *doc_id, int64_t first_chunk,
                          int64_t *row, struct rag_err *err)
{
    int64_t tokens = 0;
    for (size_t i = 0; i < p->chunks->n; i++)
        tokens += p->chunks->v[i].tokens;
    int rc = rag_db_get_int(
        db, row, err,
        "INSERT INTO document(public_id, kb, name, file_type, sha256, stored_path, created, modified, size,"
        " pages, tokens, added_ms, first_chunk, chunks) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT(kb, name) DO UPDATE SET file_type = excluded.file_type, sha256 = excluded.sha256,"
        " stored_path = excluded.stored_path, created = excluded.created, modified = excluded.modified,"
        " size = excluded.size, pages = excluded.pages, tokens = excluded.tokens,"
        " added_ms = excluded.added_ms, first_chunk = excluded.first_chunk, chunks = excluded.chunks"
        " RETURNING id",
        rag_db_text(doc_id), rag_db_int(p->index_id), rag_db_text(p->name),
        rag_db_text(or_empty(p->file_type)), rag_db_text(or_empty(p->sha256)),
        rag_db_text(or_empty(p->stored_path)), rag_db_text(or_empty(p->created)),
        rag_db_text(or_empty(p->modified)), rag_db_int(p->size), rag_db_int(p->pages), rag_db_int(tokens),
        rag_db_int(rag_clock_wall_ms()), rag_db_int(first_chunk), rag_db_int((int64_t)p->chunks->n));
    return rc < 0 ? rc : 0;
}

/* Chunks, lexical rows and vectors of the old content. */
static int remove_content(struct putting *w, int64_t index_id, const struct old_document *old,
                          struct rag_err *err)
{
    w->changes[w->n_changes++] = (struct rag_dense_change){
        .index_id = index_id, .first_chunk = old->first_chunk, .n = (size_t)old->chunks};
    return rag_document_remove_content(w->db, index_id, old->row, err);
}

static int add_content(struct putting *w, const struct rag_store_put *p, int64_t row, int64_t first_chunk,
                       struct rag_err *err)
{
    size_t n = p->chunks->n;
    if (!n)
        return 0;
    w->changes[w->n_changes++] = (struct rag_dense_change){
        .index_id = p->index_id, .first_chunk = first_chunk, .n = n, .vectors = p->vectors, .dims = p->dims};
    int rc = insert_chunks(w->db, row, p->chunks, first_chunk, err);
    if (!rc)
        rc = rag_lexical_add(w->db, p->index_id, first_chunk, p->chunks, err);
    if (!rc)
        rc = rag_db_run(w->db, err, "INSERT INTO vector(document, dims, data) VALUES(?,?,?)", rag_db_int(row),
                        rag_db_int(p->dims),
                        rag_db_blob(p->vectors, n * (size_t)p->dims * sizeof *p->vectors));
    return rc;
}

static int next_chunk_id(sqlite3 *db, int64_t *id, struct rag_err *err)
{
    int64_t last = 0;
    int rc =
        rag_db_get_int_args(db, &last, err, "SELECT seq FROM sqlite_sequence WHERE name = 'chunk'", NULL, 0);
    *id = last + 1;
    return rc < 0 ? rc : 0;
}

static int put_one(struct putting *w, const struct rag_store_put *p, struct rag_err *err)
{
    struct old_document old;
    char new_id[RAG_ID_HEX + 1];
    int64_t row = 0, first_chunk = 0;
    int rc = check_fingerprint(w->db, p, err);
    if (rc || (rc = find_old(w, p, &old, err)) || (rc = next_chunk_id(w->db, &first_chunk, err)))
        return rc;
    if (old.row && (rc = remove_content(w, p->index_id, &old, err)))
        return rc;
    rag_id_new(new_id);
    const char *doc_id = old.row ? old.public_id : p->doc_id && *p->doc_id ? p->doc_id : new_id;
    if ((rc = write_document(w->db, p, doc_id, first_chunk, &row, err)) ||
        (rc = add_content(w, p, row, first_chunk, err)))
        return rc;
    if (p->job_file_id && (rc = rag_job_complete(w->db, p, doc_id, err)))
        return rc;
    if (old.row && *old.stored_path)
        w->replaced[w->n_replaced++] = old.stored_path;
    return 0;
}

/* Only at the end of the call is it known which old files nobody uses. */
static int keep_unused_paths(struct putting *w, struct rag_err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n_replaced; i++) {
        bool used;
        int rc = rag_document_path_used(w->db, w->replaced[i], &used, err);
        if (rc)
            return rc;
        if (!used)
            w->replaced[kept++] = w->replaced[i];
    }
    w->n_replaced = kept;
    return 0;
}

static int check_input(const struct rag_store_put *p, struct rag_err *err)
{
    if (!p->name || !p->chunks || !p->fingerprint || !p->embed_model)
        return rag_err_set(err, RAG_EINVAL, "a document needs a name, chunks, a model and its fingerprint");
    if (p->chunks->n && (!p->vectors || p->dims <= 0))
        return rag_err_set(err, RAG_EINVAL, "%zu chunks of '%s' came without vectors", p->chunks->n, p->name);
    return 0;
}

int rag_store_put_documents(struct rag_store *s, struct rag_arena *a, const struct rag_store_put *puts,
                            size_t n, const char ***replaced_paths, size_t *n_replaced, struct rag_err *err)
{
    struct putting w = {.db = s->writer, .a = a};
    int rc = 0;
    *n_replaced = 0;
    *replaced_paths = NULL;
    for (size_t i = 0; i < n && !rc; i++)
        rc = check_input(&puts[i], err);
    if (rc)
        return rc;
    w.changes = rag_arena_array(a, n, 2 * sizeof *w.changes);
    w.replaced = rag_arena_array(a, n, sizeof *w.replaced);
    if (!w.changes || !w.replaced)
        return rag_err_set(err, RAG_ENOMEM, "out of memory while storing %zu documents", n);
    if ((rc = rag_store_prepare(s, err)) || (rc = rag_store_begin(s, err)))
        return rc;
    for (size_t i = 0; i < n && !rc; i++)
        rc = put_one(&w, &puts[i], err);
    if (!rc)
        rc = keep_unused_paths(&w, err);
    if (!(rc = rag_store_commit_held(s, rc, err))) {
        rag_dense_apply(s->dense, w.changes, w.n_changes);
        *replaced_paths = w.replaced;
        *n_replaced = w.n_replaced;
    }
    rag_store_release_writer(s);
    return rc;
}
