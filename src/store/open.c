/* open.c: opens the database; one writer under a lock, a pool of readers, transactions on both. */
#include "store/internal.h"
#include "text/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

/* Cache sizes are per connection, in KiB when negative: the server must stay below 150 MB with all readers
 * open, and the operating system caches the file anyway. */
#define WRITER_PRAGMAS                                                                                       \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"            \
    "PRAGMA cache_size = -8192;"
#define READER_PRAGMAS "PRAGMA query_only = ON; PRAGMA cache_size = -2048;"
/* Debian's SQLite overwrites what is freed with zeros unless told otherwise: writes that nobody needs here.
 */
#define COMMON_PRAGMAS                                                                                       \
    "PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY;"                      \
    "PRAGMA cell_size_check = ON;"

static int connect(struct rag_store *s, const char *pragmas, sqlite3 **out, struct rag_err *err)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(s->path, &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc) {
        rc = rag_db_fail(db, rc, err);
        goto out;
    }
    sqlite3_busy_timeout(db, 5000);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    if ((rc = rag_db_exec(db, COMMON_PRAGMAS, err)) || (rc = rag_db_exec(db, pragmas, err)))
        goto out;
    rc = rag_lexical_register(db, s->seg, err);
out:
    if (rc) {
        sqlite3_close(db);
        db = NULL;
    }
    *out = db;
    return rc;
}

/* ---- transactions */

int rag_store_begin(struct rag_store *s, struct rag_err *err)
{
    pthread_mutex_lock(&s->write_lock);
    int rc = rag_db_exec(s->writer, "BEGIN IMMEDIATE", err);
    if (rc)
        pthread_mutex_unlock(&s->write_lock);
    return rc;
}

int rag_store_commit_held(struct rag_store *s, int rc, struct rag_err *err)
{
    if (!rc)
        rc = rag_db_exec(s->writer, "COMMIT", err);
    /* A failed statement or commit may have rolled back already. */
    if (rc && !sqlite3_get_autocommit(s->writer))
        sqlite3_exec(s->writer, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

void rag_store_release_writer(struct rag_store *s)
{
    pthread_mutex_unlock(&s->write_lock);
}

int rag_store_end(struct rag_store *s, int rc, struct rag_err *err)
{
    rc = rag_store_commit_held(s, rc, err);
    rag_store_release_writer(s);
    return rc;
}

/* ---- readers */

/* An idle connection, or NULL with the right to open one more. */
static sqlite3 *take_idle(struct rag_store *s)
{
    sqlite3 *db = NULL;
    pthread_mutex_lock(&s->pool_lock);
    while (!s->n_idle && s->n_open == RAG_STORE_READERS)
        pthread_cond_wait(&s->pool_idle, &s->pool_lock);
    if (s->n_idle)
        db = s->idle[--s->n_idle];
    else
        s->n_open++;
    pthread_mutex_unlock(&s->pool_lock);
    return db;
}

/* Puts db back, or gives the right to open a connection back when db is NULL. */
static void give_idle(struct rag_store *s, sqlite3 *db)
{
    pthread_mutex_lock(&s->pool_lock);
    if (db)
        s->idle[s->n_idle++] = db;
    else
        s->n_open--;
    pthread_cond_signal(&s->pool_idle);
    pthread_mutex_unlock(&s->pool_lock);
}

int rag_store_reader(struct rag_store *s, sqlite3 **out, struct rag_err *err)
{
    int rc = 0;
    sqlite3 *db = take_idle(s);
    if (!db)
        rc = connect(s, READER_PRAGMAS, &db, err);
    if (!rc && (rc = rag_db_exec(db, "BEGIN", err))) {
        sqlite3_close(db);
        db = NULL;
    }
    if (rc)
        give_idle(s, NULL);
    *out = db;
    return rc;
}

void rag_store_reader_done(struct rag_store *s, sqlite3 *db)
{
    if (!db)
        return;
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    give_idle(s, db);
}

/* ---- open and close */

/* The caches in memory see only this process's commits, so the folder has one owner. The lock goes with the
 * process, however it ends. */
static int lock_folder(struct rag_store *s, const char *data_dir, struct rag_err *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/pai_rag.lock", data_dir);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot create %s: %s; the folder must be writable", path,
                           strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return rag_err_set(err, RAG_EBUSY,
                           "another pai_rag is using %s; stop it or choose another data folder", data_dir);
    return 0;
}

/* SQLite would create the file readable by others, and gives its -wal and -shm the mode of the file. */
static int create_private(const char *path, const char *data_dir, struct rag_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot open %s: %s; the folder must be writable", path,
                           strerror(errno));
    int failed = fchmod(fd, 0600);
    int why = errno;
    close(fd);
    if (failed)
        return rag_err_set(err, RAG_EIO, "cannot protect %s: %s", path, strerror(why));
    return rag_fs_sync_dir(data_dir, err);
}

static int open_files(struct rag_store *s, const char *data_dir, struct rag_err *err)
{
    int rc = rag_fs_mkdirs(data_dir, err);
    if (rc || (rc = lock_folder(s, data_dir, err)))
        return rc;
    if (asprintf(&s->path, "%s/pai_rag.db", data_dir) < 0) {
        s->path = NULL;
        return rag_err_set(err, RAG_ENOMEM, "out of memory while opening %s", data_dir);
    }
    if ((rc = create_private(s->path, data_dir, err)))
        return rc;
    return connect(s, WRITER_PRAGMAS, &s->writer, err);
}

int rag_store_open(const char *data_dir, struct rag_segmenter *seg, struct rag_store **out,
                   struct rag_err *err)
{
    *out = NULL;
    struct rag_store *s = calloc(1, sizeof *s);
    if (!s)
        return rag_err_set(err, RAG_ENOMEM, "out of memory while opening %s", data_dir);
    s->lock_fd = -1;
    s->seg = seg;
    pthread_mutex_init(&s->prepare_lock, NULL);
    pthread_mutex_init(&s->write_lock, NULL);
    pthread_mutex_init(&s->pool_lock, NULL);
    pthread_cond_init(&s->pool_idle, NULL);
    int rc = 0;
    if (!(s->dense = rag_dense_new())) {
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory while opening %s", data_dir);
        goto out;
    }
    if ((rc = open_files(s, data_dir, err)) || (rc = rag_schema_migrate(s->writer, err)) ||
        (rc = rag_index_ensure_default(s, err)) || (rc = rag_job_recover(s, err)))
        goto out;
    *out = s;
out:
    if (rc)
        rag_store_close(s);
    return rc;
}

int rag_store_prepare(struct rag_store *s, struct rag_err *err)
{
    if (atomic_load(&s->prepared))
        return 0;
    pthread_mutex_lock(&s->prepare_lock);
    int rc = rag_segmenter_ready(s->seg, err);
    if (!rc && !atomic_load(&s->prepared) && !(rc = rag_lexical_follow_segmenter(s, err)))
        atomic_store(&s->prepared, true);
    pthread_mutex_unlock(&s->prepare_lock);
    return rc;
}

void rag_store_close(struct rag_store *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n_idle; i++)
        sqlite3_close(s->idle[i]);
    sqlite3_close(s->writer);
    rag_dense_free(s->dense);
    pthread_cond_destroy(&s->pool_idle);
    pthread_mutex_destroy(&s->pool_lock);
    pthread_mutex_destroy(&s->prepare_lock);
    pthread_mutex_destroy(&s->write_lock);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s->path);
    free(s);
}
