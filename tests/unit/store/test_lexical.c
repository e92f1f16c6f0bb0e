/* test_lexical.c: lexical search: BM25 against a computation by hand, Chinese, odd questions, separate
 * statistics for each index. */
#include "helper.h"

static double bm25(double n, double df, double tf, double length, double mean)
{
    double idf = log(1 + (n - df + 0.5) / (df + 0.5));
    return idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean));
}

static void scores_are_bm25(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1,
                               TEXTS("apple apple pear", "pear", "plum grape lemon lime", "apple lime"))));
    double mean = (3 + 1 + 4 + 2) / 4.0;
    assert_int_equal(search_words(f, "apple pear", m, 5), 3);
    assert_string_equal(text_of(f, m[0].chunk_id), "apple apple pear");
    assert_true(fabs(m[0].score - bm25(4, 2, 2, 3, mean) - bm25(4, 2, 1, 3, mean)) < 1e-9);
    assert_string_equal(text_of(f, m[1].chunk_id), "pear");
    assert_true(fabs(m[1].score - bm25(4, 2, 1, 1, mean)) < 1e-9);
    assert_string_equal(text_of(f, m[2].chunk_id), "apple lime");
    assert_int_equal(search_words(f, "apple pear", m, 1), 1);
    assert_string_equal(text_of(f, m[0].chunk_id), "apple apple pear");
    /* A word that the question has twice counts twice. */
    assert_int_equal(search_words(f, "plum plum", m, 5), 1);
    assert_true(fabs(m[0].score - 2 * bm25(4, 1, 1, 4, mean)) < 1e-9);
}

static void chinese_is_found(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1,
                               TEXTS("首都北京的天气", "上海是一座城市", "人工智能平台支持向量检索"))));
    assert_int_equal(search_words(f, "北京天气怎么样？", m, 5), 1);
    assert_string_equal(text_of(f, m[0].chunk_id), "首都北京的天气");
    assert_true(search_words(f, "向量检索", m, 5) >= 1);
    assert_string_equal(text_of(f, m[0].chunk_id), "人工智能平台支持向量检索");
}

static void odd_questions_are_harmless(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    static const char *const questions[] = {
        "",  "   ",    "?!…",         "\"",    "\"\"\" OR \"",  "NEAR(a b)",
        "*", "text:",  "a AND NOT b", "-- ;'", "unknownword42", "((((((((((",
        "^", "{x} : y"};
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick brown fox"))));
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        assert_int_equal(search_words(f, questions[i], m, 5), 0);
    assert_int_equal(search_words(f, "\"fox\" OR (quick*)", m, 5), 1);
    assert_int_equal(search_words(f, "fox", m, 0), 0);
}

/* 64 KiB of different words: more than a search looks at, none of them makes it fail. */
static void a_huge_question_is_answered(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    struct rag_buf b;
    rag_buf_init(&b, RAG_LIMIT_QUESTION);
    rag_buf_adds(&b, "fox ");
    for (int i = 0; b.n < RAG_LIMIT_QUESTION - 16; i++)
        rag_buf_printf(&b, "word%d ", i);
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick brown fox", b.p))));
    assert_int_equal(search_words(f, b.p, m, 5), 2);
    rag_buf_free(&b);
}

/* More chunks with the common word than a search looks at: the rare word still decides, and the common one
 * still counts. */
static void common_words_do_not_decide(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    enum { N = 3000 };
    const char **texts = rag_arena_array(&f->a, N + 1, sizeof *texts);
    for (int i = 0; i < N; i++)
        texts[i] = i == 1000 ? "rare alpha" : i == 2000 ? "rare common" : "common beta";
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, texts)));
    assert_int_equal(search_words(f, "common rare", m, 5), 2);
    assert_string_equal(text_of(f, m[0].chunk_id), "rare common");
    assert_true(fabs(m[0].score - bm25(N, 2, 1, 2, 2) - bm25(N, N - 1, 1, 2, 2)) < 1e-9);
    assert_string_equal(text_of(f, m[1].chunk_id), "rare alpha");
    assert_int_equal(search_words(f, "common", m, 5), 5);
}

static void indexes_have_their_own_statistics(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match before[5], after[5];
    struct rag_index index = {.name = "other"};
    int64_t other;
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("apple", "pear"))));
    assert_int_equal(search_words(f, "apple", before, 5), 1);
    assert_ok(f, rag_store_index_create(f->s, &index, 20, &f->err));
    assert_ok(f, rag_store_index_id(f->s, "other", &other, &f->err));
    assert_ok(f, put(f, put_of(&f->a, other, "b.txt", 1, TEXTS("apple", "apple", "apple"))));
    assert_int_equal(search_words(f, "apple", after, 5), 1);
    assert_true(before[0].score == after[0].score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scores_are_bm25, setup, teardown),
        cmocka_unit_test_setup_teardown(chinese_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_questions_are_harmless, setup, teardown),
        cmocka_unit_test_setup_teardown(a_huge_question_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(common_words_do_not_decide, setup, teardown),
        cmocka_unit_test_setup_teardown(indexes_have_their_own_statistics, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
