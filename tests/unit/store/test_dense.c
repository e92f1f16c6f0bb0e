/* test_dense.c: exact search against a plain computation, the cache through puts and deletions, dimensions.
 */
#include "helper.h"

#include "store/dot.h"

enum { N = 2500 }; /* more than two slabs of the cache */

static double dot(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < DIMS; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void put_many(struct fixture *f, const char *name, unsigned seed, size_t n)
{
    const char **texts = rag_arena_array(&f->a, n + 1, sizeof *texts);
    for (size_t i = 0; i < n; i++)
        texts[i] = "x";
    assert_ok(f, put(f, put_of(&f->a, f->index, name, seed, texts)));
}

/* The best k of all vectors with those seeds, by trying all. */
static void check_best(struct fixture *f, const unsigned *seeds, size_t n, unsigned question)
{
    enum { K = 10 };
    struct rag_store_match m[K];
    double best[K + 1] = {0};
    float q[DIMS], v[DIMS];
    size_t found, have = 0;
    vector_of(question, q);
    for (size_t i = 0; i < n; i++) {
        vector_of(seeds[i], v);
        size_t at = have < K ? have++ : K;
        for (best[at] = dot(q, v); at > 0 && best[at - 1] < best[at]; at--) {
            double t = best[at];
            best[at] = best[at - 1];
            best[at - 1] = t;
        }
    }
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, K, m, &found, &f->err));
    assert_int_equal(found, have);
    for (size_t i = 0; i < found; i++) {
        assert_true(fabs(m[i].score - best[i]) < 1e-5);
        assert_true(i == 0 || m[i - 1].score >= m[i].score);
    }
}

static void results_are_exact_through_changes(void **state)
{
    struct fixture *f = *state;
    unsigned seeds[N + 100];
    const char *path;
    for (unsigned i = 0; i < N; i++)
        seeds[i] = 1000 + i;
    put_many(f, "many.txt", 1000, N);
    for (unsigned q = 0; q < 20; q++)
        check_best(f, seeds, N, q);
    for (unsigned i = 0; i < 100; i++)
        seeds[N + i] = 9000 + i;
    put_many(f, "more.txt", 9000, 100); /* appended to the cache */
    check_best(f, seeds, N + 100, 9050);
    reopen(f); /* read from the database */
    check_best(f, seeds, N + 100, 9050);
    assert_ok(f, rag_store_document_delete(f->s, &f->a, doc_id(f, "many.txt"), &path, &f->err));
    check_best(f, seeds + N, 100, 9050);
    put_many(f, "more.txt", 1000, 50); /* replaced in the cache */
    check_best(f, seeds, 50, 1001);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void an_empty_index_has_no_matches(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[3];
    float q[DIMS];
    size_t n = 7;
    vector_of(1, q);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 3, m, &n, &f->err));
    assert_int_equal(n, 0);
    put_many(f, "a.txt", 1, 2);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 3, m, &n, &f->err));
    assert_int_equal(n, 2);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 0, m, &n, &f->err));
    assert_int_equal(n, 0);
}

static void other_dimensions_are_refused(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[3];
    float q[DIMS] = {1};
    double c;
    int64_t id = 1;
    size_t n;
    put_many(f, "a.txt", 1, 2);
    assert_int_equal(rag_store_search_dense(f->s, f->index, q, 8, 3, m, &n, &f->err), RAG_EMISMATCH);
    assert_non_null(strstr(f->err.msg, "20"));
    assert_non_null(strstr(f->err.msg, "8"));
    assert_int_equal(rag_store_cosines(f->s, f->index, q, 8, &id, 1, &c, &f->err), RAG_EMISMATCH);
}

static void equal_scores_come_in_order_of_age(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[4];
    float q[DIMS];
    size_t n;
    for (int i = 0; i < 6; i++)
        put_many(f, rag_arena_printf(&f->a, "%d.txt", i), 77, 1);
    vector_of(77, q);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 4, m, &n, &f->err));
    assert_int_equal(n, 4);
    for (size_t i = 1; i < n; i++)
        assert_int_equal(m[i].chunk_id, m[0].chunk_id + (int64_t)i);
}

static void cosines_of_given_chunks(void **state)
{
    struct fixture *f = *state;
    int64_t *ids;
    struct rag_str *texts;
    size_t n;
    float q[DIMS], v[DIMS];
    double c[3];
    const char *path;
    put_many(f, "gone.txt", 500, 2);
    put_many(f, "a.txt", 1, 1200);
    assert_ok(f, rag_store_index_chunks(f->s, &f->a, f->index, &ids, &texts, &n, &f->err));
    vector_of(3, q);
    assert_ok(f, rag_store_cosines(f->s, f->index, q, DIMS, ids, 2, c, &f->err)); /* warms the cache */
    assert_ok(f, rag_store_document_delete(f->s, &f->a, doc_id(f, "gone.txt"), &path, &f->err));
    int64_t asked[3] = {ids[2 + 1100], ids[0], 123456};
    assert_ok(f, rag_store_cosines(f->s, f->index, q, DIMS, asked, 3, c, &f->err));
    vector_of(1 + 1100, v);
    assert_true(fabs(c[0] - dot(q, v)) < 1e-5);
    assert_true(isnan(c[1]));
    assert_true(isnan(c[2]));
}

static void dot_products_of_all_lengths(void **state)
{
    (void)state;
    rag_dot_fn *fn = rag_dot_choose();
    for (int dims = 1; dims <= 200; dims++) {
        size_t stride = rag_dot_stride(dims);
        float *rows = aligned_alloc(64, 3 * stride * sizeof *rows),
              *q = aligned_alloc(64, stride * sizeof *q);
        float got[3];
        double want[3] = {0};
        memset(rows, 0, 3 * stride * sizeof *rows);
        memset(q, 0, stride * sizeof *q);
        for (int i = 0; i < dims; i++) {
            q[i] = (float)(i % 7) - 3;
            for (int r = 0; r < 3; r++) {
                rows[(size_t)r * stride + (size_t)i] = (float)((i * (r + 2)) % 11) - 5;
                want[r] += (double)q[i] * (double)rows[(size_t)r * stride + (size_t)i];
            }
        }
        fn(rows, 3, stride, q, got);
        for (int r = 0; r < 3; r++)
            assert_true((double)got[r] == want[r]); /* small integers: exact */
        free(rows);
        free(q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(results_are_exact_through_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_index_has_no_matches, setup, teardown),
        cmocka_unit_test_setup_teardown(other_dimensions_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_scores_come_in_order_of_age, setup, teardown),
        cmocka_unit_test_setup_teardown(cosines_of_given_chunks, setup, teardown),
        cmocka_unit_test(dot_products_of_all_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
