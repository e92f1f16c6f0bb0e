/* helper.h: a store in a temporary folder, and short ways to fill it, for the tests of store/. */
#ifndef RAG_TESTS_STORE_HELPER_H
#define RAG_TESTS_STORE_HELPER_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "store/store.h"
#include "text/segment.h"

enum { DIMS = 20 }; /* no multiple of 16: the rows of the cache need padding */

struct fixture {
    char dir[64];
    struct rag_segmenter *seg;
    struct rag_store *s;
    struct rag_arena a;
    struct rag_err err;
    int64_t index; /* default_index */
};

#define assert_ok(f, call)                                                                                   \
    do {                                                                                                     \
        int rc_ = (call);                                                                                    \
        if (rc_)                                                                                             \
            fail_msg("%s: %d: %s", #call, rc_, (f)->err.msg);                                                \
    } while (0)

static inline void open_store(struct fixture *f)
{
    assert_ok(f, rag_store_open(f->dir, f->seg, &f->s, &f->err));
    assert_ok(f, rag_store_index_id(f->s, "default_index", &f->index, &f->err));
}

static inline void reopen(struct fixture *f)
{
    rag_store_close(f->s);
    open_store(f);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    snprintf(f->dir, sizeof f->dir, "/tmp/rag_store_test.XXXXXX");
    if (!mkdtemp(f->dir) || rag_segmenter_open(NULL, &f->seg, &f->err))
        return -1;
    open_store(f);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    rag_store_close(f->s);
    rag_segmenter_close(f->seg);
    rag_arena_free(&f->a);
    rag_fs_remove_tree(f->dir, NULL);
    free(f);
    return 0;
}

/* A unit vector that depends on seed alone. */
static inline void vector_of(unsigned seed, float *v)
{
    double sum = 0;
    for (int i = 0; i < DIMS; i++) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = (float)(seed >> 8) / (float)(1 << 23) - 1.0f;
        sum += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < DIMS; i++)
        v[i] /= (float)sqrt(sum);
}

/* A put with one chunk for each text (NULL-terminated list); vectors are those of seed, seed + 1, … */
static inline struct rag_store_put put_of(struct rag_arena *a, int64_t index, const char *name, unsigned seed,
                                          const char *const texts[])
{
    size_t n = 0;
    while (texts[n])
        n++;
    struct rag_chunks *chunks = rag_arena_alloc(a, sizeof *chunks);
    *chunks = (struct rag_chunks){rag_arena_array(a, n, sizeof *chunks->v), n};
    float *vectors = rag_arena_array(a, n * DIMS, sizeof *vectors);
    for (size_t i = 0; i < n; i++) {
        chunks->v[i] = (struct rag_chunk){.text = rag_str_of(texts[i]), .tokens = 7};
        vector_of(seed + (unsigned)i, vectors + i * DIMS);
    }
    return (struct rag_store_put){.index_id = index,
                                  .name = name,
                                  .file_type = "text/plain",
                                  .sha256 = "",
                                  .stored_path = "",
                                  .created = "2026-01-02",
                                  .modified = "2026-03-04",
                                  .chunks = chunks,
                                  .vectors = vectors,
                                  .dims = DIMS,
                                  .embed_model = "model-a",
                                  .fingerprint = "aaaa"};
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline int put(struct fixture *f, struct rag_store_put p)
{
    const char **replaced;
    size_t n;
    return rag_store_put_documents(f->s, &f->a, &p, 1, &replaced, &n, &f->err);
}

/* Id of the document of that name in any index. */
static inline const char *doc_id(struct fixture *f, const char *name)
{
    struct rag_document *v;
    size_t n;
    assert_ok(f, rag_store_document_list(f->s, &f->a, NULL, name, 0, 0, &v, &n, NULL, &f->err));
    for (size_t i = 0; i < n; i++)
        if (!strcmp(v[i].name, name))
            return v[i].id;
    fail_msg("there is no document %s", name);
    return NULL;
}

static inline size_t search_words(struct fixture *f, const char *text, struct rag_store_match *m, int k)
{
    size_t n = 999;
    assert_ok(f, rag_store_search_lexical(f->s, f->index, rag_str_of(text), k, m, &n, &f->err));
    return n;
}

/* The text of a found chunk; NULL when the chunk is gone. */
static inline const char *text_of(struct fixture *f, int64_t chunk_id)
{
    struct rag_hit hit = {.chunk_id = chunk_id};
    struct rag_hits hits = {&hit, 1};
    assert_ok(f, rag_store_load_hits(f->s, &f->a, &hits, &f->err));
    return hits.n ? hit.text.p : NULL;
}

#endif
