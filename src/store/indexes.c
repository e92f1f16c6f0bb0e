/* indexes.c: knowledge bases: list, find, create, change, delete. */
#include "store/internal.h"

#define DEFAULT_INDEX "default_index"

#define SELECT_INDEX                                                                                         \
    "SELECT name, embed_model, fingerprint, dims, vector_store_config, embedding_config,"                    \
    " (SELECT count(*) FROM document WHERE kb = kb.id),"                                                     \
    " (SELECT coalesce(sum(chunks), 0) FROM document WHERE kb = kb.id) FROM kb "

static int unknown(const char *name, struct rag_err *err)
{
    return rag_err_set(err, RAG_ENOTFOUND, "Index name '%s' not exists.", name);
}

static int no_memory(struct rag_err *err)
{
    return rag_err_set(err, RAG_ENOMEM, "out of memory while listing indexes");
}

static bool read_index(sqlite3_stmt *st, struct rag_arena *a, struct rag_index *out)
{
    *out = (struct rag_index){
        .name = rag_db_column_text(st, 0, a),
        .embed_model = rag_db_column_text(st, 1, a),
        .fingerprint = rag_db_column_text(st, 2, a),
        .dims = sqlite3_column_int(st, 3),
        .vector_store_config = rag_db_column_text(st, 4, a),
        .embedding_config = rag_db_column_text(st, 5, a),
        .documents = sqlite3_column_int64(st, 6),
        .chunks = sqlite3_column_int64(st, 7),
    };
    return out->name && out->embed_model && out->fingerprint && out->vector_store_config &&
           out->embedding_config;
}

int rag_index_find(sqlite3 *db, const char *name, int64_t *id, struct rag_err *err)
{
    int rc = rag_db_get_int(db, id, err, "SELECT id FROM kb WHERE name = ?", rag_db_text(name));
    return rc < 0 ? rc : rc ? 0 : unknown(name, err);
}

int rag_store_index_id(struct rag_store *s, const char *name, int64_t *id, struct rag_err *err)
{
    sqlite3 *db;
    int rc = rag_store_reader(s, &db, err);
    if (!rc)
        rc = rag_index_find(db, name, id, err);
    rag_store_reader_done(s, db);
    return rc;
}

int rag_store_index_list(struct rag_store *s, struct rag_arena *a, struct rag_index **out, size_t *n,
                         struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    int64_t count = 0;
    *n = 0;
    sqlite3 *db;
    int rc = rag_store_reader(s, &db, err);
    if (rc || (rc = rag_db_get_int_args(db, &count, err, "SELECT count(*) FROM kb", NULL, 0)) < 0 ||
        (rc = rag_db_query_args(db, &st, err, SELECT_INDEX "ORDER BY id", NULL, 0)))
        goto out;
    if (!(*out = rag_arena_array(a, (size_t)count, sizeof **out)))
        rc = no_memory(err);
    while (!rc && (rc = rag_db_step(st, err)) == 1)
        rc = read_index(st, a, &(*out)[(*n)++]) ? 0 : no_memory(err);
out:
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}

int rag_store_index_get(struct rag_store *s, struct rag_arena *a, const char *name, struct rag_index *out,
                        struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    int rc = rag_store_reader(s, &db, err);
    if (rc || (rc = rag_db_query(db, &st, err, SELECT_INDEX "WHERE name = ?", rag_db_text(name))))
        goto out;
    rc = rag_db_step(st, err);
    if (rc == 0)
        rc = unknown(name, err);
    else if (rc == 1)
        rc = read_index(st, a, out) ? 0 : no_memory(err);
out:
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc;
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static int insert_index(sqlite3 *db, const struct rag_index *index, struct rag_err *err)
{
    int rc = rag_db_run(db, err, "INSERT INTO kb(name, vector_store_config, embedding_config) VALUES(?,?,?)",
                        rag_db_text(index->name), rag_db_text(or_empty(index->vector_store_config)),
                        rag_db_text(or_empty(index->embedding_config)));
    return rc ? rc : rag_lexical_create(db, sqlite3_last_insert_rowid(db), err);
}

static int create(sqlite3 *db, const struct rag_index *index, int max, struct rag_err *err)
{
    int64_t count = 0, same = 0;
    int rc =
        rag_db_get_int(db, &same, err, "SELECT count(*) FROM kb WHERE name = ?", rag_db_text(index->name));
    if (rc < 0)
        return rc;
    if (same)
        return rag_err_set(err, RAG_EEXIST, "Index name '%s' already exists.", index->name);
    rc = rag_db_get_int_args(db, &count, err, "SELECT count(*) FROM kb", NULL, 0);
    if (rc < 0)
        return rc;
    if (count >= max)
        return rag_err_set(err, RAG_EINVAL, "Index count should be less than %d.", max);
    return insert_index(db, index, err);
}

int rag_store_index_create(struct rag_store *s, const struct rag_index *index, int max, struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    return rc ? rc : rag_store_end(s, create(s->writer, index, max, err), err);
}

int rag_index_ensure_default(struct rag_store *s, struct rag_err *err)
{
    struct rag_index index = {.name = DEFAULT_INDEX};
    int64_t id;
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    rc = rag_index_find(s->writer, DEFAULT_INDEX, &id, err);
    if (rc == RAG_ENOTFOUND)
        rc = insert_index(s->writer, &index, err);
    return rag_store_end(s, rc, err);
}

int rag_store_index_update(struct rag_store *s, const struct rag_index *index, struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    rc = rag_db_run(s->writer, err,
                    "UPDATE kb SET vector_store_config = ?, embedding_config = ? WHERE name = ?",
                    rag_db_text(or_empty(index->vector_store_config)),
                    rag_db_text(or_empty(index->embedding_config)), rag_db_text(index->name));
    if (!rc && !sqlite3_changes(s->writer))
        rc = unknown(index->name, err);
    return rag_store_end(s, rc, err);
}

static int delete_rows(sqlite3 *db, int64_t id, struct rag_err *err)
{
    static const char *const STATEMENTS[] = {
        "DELETE FROM vector WHERE document IN (SELECT id FROM document WHERE kb = ?)",
        "DELETE FROM chunk WHERE document IN (SELECT id FROM document WHERE kb = ?)",
        "DELETE FROM document WHERE kb = ?",
        "DELETE FROM kb WHERE id = ?",
    };
    int rc = rag_job_fail_index(db, id, err);
    if (!rc)
        rc = rag_lexical_drop(db, id, err);
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS && !rc; i++)
        rc = rag_db_run(db, err, STATEMENTS[i], rag_db_int(id));
    return rc;
}

int rag_store_index_delete(struct rag_store *s, const char *name, struct rag_err *err)
{
    int64_t id = 0;
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    if (!(rc = rag_index_find(s->writer, name, &id, err)))
        rc = delete_rows(s->writer, id, err);
    if (!(rc = rag_store_commit_held(s, rc, err)))
        rag_dense_drop(s->dense, id);
    rag_store_release_writer(s);
    return rc;
}
