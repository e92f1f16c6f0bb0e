/* dense.c: exact cosine search over vectors held in memory, one cache per recently used index. */
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>

#include "store/dot.h"

/* Vectors lie in slabs, so that growing neither copies nor doubles the memory. */
enum { SLAB_ROWS = 1024 };

/* Least recently used caches are dropped beyond this; one index alone may be larger. */
#define CACHE_BUDGET ((size_t)512 << 20)

/* Ids only grow, so rows appended in commit order are sorted by id over all slabs of a cache. */
struct slab {
    size_t n;
    int64_t ids[SLAB_ROWS];
    bool gone[SLAB_ROWS]; /* deleted; the row stays until the cache is rebuilt */
    float *rows;          /* SLAB_ROWS * stride */
};

struct cache {
    struct cache *next;
    int64_t index_id;
    int dims;
    size_t stride; /* floats from row to row */
    struct slab **slabs;
    size_t n_slabs, rows, gone;
    uint64_t used; /* value of the clock at the last search; written atomically under the read lock */
};

struct rag_dense {
    pthread_rwlock_t lock; /* searches read, changes write */
    struct cache *caches;
    uint64_t clock;
    rag_dot_fn *dot;
};

struct rag_dense *rag_dense_new(void)
{
    pthread_rwlockattr_t attr;
    struct rag_dense *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    pthread_rwlockattr_init(&attr);
    /* Otherwise a steady stream of searches would keep a writer out for ever. */
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&d->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    d->dot = rag_dot_choose();
    return d;
}

/* ---- one cache */

static void cache_free(struct cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_slabs; i++) {
        free(c->slabs[i]->rows);
        free(c->slabs[i]);
    }
    free(c->slabs);
    free(c);
}

static struct cache *cache_new(int64_t index_id, int dims)
{
    struct cache *c = calloc(1, sizeof *c);
    if (c)
        *c = (struct cache){.index_id = index_id, .dims = dims, .stride = rag_dot_stride(dims)};
    return c;
}

static size_t cache_bytes(const struct cache *c)
{
    return c->n_slabs * (sizeof(struct slab) + SLAB_ROWS * c->stride * sizeof(float));
}

static struct slab *slab_add(struct cache *c)
{
    struct slab **slabs = realloc(c->slabs, (c->n_slabs + 1) * sizeof(struct slab *));
    if (!slabs)
        return NULL;
    c->slabs = slabs;
    struct slab *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->rows = aligned_alloc(64, SLAB_ROWS * c->stride * sizeof(float));
    if (!b->rows) {
        free(b);
        return NULL;
    }
    c->slabs[c->n_slabs++] = b;
    return b;
}

/* Room for one more vector of that chunk; NULL when memory is short. */
static float *cache_append(struct cache *c, int64_t id)
{
    struct slab *b = c->n_slabs ? c->slabs[c->n_slabs - 1] : NULL;
    if ((!b || b->n == SLAB_ROWS) && !(b = slab_add(c)))
        return NULL;
    float *row = b->rows + b->n * c->stride;
    memset(row + c->dims, 0, (c->stride - (size_t)c->dims) * sizeof *row);
    b->ids[b->n++] = id;
    c->rows++;
    return row;
}

