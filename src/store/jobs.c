/* jobs.c: the durable queue of files to ingest, and what became of each. */
#include "store/internal.h"

#include "base/buf.h"
#include "base/limits.h"

/* Stored numbers; the schema's partial index and other queries say "state < 2" for unfinished. */
enum { WAITING, RUNNING, COMPLETED, FAILED };

enum {
    MAX_STARTS = 3,       /* a file that was running this often when the process died is to blame */
    KEEP_FINISHED = 10000 /* rows of old jobs kept for get_upload_state */
};

static int no_memory(struct rag_err *err)
{
    return rag_err_set(err, RAG_ENOMEM, "out of memory while reading jobs");
}

int rag_job_recover(struct rag_store *s, struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    rc = rag_db_run(s->writer, err,
                    "UPDATE job_file SET state = ?1,"
                    " error = 'the service stopped three times while processing this file'"
                    " WHERE state = ?2 AND attempts >= ?3",
                    rag_db_int(FAILED), rag_db_int(RUNNING), rag_db_int(MAX_STARTS));
    if (!rc)
        rc = rag_db_run(s->writer, err, "UPDATE job_file SET state = ? WHERE state = ?", rag_db_int(WAITING),
                        rag_db_int(RUNNING));
    return rag_store_end(s, rc, err);
}

/* Tasks are removed whole, oldest first; one with an unfinished or a newer file stays. */
static int prune(sqlite3 *db, struct rag_err *err)
{
    int64_t newest_to_go = 0;
    int rc =
        rag_db_get_int(db, &newest_to_go, err, "SELECT id FROM job_file ORDER BY id DESC LIMIT 1 OFFSET ?",
                       rag_db_int(KEEP_FINISHED));
    if (rc <= 0)
        return rc;
    return rag_db_run(db, err,
                      "DELETE FROM job_file WHERE id <= ?1 AND NOT EXISTS(SELECT 1 FROM job_file o"
                      " WHERE o.task_id = job_file.task_id AND (o.id > ?1 OR o.state < 2))",
                      rag_db_int(newest_to_go));
}

static int create(sqlite3 *db, const char *task_id, int64_t index_id, const struct rag_store_job_file *files,
                  size_t n, struct rag_err *err)
{
    int64_t found = 0;
    int rc = rag_db_get_int(db, &found, err, "SELECT 1 FROM kb WHERE id = ?", rag_db_int(index_id));
    if (rc < 0)
        return rc;
    if (!found)
        return rag_err_set(err, RAG_ENOTFOUND, "index was deleted");
    rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = rag_db_run(db, err,
                        "INSERT INTO job_file(task_id, kb, name, stored_path, sha256, size, state)"
                        " VALUES(?,?,?,?,?,?,0)",
                        rag_db_text(task_id), rag_db_int(index_id), rag_db_text(files[i].name),
                        rag_db_text(files[i].stored_path), rag_db_text(files[i].sha256),
                        rag_db_int(files[i].size));
    return rc ? rc : prune(db, err);
}

int rag_store_job_create(struct rag_store *s, const char *task_id, int64_t index_id,
                         const struct rag_store_job_file *files, size_t n, struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    return rc ? rc : rag_store_end(s, create(s->writer, task_id, index_id, files, n, err), err);
}

static int read_job(sqlite3_stmt *st, struct rag_arena *a, struct rag_store_job_file *f, struct rag_err *err)
{
    *f = (struct rag_store_job_file){
        .id = sqlite3_column_int64(st, 0),
        .index_id = sqlite3_column_int64(st, 1),
        .name = rag_db_column_text(st, 3, a),
        .stored_path = rag_db_column_text(st, 4, a),
        .sha256 = rag_db_column_text(st, 5, a),
        .size = sqlite3_column_int64(st, 6),
        .attempts = sqlite3_column_int(st, 7),
    };
    rag_db_column_hex(st, 2, f->task_id, sizeof f->task_id);
    return f->name && f->stored_path && f->sha256 ? 0 : no_memory(err);
}

/* A file that was running when the process died is taken alone: if it is the one that kills the process,
 * files beside it must not be blamed. */
