/* test_cite.c: citation markers are found and checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rag/cite.h"

static struct rag_segmenter *seg;

static int open_segmenter(void **state)
{
    (void)state;
    return rag_segmenter_open(NULL, &seg, NULL);
}

static int close_segmenter(void **state)
{
    (void)state;
    rag_segmenter_close(seg);
    return 0;
}

static size_t check(struct rag_arena *a, const char *answer, struct rag_citation **c)
{
    static struct rag_hit v[2];
    struct rag_hits hits = {v, 2};
    size_t n;
    v[0].text =
        RAG_STR("Refunds are paid within seven days to the original card. 退款会在七个工作日内原路退回。");
    v[1].text = RAG_STR("The warehouse opens at nine. 仓库九点开门。");
    assert_int_equal(rag_cite_check(seg, a, rag_str_of(answer), &hits, c, &n, NULL), 0);
    return n;
}

static void supported_and_not(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_citation *c;
    const char *text =
        "Refunds are paid within seven days [1]. The moon is made of green cheese [2]. Nothing [9].";
    assert_int_equal(check(&a, text, &c), 3);
    assert_true(c[0].valid && c[0].support > 0.9);
    assert_int_equal(c[0].begin, 0);
    assert_memory_equal(text + c[0].begin, "Refunds are", 11);
    assert_true(c[1].valid && c[1].support < 0.1);
    assert_memory_equal(text + c[1].begin, "The moon", 8);
    assert_false(c[2].valid);
    rag_arena_free(&a);
}

static void chinese(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_citation *c;
    assert_int_equal(check(&a, "退款会在七个工作日内退回。[1]仓库九点开门[2]。", &c), 2);
    assert_int_equal(c[0].begin, 0); /* a marker behind the full stop belongs to the sentence before it */
    assert_true(c[0].support > 0.8);
    assert_true(c[1].support > 0.8);
    rag_arena_free(&a);
}

static void forms_of_markers(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_citation *c;
    assert_int_equal(check(&a,
                           "a [1][2] b [1, 2] c \xe3\x80\x90"
                           "2\xe3\x80\x91",
                           &c),
                     5);
    assert_int_equal(c[4].number, 2);
    assert_int_equal(check(&a, "array[i] [] [x] [1](http://e.x) [12345] [1", &c), 0);
    assert_int_equal(check(&a, "", &c), 0);
    rag_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(supported_and_not), cmocka_unit_test(chinese),
                                       cmocka_unit_test(forms_of_markers)};
    return cmocka_run_group_tests(tests, open_segmenter, close_segmenter);
}
