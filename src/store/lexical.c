/* lexical.c: the FTS5 table of each index: its tokenizer, adding and removing chunks, rebuilding. */
#include "store/lexical.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/sha256.h"
#include "text/segment.h"

/* ---- the tokenizer: FTS5 asks, rag_segment answers */

typedef int token_fn(void *ctx, int flags, const char *token, int n, int begin, int end);

struct token_sink {
    token_fn *fn;
    void *ctx;
    size_t last_begin;
    bool first;
};

/* Terms that begin at the same place (a word and its bigram) share a position, so that the length of a chunk,
 * by which BM25 divides, counts places and not ways to read them. */
static int on_term(void *ud, struct rag_str term, size_t begin, size_t end)
{
    struct token_sink *k = ud;
    int flags = !k->first && begin <= k->last_begin ? FTS5_TOKEN_COLOCATED : 0;
    k->first = false;
    k->last_begin = begin;
    return k->fn(k->ctx, flags, term.p, (int)term.n, (int)begin, (int)end);
}

static int tokenize(Fts5Tokenizer *self, void *ctx, int flags, const char *text, int n, token_fn *fn)
{
    /* lexical_search.c asks for terms that rag_segment made: cutting them again would change them. */
    if (flags & FTS5_TOKENIZE_QUERY)
        return fn(ctx, 0, text, n, 0, n);
    struct token_sink k = {.fn = fn, .ctx = ctx, .first = true};
    int rc = rag_segment((struct rag_segmenter *)(void *)self, (struct rag_str){text, (size_t)n}, false,
                         on_term, &k);
    return rc == RAG_ENOMEM ? SQLITE_NOMEM : rc < 0 ? SQLITE_ERROR : rc;
}

static int tokenizer_create(void *segmenter, const char **args, int n, Fts5Tokenizer **out)
{
    (void)args, (void)n;
    *out = (Fts5Tokenizer *)segmenter;
    return SQLITE_OK;
}

static void tokenizer_delete(Fts5Tokenizer *self)
{
    (void)self; /* the segmenter belongs to whoever opened the store */
}

int rag_lexical_register(sqlite3 *db, struct rag_segmenter *seg, struct rag_err *err)
{
    fts5_tokenizer methods = {tokenizer_create, tokenizer_delete, tokenize};
    fts5_api *api = NULL;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?)", -1, &st, NULL);
    if (!rc)
        rc = sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
    if (!rc && sqlite3_step(st) != SQLITE_ROW)
        rc = SQLITE_ERROR;
    sqlite3_finalize(st);
    if (!rc && api)
        rc = api->xCreateTokenizer(api, "rag", seg, &methods, NULL);
    if (!rc && api)
        rc = rag_lexical_register_rank(api);
    if (rc || !api)
        return rag_err_set(err, RAG_EUNSUPPORTED, "SQLite %s was built without FTS5, which the search needs",
                           sqlite3_libversion());
    return 0;
}

/* ---- the table of one index */

/* Contentless: the text is in the chunk table already. vocab tells how many chunks have a term. */
int rag_lexical_create(sqlite3 *db, int64_t index_id, struct rag_err *err)
{
    return rag_db_execf(db, err,
                        "CREATE VIRTUAL TABLE fts_%1$lld USING fts5(text, content='', tokenize='rag');"
                        "CREATE VIRTUAL TABLE vocab_%1$lld USING fts5vocab('fts_%1$lld', 'row');",
                        (long long)index_id);
}

int rag_lexical_drop(sqlite3 *db, int64_t index_id, struct rag_err *err)
{
    return rag_db_execf(db, err, "DROP TABLE vocab_%1$lld; DROP TABLE fts_%1$lld;", (long long)index_id);
}

int rag_lexical_add(sqlite3 *db, int64_t index_id, int64_t first_chunk, const struct rag_chunks *chunks,
                    struct rag_err *err)
{
    char sql[96];
    sqlite3_stmt *st = NULL;
    snprintf(sql, sizeof sql, "INSERT INTO fts_%lld(rowid, text) VALUES(?,?)", (long long)index_id);
    int rc = rag_db_query_args(db, &st, err, sql, NULL, 0);
    for (size_t i = 0; i < chunks->n && !rc; i++) {
        rc = rag_db_bind(st, err, rag_db_int(first_chunk + (int64_t)i), rag_db_str(chunks->v[i].text));
        if (!rc)
            rc = rag_db_step(st, err);
    }
    sqlite3_finalize(st);
    return rc;
}