/* Position of the first row whose id is not below id. */
static size_t cache_lower_bound(const struct cache *c, int64_t id)
{
    size_t low = 0, high = c->rows;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (c->slabs[mid / SLAB_ROWS]->ids[mid % SLAB_ROWS] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void cache_remove(struct cache *c, int64_t first, size_t n)
{
    for (size_t i = cache_lower_bound(c, first); i < c->rows; i++) {
        struct slab *b = c->slabs[i / SLAB_ROWS];
        if (b->ids[i % SLAB_ROWS] >= first + (int64_t)n)
            return;
        c->gone += !b->gone[i % SLAB_ROWS];
        b->gone[i % SLAB_ROWS] = true;
    }
}

/* ---- the set of caches; all under the lock */

static struct cache **find(struct rag_dense *d, int64_t index_id)
{
    struct cache **at = &d->caches;
    while (*at && (*at)->index_id != index_id)
        at = &(*at)->next;
    return at;
}

static void drop(struct cache **at)
{
    struct cache *c = *at;
    if (!c)
        return;
    *at = c->next;
    cache_free(c);
}

static void evict(struct rag_dense *d, const struct cache *keep)
{
    for (;;) {
        struct cache **oldest = NULL;
        size_t bytes = 0;
        for (struct cache **at = &d->caches; *at; at = &(*at)->next) {
            bytes += cache_bytes(*at);
            if (*at != keep && (!oldest || (*at)->used < (*oldest)->used))
                oldest = at;
        }
        if (bytes <= CACHE_BUDGET || !oldest)
            return;
        drop(oldest);
    }
}

void rag_dense_free(struct rag_dense *d)
{
    if (!d)
        return;
    while (d->caches)
        drop(&d->caches);
    pthread_rwlock_destroy(&d->lock);
    free(d);
}

static bool apply_one(struct cache *c, const struct rag_dense_change *ch)
{
    if (!ch->vectors) {
        cache_remove(c, ch->first_chunk, ch->n);
        return true;
    }
    if (ch->dims != c->dims)
        return false;
    for (size_t i = 0; i < ch->n; i++) {
        float *row = cache_append(c, ch->first_chunk + (int64_t)i);
        if (!row)
            return false;
        memcpy(row, ch->vectors + i * (size_t)ch->dims, (size_t)ch->dims * sizeof *row);
    }
    return true;
}

void rag_dense_apply(struct rag_dense *d, const struct rag_dense_change *changes, size_t n)
{
    pthread_rwlock_wrlock(&d->lock);
    for (size_t i = 0; i < n; i++) {
        struct cache **at = find(d, changes[i].index_id);
        if (!*at)
            continue;
        /* What cannot be followed, or is a third dead, is read again by the next search. */
        if (!apply_one(*at, &changes[i]) || ((*at)->gone > SLAB_ROWS && (*at)->gone > (*at)->rows / 3))
            drop(at);
        else
            evict(d, *at);
    }
    pthread_rwlock_unlock(&d->lock);
}

void rag_dense_drop(struct rag_dense *d, int64_t index_id)
{
    pthread_rwlock_wrlock(&d->lock);
    drop(find(d, index_id));
    pthread_rwlock_unlock(&d->lock);
}

/* ---- loading */

static int load_document(struct cache *c, sqlite3_blob *blob, int64_t first, int64_t n, struct rag_err *err)
{
    size_t bytes = (size_t)c->dims * sizeof(float);
    if ((size_t)sqlite3_blob_bytes(blob) != (size_t)n * bytes)
        return rag_err_set(err, RAG_EFORMAT,
                           "the vectors of a document take %d bytes, not %zu; re-embed the index",
                           sqlite3_blob_bytes(blob), (size_t)n * bytes);
    for (int64_t i = 0; i < n; i++) {
        float *row = cache_append(c, first + i);
        if (!row)
            return rag_err_set(err, RAG_ENOMEM, "out of memory while reading the vectors of an index");
        if (sqlite3_blob_read(blob, row, (int)bytes, (int)((size_t)i * bytes)))
            return rag_err_set(err, RAG_EIO, "cannot read the vectors of an index");
    }
    return 0;
}

/* Reads the vectors piece by piece: a whole blob in memory would double what a large document takes. */
static int load_all(sqlite3 *db, struct cache *c, struct rag_err *err)
{
    sqlite3_stmt *st;
    sqlite3_blob *blob = NULL;
    int rc = rag_db_query(db, &st, err,
                          "SELECT id, first_chunk, chunks FROM document WHERE kb = ? AND chunks > 0"
                          " ORDER BY first_chunk",
                          rag_db_int(c->index_id));
    while (!rc && (rc = rag_db_step(st, err)) == 1) {
        int64_t document = sqlite3_column_int64(st, 0);
        int failed = blob ? sqlite3_blob_reopen(blob, document)
                          : sqlite3_blob_open(db, "main", "vector", "data", document, 0, &blob);
        rc = failed ? rag_db_fail(db, failed, err)
                    : load_document(c, blob, sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2), err);
    }
    sqlite3_blob_close(blob);
    sqlite3_finalize(st);
    return rc;
}

/* With the writer's lock held, so that no commit falls between reading and publishing. */
static int load(struct rag_store *s, int64_t index_id, struct rag_err *err)
{
    struct rag_dense *d = s->dense;
    int64_t dims = 0;
    int rc = rag_db_get_int(s->writer, &dims, err, "SELECT dims FROM kb WHERE id = ?", rag_db_int(index_id));
    if (rc < 0)
        return rc;
    struct cache *c = cache_new(index_id, (int)dims);
    if (!c)
        return rag_err_set(err, RAG_ENOMEM, "out of memory while reading the vectors of an index");
    if ((rc = load_all(s->writer, c, err))) {
        cache_free(c);
        return rc;
    }
    pthread_rwlock_wrlock(&d->lock);
    c->used = __atomic_add_fetch(&d->clock, 1, __ATOMIC_RELAXED);
    c->next = d->caches;
    d->caches = c;
    evict(d, c);
    pthread_rwlock_unlock(&d->lock);
    return 0;
}

static struct cache *find_locked(struct rag_dense *d, int64_t index_id)
{
    pthread_rwlock_rdlock(&d->lock);
    struct cache *c = *find(d, index_id);
    if (!c)
        pthread_rwlock_unlock(&d->lock);
    return c;
}

/* On success the cache is there and the read lock is held. */
static int acquire(struct rag_store *s, int64_t index_id, struct cache **out, struct rag_err *err)
{
    struct rag_dense *d = s->dense;
    while (!(*out = find_locked(d, index_id))) {
        pthread_mutex_lock(&s->write_lock);
        pthread_rwlock_rdlock(&d->lock);
        bool there = *find(d, index_id) != NULL;
        pthread_rwlock_unlock(&d->lock);
        int rc = there ? 0 : load(s, index_id, err);
        pthread_mutex_unlock(&s->write_lock);
        if (rc)
            return rc;
    }
    __atomic_store_n(&(*out)->used, __atomic_add_fetch(&d->clock, 1, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
    return 0;
}

/* ---- searching */

/* The query with zeros up to the stride, aligned as the rows are. Freed by the caller. */
static float *padded(const struct cache *c, const float *query)
{
    float *q = aligned_alloc(64, c->stride * sizeof *q);
    if (q) {
        memset(q, 0, c->stride * sizeof *q);
        memcpy(q, query, (size_t)c->dims * sizeof *q);
    }
    return q;
}

static int check_dims(const struct cache *c, int dims, struct rag_err *err)
{
    if (c->rows == c->gone || c->dims == dims)
        return 0;
    return rag_err_set(err, RAG_EMISMATCH,
                       "the index holds vectors of %d dimensions, the question has %d; re-embed the index",
                       c->dims, dims);
}

static void scan(const struct rag_dense *d, const struct cache *c, const float *q, struct rag_topk *best)
{
    float scores[SLAB_ROWS];
    for (size_t i = 0; i < c->n_slabs; i++) {
        const struct slab *b = c->slabs[i];
        d->dot(b->rows, b->n, c->stride, q, scores);
        for (size_t r = 0; r < b->n; r++)
            if (!b->gone[r] && (best->n < best->k || (double)scores[r] >= best->v[0].score))
                rag_topk_add(best, b->ids[r], (double)scores[r]);
    }
}

int rag_store_search_dense(struct rag_store *s, int64_t index_id, const float *query, int dims, int k,
                           struct rag_store_match *out, size_t *n, struct rag_err *err)
{
    struct cache *c;
    struct rag_topk best = {.v = out, .k = k > 0 ? (size_t)k : 0};
    *n = 0;
    int rc = best.k ? acquire(s, index_id, &c, err) : 0;
    if (rc || !best.k)
        return rc;
    rc = check_dims(c, dims, err);
    if (!rc && c->rows > c->gone) {
        float *q = padded(c, query);
        if (q)
            scan(s->dense, c, q, &best);
        else
            rc = rag_err_set(err, RAG_ENOMEM, "out of memory while searching");
        free(q);
    }
    pthread_rwlock_unlock(&s->dense->lock);
    rag_topk_sort(&best);
    *n = best.n;
    return rc;
}

int rag_store_cosines(struct rag_store *s, int64_t index_id, const float *query, int dims,
                      const int64_t *chunk_ids, size_t n, double *out, struct rag_err *err)
{
    struct cache *c;
    int rc = n ? acquire(s, index_id, &c, err) : 0;
    if (rc || !n)
        return rc;
    rc = check_dims(c, dims, err);
    float *q = rc || c->rows == c->gone ? NULL : padded(c, query);
    for (size_t i = 0; i < n; i++) {
        size_t at = cache_lower_bound(c, chunk_ids[i]);
        const struct slab *b = at < c->rows ? c->slabs[at / SLAB_ROWS] : NULL;
        float score;
        out[i] = NAN;
        if (!q || !b || b->ids[at % SLAB_ROWS] != chunk_ids[i] || b->gone[at % SLAB_ROWS])
            continue;
        s->dense->dot(b->rows + at % SLAB_ROWS * c->stride, 1, c->stride, q, &score);
        out[i] = (double)score;
    }
    if (!rc && !q && c->rows > c->gone)
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory while searching");
    free(q);
    pthread_rwlock_unlock(&s->dense->lock);
    return rc;
}