static int take(sqlite3 *db, struct rag_arena *a, size_t max, struct rag_store_job_file *out, size_t *n,
                struct rag_err *err)
{
    sqlite3_stmt *st;
    int rc = rag_db_query(db, &st, err,
                          "SELECT id, kb, task_id, name, stored_path, sha256, size, attempts FROM job_file"
                          " WHERE state = 0 ORDER BY id LIMIT ?",
                          rag_db_int((int64_t)max));
    while (!rc && (rc = rag_db_step(st, err)) == 1) {
        bool suspect = sqlite3_column_int(st, 7) > 0;
        rc = 0;
        if (suspect && *n)
            break;
        rc = read_job(st, a, &out[(*n)++], err);
        if (suspect)
            break;
    }
    sqlite3_finalize(st);
    for (size_t i = 0; i < *n && !rc; i++)
        rc = rag_db_run(db, err, "UPDATE job_file SET state = 1, attempts = attempts + 1 WHERE id = ?",
                        rag_db_int(out[i].id));
    return rc;
}

int rag_store_job_take(struct rag_store *s, struct rag_arena *a, size_t max, struct rag_store_job_file **out,
                       size_t *n, struct rag_err *err)
{
    *n = 0;
    if (!(*out = rag_arena_array(a, max, sizeof **out)))
        return no_memory(err);
    int rc = rag_store_begin(s, err);
    if (rc)
        return rc;
    rc = rag_store_end(s, take(s->writer, a, max, *out, n, err), err);
    if (rc)
        *n = 0;
    return rc;
}

/* One UPDATE in a transaction of its own. Finished files are left as they are (state < 2 in sql): a file that
 * failed because its index was deleted keeps that reason. */
static int change(struct rag_store *s, struct rag_err *err, const char *sql, const struct rag_db_arg *args,
                  size_t n)
{
    int rc = rag_store_begin(s, err);
    return rc ? rc : rag_store_end(s, rag_db_run_args(s->writer, err, sql, args, n), err);
}

int rag_store_job_fail(struct rag_store *s, int64_t job_file_id, const char *message, struct rag_err *err)
{
    return change(
        s, err, "UPDATE job_file SET state = 3, error = ?2 WHERE id = ?1 AND state < 2",
        RAG_DB_ARGS(rag_db_int(job_file_id), rag_db_text(message && *message ? message : "failed")));
}

int rag_store_job_duplicate(struct rag_store *s, int64_t job_file_id, const char *doc_id, struct rag_err *err)
{
    return change(s, err,
                  "UPDATE job_file SET state = 2, duplicate = 1, doc_id = ?2,"
                  " pages = coalesce((SELECT pages FROM document WHERE public_id = ?2), 0),"
                  " chunks = coalesce((SELECT chunks FROM document WHERE public_id = ?2), 0)"
                  " WHERE id = ?1 AND state < 2",
                  RAG_DB_ARGS(rag_db_int(job_file_id), rag_db_text(doc_id)));
}

/* A clean stop is not the file's fault: the start does not count. */
int rag_store_job_release(struct rag_store *s, int64_t job_file_id, struct rag_err *err)
{
    return change(s, err,
                  "UPDATE job_file SET state = 0, attempts = max(attempts - 1, 0) WHERE id = ? AND state = 1",
                  RAG_DB_ARGS(rag_db_int(job_file_id)));
}

int rag_job_fail_index(sqlite3 *db, int64_t index_id, struct rag_err *err)
{
    return rag_db_run(db, err,
                      "UPDATE job_file SET state = 3, error = 'index was deleted' WHERE kb = ? AND state < 2",
                      rag_db_int(index_id));
}

int rag_job_complete(sqlite3 *db, const struct rag_store_put *put, const char *doc_id, struct rag_err *err)
{
    return rag_db_run(db, err,
                      "UPDATE job_file SET state = 2, error = NULL, doc_id = ?, warning = ?, pages = ?,"
                      " chunks = ? WHERE id = ?",
                      rag_db_text(doc_id), rag_db_text(put->warning), rag_db_int(put->pages),
                      rag_db_int((int64_t)put->chunks->n), rag_db_int(put->job_file_id));
}

/* ---- tasks */

static const char *optional_text(sqlite3_stmt *st, int column, struct rag_arena *a)
{
    return sqlite3_column_type(st, column) == SQLITE_NULL ? NULL : rag_db_column_text(st, column, a);
}

