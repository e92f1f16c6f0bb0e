/* db.c: statements with typed arguments, and SQLite's errors as sentences. */
#include "store/db.h"

#include <stdarg.h>
#include <stdio.h>

static const char *advice(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
        return "the disk is full; free some space and try again";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the file is damaged or is no database; restore it from a backup or move it away";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return "check that the folder exists and may be written by this user";
    case SQLITE_IOERR:
        return "the disk reports an error; check it and its free space";
    default:
        return "the request was not carried out";
    }
}

static int our_code(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_NOMEM:
        return RAG_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return RAG_EBUSY;
    case SQLITE_TOOBIG:
        return RAG_ETOOBIG;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_CONSTRAINT:
        return RAG_EINTERNAL;
    default:
        return RAG_EIO;
    }
}

int rag_db_fail(sqlite3 *db, int sqlite_code, struct rag_err *err)
{
    const char *file = db ? sqlite3_db_filename(db, "main") : NULL;
    return rag_err_set(err, our_code(sqlite_code), "database %s: %s; %s", file && *file ? file : "pai_rag.db",
                       db ? sqlite3_errmsg(db) : sqlite3_errstr(sqlite_code), advice(sqlite_code));
}

int rag_db_exec(sqlite3 *db, const char *sql, struct rag_err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc ? rag_db_fail(db, rc, err) : 0;
}

int rag_db_execf(sqlite3 *db, struct rag_err *err, const char *fmt, ...)
{
    char sql[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(sql, sizeof sql, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof sql)
        return rag_err_set(err, RAG_EINTERNAL, "a statement of %d bytes does not fit in %zu", n, sizeof sql);
    return rag_db_exec(db, sql, err);
}

static int bind_one(sqlite3_stmt *st, int i, const struct rag_db_arg *a)
{
    switch (a->kind) {
    case RAG_DB_INT:
        return sqlite3_bind_int64(st, i, a->i);
    case RAG_DB_REAL:
        return sqlite3_bind_double(st, i, a->r);
    case RAG_DB_TEXT:
        return a->p ? sqlite3_bind_text64(st, i, a->p, a->n, SQLITE_STATIC, SQLITE_UTF8)
                    : sqlite3_bind_null(st, i);
    case RAG_DB_BLOB:
        return a->p ? sqlite3_bind_blob64(st, i, a->p, a->n, SQLITE_STATIC) : sqlite3_bind_null(st, i);
    }
    return SQLITE_MISUSE;
}

int rag_db_bind_args(sqlite3_stmt *st, struct rag_err *err, const struct rag_db_arg *args, size_t n)
{
    sqlite3_reset(st);
    for (size_t i = 0; i < n; i++) {
        int rc = bind_one(st, (int)i + 1, &args[i]);
        if (rc)
            return rag_db_fail(sqlite3_db_handle(st), rc, err);
    }
    return 0;
}

int rag_db_query_args(sqlite3 *db, sqlite3_stmt **out, struct rag_err *err, const char *sql,
                      const struct rag_db_arg *args, size_t n)
{
    *out = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, out, NULL);
    if (rc)
        return rag_db_fail(db, rc, err);
    return rag_db_bind_args(*out, err, args, n);
}

int rag_db_step(sqlite3_stmt *st, struct rag_err *err)
{
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return rag_db_fail(sqlite3_db_handle(st), rc, err);
}

int rag_db_run_args(sqlite3 *db, struct rag_err *err, const char *sql, const struct rag_db_arg *args,
                    size_t n)
{
    sqlite3_stmt *st;
    int rc = rag_db_query_args(db, &st, err, sql, args, n);
    while (!rc && (rc = rag_db_step(st, err)) == 1)
        rc = 0;
    sqlite3_finalize(st);
    return rc;
}

int rag_db_get_int_args(sqlite3 *db, int64_t *out, struct rag_err *err, const char *sql,
                        const struct rag_db_arg *args, size_t n)
{
    sqlite3_stmt *st;
    int rc = rag_db_query_args(db, &st, err, sql, args, n);
    if (!rc && (rc = rag_db_step(st, err)) == 1)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc;
}

struct rag_str rag_db_column_str(sqlite3_stmt *st, int column, struct rag_arena *a)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    return rag_arena_str(a, (struct rag_str){p ? p : "", (size_t)sqlite3_column_bytes(st, column)});
}

const char *rag_db_column_text(sqlite3_stmt *st, int column, struct rag_arena *a)
{
    return rag_db_column_str(st, column, a).p;
}

void rag_db_column_hex(sqlite3_stmt *st, int column, char *out, size_t cap)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    snprintf(out, cap, "%s", p ? p : "");
}
