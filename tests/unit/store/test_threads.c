/* test_threads.c: searches in several threads while documents are replaced: each sees a document whole or not
 * at all, and readers do not wait for the writer. */
#include "helper.h"

#include <pthread.h>

enum { READERS = 3, PUTS = 60, CHUNKS = 8 };

struct shared {
    struct fixture *f;
    bool stop;
    int failures; /* cmocka's asserts belong to the main thread */
    int searches;
};

static bool stopped(struct shared *sh)
{
    return __atomic_load_n(&sh->stop, __ATOMIC_RELAXED);
}

static void *search(void *arg)
{
    struct shared *sh = arg;
    struct rag_store_match m[50];
    struct rag_err err;
    float q[DIMS];
    size_t n;
    vector_of(1, q);
    while (!stopped(sh)) {
        /* One document with CHUNKS chunks is always there, a second one comes and goes. */
        int bad =
            rag_store_search_dense(sh->f->s, sh->f->index, q, DIMS, 50, m, &n, &err) || n % CHUNKS || !n;
        bad |= rag_store_search_lexical(sh->f->s, sh->f->index, RAG_STR("apple"), 50, m, &n, &err) ||
               n % CHUNKS || !n;
        struct rag_hit v[50] = {0};
        struct rag_hits hits = {v, n};
        struct rag_arena a = {0};
        for (size_t i = 0; i < n; i++)
            v[i].chunk_id = m[i].chunk_id;
        bad |= rag_store_load_hits(sh->f->s, &a, &hits, &err) != 0;
        rag_arena_free(&a);
        __atomic_fetch_add(&sh->failures, bad, __ATOMIC_RELAXED);
        __atomic_fetch_add(&sh->searches, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static struct rag_store_put document(struct fixture *f, const char *name, unsigned seed)
{
    return put_of(
        &f->a, f->index, name, seed,
        TEXTS("apple 1", "apple 2", "apple 3", "apple 4", "apple 5", "apple 6", "apple 7", "apple 8"));
}

static void documents_are_seen_whole(void **state)
{
    struct fixture *f = *state;
    struct shared sh = {.f = f};
    pthread_t readers[READERS];
    const char *path;
    assert_ok(f, put(f, document(f, "always.txt", 1)));
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, search, &sh), 0);
    for (unsigned i = 0; i < PUTS; i++) {
        assert_ok(f, put(f, document(f, "always.txt", i)));
        assert_ok(f, put(f, document(f, "sometimes.txt", i)));
        if (i % 2)
            assert_ok(f, rag_store_document_delete(f->s, &f->a, doc_id(f, "sometimes.txt"), &path, &f->err));
    }
    __atomic_store_n(&sh.stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(sh.failures, 0);
    assert_true(sh.searches > 0);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

/* Several threads put at once: the writer's lock lines them up. */
static void *put_some(void *arg)
{
    struct shared *sh = arg;
    struct fixture mine = {.s = sh->f->s, .index = sh->f->index};
    for (int i = 0; i < 10; i++) {
        char name[40];
        snprintf(name, sizeof name, "%p-%d", (void *)&mine, i);
        int bad = put(&mine, document(&mine, name, (unsigned)i)) != 0;
        __atomic_fetch_add(&sh->failures, bad, __ATOMIC_RELAXED);
    }
    rag_arena_free(&mine.a);
    return NULL;
}

static void writers_line_up(void **state)
{
    struct fixture *f = *state;
    struct shared sh = {.f = f};
    pthread_t writers[READERS];
    int64_t documents, chunks;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, put_some, &sh), 0);
    for (int i = 0; i < READERS; i++)
        pthread_join(writers[i], NULL);
    assert_int_equal(sh.failures, 0);
    assert_ok(f, rag_store_counts(f->s, &documents, &chunks, &f->err));
    assert_int_equal(documents, READERS * 10);
    assert_int_equal(chunks, READERS * 10 * CHUNKS);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(documents_are_seen_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(writers_line_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
