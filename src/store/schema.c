/* schema.c: the tables, as a list of versions; a database is brought forward step by step. */
#include "store/internal.h"

/* kb is a knowledge base ("index" is a word of SQL). Its id is never reused, so that a job of a deleted index
 * cannot end up in a new one. The lexical tables fts_<id> are made with the index (lexical.c).
 * chunk ids are never reused: a search result may outlive its chunk. Chunks of one document have consecutive
 * ids from document.first_chunk; their vectors lie in that order in one blob, because single rows of 2 KiB
 * would waste half of each page.
 * job_file has no foreign key: its rows outlive their index, to say what became of an upload. */
static const char VERSION_1[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE kb("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    "  embed_model TEXT NOT NULL DEFAULT '', fingerprint TEXT NOT NULL DEFAULT '',"
    "  dims INTEGER NOT NULL DEFAULT 0,"
    "  vector_store_config TEXT NOT NULL DEFAULT '', embedding_config TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE document("
    "  id INTEGER PRIMARY KEY, public_id TEXT NOT NULL UNIQUE,"
    "  kb INTEGER NOT NULL REFERENCES kb, name TEXT NOT NULL, file_type TEXT NOT NULL,"
    "  sha256 TEXT NOT NULL, stored_path TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL,"
    "  size INTEGER NOT NULL, pages INTEGER NOT NULL, tokens INTEGER NOT NULL, added_ms INTEGER NOT NULL,"
    "  first_chunk INTEGER NOT NULL, chunks INTEGER NOT NULL,"
    "  UNIQUE(kb, name));"
    "CREATE INDEX document_by_bytes ON document(kb, sha256);"
    "CREATE INDEX document_by_path ON document(stored_path);"
    "CREATE TABLE chunk("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES document,"
    "  ordinal INTEGER NOT NULL, prefix INTEGER NOT NULL, tokens INTEGER NOT NULL,"
    "  page INTEGER NOT NULL, x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,"
    "  begin_byte INTEGER NOT NULL, end_byte INTEGER NOT NULL, row INTEGER NOT NULL, text TEXT NOT NULL);"
    "CREATE UNIQUE INDEX chunk_by_document ON chunk(document, ordinal);"
    "CREATE TABLE vector("
    "  document INTEGER PRIMARY KEY REFERENCES document, dims INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE job_file("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, kb INTEGER NOT NULL,"
    "  name TEXT NOT NULL, stored_path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    "  error TEXT, warning TEXT, doc_id TEXT NOT NULL DEFAULT '', duplicate INTEGER NOT NULL DEFAULT 0,"
    "  pages INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX job_file_by_task ON job_file(task_id);"
    "CREATE INDEX job_file_unfinished ON job_file(state, id) WHERE state < 2;"
    "CREATE TABLE session(id TEXT PRIMARY KEY, used INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX session_by_use ON session(used);"
    "CREATE TABLE message("
    "  session TEXT NOT NULL REFERENCES session ON DELETE CASCADE, seq INTEGER NOT NULL,"
    "  role INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY(session, seq)) WITHOUT ROWID;";

static const char *const VERSIONS[] = {VERSION_1};
enum { NEWEST = sizeof VERSIONS / sizeof *VERSIONS };

static int apply_from(sqlite3 *db, int64_t version, struct rag_err *err)
{
    int rc = rag_db_exec(db, "BEGIN IMMEDIATE", err);
    if (rc)
        return rc;
    for (int64_t v = version; v < NEWEST && !rc; v++)
        rc = rag_db_exec(db, VERSIONS[v], err);
    if (!rc)
        rc = rag_db_execf(db, err, "PRAGMA user_version = %d", NEWEST);
    if (!rc)
        rc = rag_db_exec(db, "COMMIT", err);
    if (rc)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

int rag_schema_migrate(sqlite3 *db, struct rag_err *err)
{
    int64_t version = 0;
    int rc = rag_db_get_int_args(db, &version, err, "PRAGMA user_version", NULL, 0);
    if (rc < 0)
        return rc;
    if (version > NEWEST || version < 0)
        return rag_err_set(err, RAG_EUNSUPPORTED,
                           "database %s has schema version %lld, this program knows versions up to %d; use "
                           "the newer pai_rag that wrote it, or another data folder",
                           sqlite3_db_filename(db, "main"), (long long)version, NEWEST);
    return version == NEWEST ? 0 : apply_from(db, version, err);
}
