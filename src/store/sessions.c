/* sessions.c: the messages of conversations, so that a follow-up question can be understood. */
#include "store/internal.h"

#include "base/limits.h"

int rag_store_session_load(struct rag_store *s, struct rag_arena *a, const char *session_id, int max,
                           struct rag_messages *out, struct rag_err *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    int64_t count = 0;
    *out = (struct rag_messages){0};
    int rc = rag_store_reader(s, &db, err);
    if (rc)
        return rc;
    rc = rag_db_get_int(db, &count, err, "SELECT count(*) FROM message WHERE session = ?",
                        rag_db_text(session_id));
    if (rc < 0)
        goto out;
    int64_t skip = count > max ? count - max : 0;
    size_t n = (size_t)(count - skip);
    if (!(out->v = rag_arena_array(a, n, sizeof *out->v))) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory while reading a session");
        goto out;
    }
    rc = rag_db_query(db, &st, err,
                      "SELECT role, text FROM message WHERE session = ? ORDER BY seq LIMIT -1 OFFSET ?",
                      rag_db_text(session_id), rag_db_int(skip));
    while (!rc && out->n < n && (rc = rag_db_step(st, err)) == 1) {
        struct rag_message *m = &out->v[out->n++];
        m->role = (enum rag_role)sqlite3_column_int(st, 0);
        m->text = rag_db_column_str(st, 1, a);
        rc = m->text.p ? 0 : rag_err_set(err, RAG_ENOMEM, "out of memory while reading a session");
    }
out:
    sqlite3_finalize(st);
    rag_store_reader_done(s, db);
    return rc < 0 ? rc : 0;
}

/* "used" counts appends over all sessions: an order that no clock can disturb. */
static int touch(sqlite3 *db, const char *session_id, struct rag_err *err)
{
    return rag_db_run(
        db, err,
        "INSERT INTO session(id, used) VALUES(?, (SELECT coalesce(max(used), 0) + 1 FROM session))"
        " ON CONFLICT(id) DO UPDATE SET used = excluded.used",
        rag_db_text(session_id));
}

static int append(sqlite3 *db, const char *session_id, const struct rag_message *messages, size_t n,
                  struct rag_err *err)
{
    int64_t seq = 0;
    int rc = touch(db, session_id, err);
    if (rc ||
        (rc = rag_db_get_int(db, &seq, err, "SELECT coalesce(max(seq), 0) FROM message WHERE session = ?",
                             rag_db_text(session_id))) < 0)
        return rc;
    rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = rag_db_run(db, err, "INSERT INTO message(session, seq, role, text) VALUES(?,?,?,?)",
                        rag_db_text(session_id), rag_db_int(++seq), rag_db_int(messages[i].role),
                        rag_db_str(messages[i].text));
    if (!rc)
        rc = rag_db_run(db, err,
                        "DELETE FROM session WHERE id IN"
                        " (SELECT id FROM session ORDER BY used DESC LIMIT -1 OFFSET ?)",
                        rag_db_int(RAG_LIMIT_SESSIONS));
    return rc;
}

int rag_store_session_append(struct rag_store *s, const char *session_id, const struct rag_message *messages,
                             size_t n, struct rag_err *err)
{
    int rc = rag_store_begin(s, err);
    return rc ? rc : rag_store_end(s, append(s->writer, session_id, messages, n, err), err);
}
