/* db.h: a thin layer over sqlite3: typed arguments, one place where SQLite's errors become ours. Used by the
 * files of store/ only. */
#ifndef RAG_STORE_DB_H
#define RAG_STORE_DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* One argument of a statement. Text and blobs are borrowed until the statement is finalized or bound again.
 */
struct rag_db_arg {
    enum { RAG_DB_INT, RAG_DB_REAL, RAG_DB_TEXT, RAG_DB_BLOB } kind;
    int64_t i;
    double r;
    const void *p; /* NULL binds NULL */
    size_t n;
};

static inline struct rag_db_arg rag_db_int(int64_t v)
{
    return (struct rag_db_arg){.kind = RAG_DB_INT, .i = v};
}
static inline struct rag_db_arg rag_db_real(double v)
{
    return (struct rag_db_arg){.kind = RAG_DB_REAL, .r = v};
}
static inline struct rag_db_arg rag_db_str(struct rag_str s)
{
    return (struct rag_db_arg){.kind = RAG_DB_TEXT, .p = s.p, .n = s.n};
}
static inline struct rag_db_arg rag_db_text(const char *s)
{
    return rag_db_str(rag_str_of(s));
}
static inline struct rag_db_arg rag_db_blob(const void *p, size_t n)
{
    return (struct rag_db_arg){.kind = RAG_DB_BLOB, .p = p, .n = n};
}

#define RAG_DB_ARGS(...)                                                                                     \
    (const struct rag_db_arg[]){__VA_ARGS__},                                                                \
        sizeof((const struct rag_db_arg[]){__VA_ARGS__}) / sizeof(struct rag_db_arg)

/* Fills err from the connection's last error; the message says what the user can do. */
int rag_db_fail(sqlite3 *db, int sqlite_code, struct rag_err *err);

/* Runs statements without arguments or results. */
int rag_db_exec(sqlite3 *db, const char *sql, struct rag_err *err);
/* For names of tables, which cannot be arguments: printf first (numbers only, never text from outside). */
int rag_db_execf(sqlite3 *db, struct rag_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prepares and binds; *out is finalized by the caller, also when this fails (it then is NULL). */
int rag_db_query_args(sqlite3 *db, sqlite3_stmt **out, struct rag_err *err, const char *sql,
                      const struct rag_db_arg *args, size_t n);
/* Resets a statement and binds new arguments. */
int rag_db_bind_args(sqlite3_stmt *st, struct rag_err *err, const struct rag_db_arg *args, size_t n);
/* 1 = a row is there, 0 = no more rows, negative = error. */
int rag_db_step(sqlite3_stmt *st, struct rag_err *err);
/* Runs one statement to its end. */
int rag_db_run_args(sqlite3 *db, struct rag_err *err, const char *sql, const struct rag_db_arg *args,
                    size_t n);
/* First column of the first row: 1 = found, 0 = no row, negative = error. */
int rag_db_get_int_args(sqlite3 *db, int64_t *out, struct rag_err *err, const char *sql,
                        const struct rag_db_arg *args, size_t n);

#define rag_db_query(db, out, err, sql, ...) rag_db_query_args(db, out, err, sql, RAG_DB_ARGS(__VA_ARGS__))
#define rag_db_bind(st, err, ...)            rag_db_bind_args(st, err, RAG_DB_ARGS(__VA_ARGS__))
#define rag_db_run(db, err, sql, ...)        rag_db_run_args(db, err, sql, RAG_DB_ARGS(__VA_ARGS__))
#define rag_db_get_int(db, out, err, sql, ...)                                                               \
    rag_db_get_int_args(db, out, err, sql, RAG_DB_ARGS(__VA_ARGS__))

/* A column as text copied into the arena; "" for NULL in the database, NULL when memory is short. */
const char *rag_db_column_text(sqlite3_stmt *st, int column, struct rag_arena *a);
struct rag_str rag_db_column_str(sqlite3_stmt *st, int column, struct rag_arena *a);
/* Copies an id of 32 or digest of 64 hex digits; cap counts the NUL. */
void rag_db_column_hex(sqlite3_stmt *st, int column, char *out, size_t cap);

#endif