int rag_lexical_remove(sqlite3 *db, int64_t index_id, int64_t document, struct rag_err *err)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "INSERT INTO fts_%1$lld(fts_%1$lld, rowid, text)"
             " SELECT 'delete', id, text FROM chunk WHERE document = ?",
             (long long)index_id);
    return rag_db_run(db, err, sql, rag_db_int(document));
}

/* ---- rebuilding */

static int add_term(void *ud, struct rag_str term, size_t begin, size_t end)
{
    (void)begin, (void)end;
    rag_sha256_add(ud, term.p, term.n);
    rag_sha256_add(ud, "\n", 1);
    return 0;
}

/* Tells segmenters apart by what they do to a text that has something of everything. */
static int fingerprint_of(struct rag_segmenter *seg, char out[65], struct rag_err *err)
{
    static const char PROBE[] =
        "Running services' user_id 3.14 e-mail C++ Ｆｕｌｌｗｉｄｔｈ naïve ﬁles state-of-the-art "
        "2026-11-22, "
        "中华人民共和国成立于一九四九年，首都北京。人工智能平台的检索增强生成服务支持向量数据库与全文检索，"
        "研究生命的起源，南京市长江大桥，他说的确实在理。乒乓球拍卖完了。資料庫繁體字 ひらがな カタカナ "
        "한국어 ไทย";
    struct rag_sha256 h;
    rag_sha256_init(&h);
    if (rag_segment(seg, RAG_STR(PROBE), false, add_term, &h))
        return rag_err_set(err, RAG_ENOMEM, "out of memory while cutting text into terms");
    rag_sha256_hex(&h, out);
    return 0;
}

static int rebuild_one(sqlite3 *db, int64_t index_id, struct rag_err *err)
{
    char sql[200];
    int rc = rag_lexical_drop(db, index_id, err);
    if (rc || (rc = rag_lexical_create(db, index_id, err)))
        return rc;
    snprintf(sql, sizeof sql,
             "INSERT INTO fts_%lld(rowid, text) SELECT c.id, c.text FROM document d JOIN chunk c"
             " ON c.document = d.id WHERE d.kb = ? ORDER BY c.id",
             (long long)index_id);
    return rag_db_run(db, err, sql, rag_db_int(index_id));
}

static int rebuild_all(sqlite3 *db, struct rag_err *err)
{
    sqlite3_stmt *st;
    int64_t id = 0;
    int rc;
    /* One look-up for each, because tables cannot be dropped under a running SELECT. */
    while ((rc = rag_db_query(db, &st, err, "SELECT id FROM kb WHERE id > ? ORDER BY id", rag_db_int(id))) ==
           0) {
        rc = rag_db_step(st, err);
        id = rc == 1 ? sqlite3_column_int64(st, 0) : 0;
        sqlite3_finalize(st);
        if (rc <= 0 || (rc = rebuild_one(db, id, err)))
            return rc;
    }
    sqlite3_finalize(st);
    return rc;
}

int rag_lexical_follow_segmenter(struct rag_store *s, struct rag_err *err)
{
    char now[65], then[65] = "";
    sqlite3_stmt *st = NULL;
    int rc = fingerprint_of(s->seg, now, err);
    if (rc || (rc = rag_store_begin(s, err)))
        return rc;
    rc = rag_db_query_args(s->writer, &st, err, "SELECT value FROM meta WHERE key = 'segmenter'", NULL, 0);
    if (!rc && (rc = rag_db_step(st, err)) == 1) {
        rag_db_column_hex(st, 0, then, sizeof then);
        rc = 0;
    }
    sqlite3_finalize(st);
    if (!rc && strcmp(now, then) != 0) {
        if (*then)
            rag_info("store", "words are cut differently than before: building the lexical index again");
        rc = rebuild_all(s->writer, err);
        if (!rc)
            rc = rag_db_run(s->writer, err, "INSERT OR REPLACE INTO meta(key, value) VALUES('segmenter', ?)",
                            rag_db_text(now));
    }
    return rag_store_end(s, rc, err);
}
