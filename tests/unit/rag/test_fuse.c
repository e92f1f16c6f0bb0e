/* test_fuse.c: reciprocal rank fusion. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rag/fuse.h"

static void fuses_by_rank(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_hits hits;
    const struct rag_store_match dense[] = {{10, 0.9}, {11, 0.8}, {12, 0.7}};
    const struct rag_store_match lexical[] = {{12, 5.0}, {13, 4.0}};
    assert_int_equal(rag_fuse(&a, dense, 3, lexical, 2, 60, &hits, NULL), 0);
    assert_int_equal(hits.n, 4);
    /* 12 is in both lists: 1/63 + 1/61 beats 1/61. */
    assert_int_equal(hits.v[0].chunk_id, 12);
    assert_true(fabs(hits.v[0].rrf_score - (1.0 / 63 + 1.0 / 61)) < 1e-12);
    assert_true(fabs(hits.v[0].score - 0.85) < 1e-12);
    assert_true(fabs(hits.v[0].bm25_score - 5.0) < 1e-12);
    assert_int_equal(hits.v[0].dense_rank, 3);
    assert_int_equal(hits.v[0].lexical_rank, 1);
    assert_int_equal(hits.v[1].chunk_id, 10);
    /* Equal scores (rank 2 on either side): the dense one first. */
    assert_int_equal(hits.v[2].chunk_id, 11);
    assert_int_equal(hits.v[3].chunk_id, 13);
    assert_true(isnan(hits.v[3].score)); /* only lexical: the caller asks for its cosine */
    rag_arena_free(&a);
}

static void takes_empty_sides(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_hits hits;
    const struct rag_store_match one[] = {{7, 0.5}};
    assert_int_equal(rag_fuse(&a, NULL, 0, NULL, 0, 60, &hits, NULL), 0);
    assert_int_equal(hits.n, 0);
    assert_int_equal(rag_fuse(&a, one, 1, NULL, 0, 60, &hits, NULL), 0);
    assert_int_equal(hits.n, 1);
    assert_int_equal(hits.v[0].lexical_rank, 0);
    rag_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fuses_by_rank), cmocka_unit_test(takes_empty_sides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