static int read_file(sqlite3_stmt *st, struct rag_arena *a, struct rag_task_file *f, int *state,
                     struct rag_err *err)
{
    *state = sqlite3_column_int(st, 1);
    *f = (struct rag_task_file){
        .name = rag_db_column_text(st, 2, a),
        .state = *state == FAILED      ? RAG_TASK_FAILED
                 : *state == COMPLETED ? RAG_TASK_COMPLETED
                                       : RAG_TASK_PROCESSING,
        .stage = *state >= COMPLETED ? RAG_STAGE_DONE
                 : *state == RUNNING ? RAG_STAGE_PARSE
                                     : RAG_STAGE_QUEUED,
        .progress = *state == COMPLETED ? 1 : 0,
        .error = optional_text(st, 3, a),
        .warning = optional_text(st, 4, a),
        .size = sqlite3_column_int64(st, 6),
        .pages = sqlite3_column_int(st, 7),
        .chunks = sqlite3_column_int(st, 8),
        .duplicate = sqlite3_column_int(st, 9) != 0,
    };
    rag_db_column_hex(st, 5, f->doc_id, sizeof f->doc_id);
    return f->name ? 0 : no_memory(err);
}

/* The task as a whole: processing while a file is unfinished, then failed when one failed. */
static int sum_up(struct rag_arena *a, struct rag_task *t, struct rag_err *err)
{
    struct rag_buf b;
    size_t unfinished = 0, failed = 0;
    rag_buf_init(&b, 4 * RAG_MIB);
    for (size_t i = 0; i < t->n; i++) {
        const struct rag_task_file *f = &t->files[i];
        unfinished += f->state == RAG_TASK_PROCESSING;
        if (f->state != RAG_TASK_FAILED)
            continue;
        rag_buf_printf(&b, "%s%s: %s", failed++ ? "\n" : "", f->name, f->error ? f->error : "failed");
    }
    t->state = unfinished ? RAG_TASK_PROCESSING : failed ? RAG_TASK_FAILED : RAG_TASK_COMPLETED;
    t->detail = failed ? rag_arena_str(a, rag_buf_str(&b)).p : NULL;
    rag_buf_free(&b);
    return failed && !t->detail ? no_memory(err) : 0;
}

static int read_task(sqlite3 *db, struct rag_arena *a, const char *task_id, struct rag_task *t, int64_t *ids,
                     struct rag_err *err)
{
    sqlite3_stmt *st;
    int state;
    size_t n = 0;
    int rc = rag_db_query(db, &st, err,
                          "SELECT id, state, name, error, warning, doc_id, size, pages, chunks, duplicate"
                          " FROM job_file WHERE task_id = ? ORDER BY id",
                          rag_db_text(task_id));
    while (!rc && n < t->n && (rc = rag_db_step(st, err)) == 1) {
        ids[n] = sqlite3_column_int64(st, 0);
        rc = read_file(st, a, &t->files[n++], &state, err);
    }
    sqlite3_finalize(st);
    return rc < 0 ? rc : 0;
}

int rag_store_task_get(struct rag_store *s, struct rag_arena *a, const char *task_id, struct rag_task *out,
                       int64_t **job_file_ids, struct rag_err *err)
{
    sqlite3 *db;
    int64_t count = 0, *ids = NULL;
    *out = (struct rag_task){0};
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_get_int(db, &count, err, "SELECT count(*) FROM job_file WHERE task_id = ?",
                        rag_db_text(task_id));
    if (rc < 0)
        goto out;
    if (!count) {
        rc = rag_err_set(err, RAG_ENOTFOUND, "there is no task '%s'", task_id);
        goto out;
    }
    out->n = (size_t)count;
    strncpy(out->id, task_id, sizeof out->id - 1);
    out->files = rag_arena_array(a, out->n, sizeof *out->files);
    ids = rag_arena_array(a, out->n, sizeof *ids);
    rc = out->files && ids ? read_task(db, a, task_id, out, ids, err) : no_memory(err);
    if (!rc)
        rc = sum_up(a, out, err);
    if (job_file_ids)
        *job_file_ids = ids;
out:
    rag_store_reader_done(s, db);
    return rc;
}

int rag_store_job_counts(struct rag_store *s, int *waiting, int *running, struct rag_err *err)
{
    sqlite3 *db;
    int64_t w = 0, r = 0;
    int rc = rag_store_reader(s, &db, err);
    if (!rc &&
        ((rc = rag_db_get_int_args(db, &w, err, "SELECT count(*) FROM job_file WHERE state = 0", NULL, 0)) <
             0 ||
         (rc = rag_db_get_int_args(db, &r, err, "SELECT count(*) FROM job_file WHERE state = 1", NULL, 0)) <
             0))
        w = r = 0;
    *waiting = (int)w;
    *running = (int)r;
    rag_store_reader_done(s, db);
    return rc < 0 ? rc : 0;
}
