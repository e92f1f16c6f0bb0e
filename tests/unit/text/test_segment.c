/* test_segment.c: golden cases of the segmenter, and what holds for any text. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "text/segment.h"
#include "text/segment_parts.h"
#include "text/utf8.h"

#define GOLDEN RAG_SOURCE_DIR "/tests/golden/segment/"

static struct rag_segmenter *open_with(const char *dict)
{
    struct rag_segmenter *s;
    struct rag_err err = {0};
    if (rag_segmenter_open(dict, &s, &err))
        fail_msg("%s", err.msg);
    return s;
}

static int join_terms(void *ud, struct rag_str term, size_t begin, size_t end)
{
    (void)begin, (void)end;
    struct rag_buf *b = ud;
    if (b->n)
        rag_buf_addc(b, ' ');
    return rag_buf_addstr(b, term);
}

static void check_terms(struct rag_segmenter *s, const char *file, const char *text, bool query,
                        const char *want)
{
    struct rag_buf got;
    rag_buf_init(&got, 1 << 20);
    assert_int_equal(rag_segment(s, rag_str_of(text), query, join_terms, &got), 0);
    if (strcmp(got.p ? got.p : "", want))
        fail_msg("%s, %s: \"%s\"\n  got  %s\n  want %s", file, query ? "query" : "terms", text, got.p, want);
    rag_buf_free(&got);
}

/* Runs each "text:" line with the "terms:" and "query:" lines below it. A case without "query:" must give its
 * terms as a question, too. */
static void run_golden(const char *file, const char *dict)
{
    struct rag_segmenter *s = open_with(dict);
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    char line[4096], text[4096] = "", terms[4096] = "";
    int cases = 0;
    bool query_seen = true;
    for (bool more = true; more;) {
        more = fgets(line, sizeof line, f) != NULL;
        line[strcspn(line, "\n")] = '\0';
        if (!more || !strncmp(line, "text: ", 6)) {
            if (!query_seen)
                check_terms(s, file, text, true, terms);
            snprintf(text, sizeof text, "%s", line + (more ? 6 : 0));
            query_seen = true;
        } else if (!strncmp(line, "terms: ", 7)) {
            snprintf(terms, sizeof terms, "%s", line + 7);
            check_terms(s, file, text, false, terms);
            query_seen = !strcmp(file, GOLDEN "bigrams.case");
            cases++;
        } else if (!strncmp(line, "query: ", 7)) {
            check_terms(s, file, text, true, line + 7);
            query_seen = true;
        } else if (line[0] && line[0] != '#') {
            fail_msg("%s: line \"%s\" is not part of a case", file, line);
        }
    }
    fclose(f);
    assert_true(cases > 2);
    rag_segmenter_close(s);
}

static void test_golden_words(void **state)
{
    (void)state;
    run_golden(GOLDEN "words.case", NULL);
}

static void test_golden_cjk(void **state)
{
    (void)state;
    run_golden(GOLDEN "cjk.case", GOLDEN "words.dict");
}

static void test_golden_bigrams(void **state)
{
    (void)state;
    run_golden(GOLDEN "bigrams.case", NULL);
}

/* What holds for every text. */
struct watch {
    struct rag_str text;
    size_t begin; /* of the last term */
    size_t terms, longest;
};

static int watch_term(void *ud, struct rag_str term, size_t begin, size_t end)
{
    struct watch *w = ud;
    assert_true(term.n > 0 && rag_utf8_valid(term));
    assert_true(begin < end && end <= w->text.n && begin >= w->begin);
    assert_int_equal(rag_utf8_floor(w->text, begin), begin);
    assert_int_equal(rag_utf8_floor(w->text, end), end);
    w->begin = begin;
    w->terms++;
    if (term.n > w->longest)
        w->longest = term.n;
    return 0;
}

static void test_any_text_keeps_the_rules(void **state)
{
    (void)state;
    static const char *const bits[] = {"a",  "Bc", "1",  "42",        ".",        "-",  "_",  "'",    "’",
                                       ",",  " ",  "\n", "+",         "#",        "中", "国", "北京", "大学",
                                       "的", "，", "é",  "e\xCC\x81", "ｶ",        "ﾞ",  "ﷺ",  "한",   "ᄒ",
                                       "ᅡ", "😀",  "ไ",  "㎏",        "\xC2\xAD", "＿", "Ａ", "۳",    "ß"};
    struct rag_segmenter *s = open_with(GOLDEN "words.dict");
    srand(1);
    for (int round = 0; round < 3000; round++) {
        struct rag_buf b;
        rag_buf_init(&b, 1 << 20);
        for (int i = rand() % 60; i >= 0; i--)
            rag_buf_adds(&b, bits[(size_t)rand() % (sizeof bits / sizeof *bits)]);
        struct watch w = {.text = rag_buf_str(&b)};
        assert_int_equal(rag_segment(s, w.text, round % 2, watch_term, &w), 0);
        rag_buf_free(&b);
    }
    rag_segmenter_close(s);
}

/* A long run is worked on in pieces; no bigram may be lost or doubled between them. */
static void test_long_runs(void **state)
{
    (void)state;
    struct rag_segmenter *s = open_with(NULL);
    struct rag_buf b;
    rag_buf_init(&b, 1 << 20);
    for (int i = 0; i < 5000; i++)
        rag_buf_adds(&b, "北京大学生");
    struct watch w = {.text = rag_buf_str(&b)};
    assert_int_equal(rag_segment(s, w.text, false, watch_term, &w), 0);
    assert_int_equal(w.terms, 25000 - 1);
    rag_buf_reset(&b);
    for (int i = 0; i < 100000; i++)
        rag_buf_addc(&b, 'x');
    w = (struct watch){.text = rag_buf_str(&b)};
    assert_int_equal(rag_segment(s, w.text, false, watch_term, &w), 0);
    assert_true(w.terms > 1000 && w.longest <= RAG_WORD_MAX);
    rag_buf_free(&b);
    rag_segmenter_close(s);
}

static int stop_at_third(void *ud, struct rag_str term, size_t begin, size_t end)
{
    (void)term, (void)begin, (void)end;
    return ++*(int *)ud == 3 ? 77 : 0;
}

static void test_callback_stops(void **state)
{
    (void)state;
    struct rag_segmenter *s = open_with(NULL);
    int calls = 0;
    assert_int_equal(rag_segment(s, RAG_STR("one two three four 五六七八"), false, stop_at_third, &calls),
                     77);
    assert_int_equal(calls, 3);
    assert_int_equal(rag_segment(s, RAG_STR(""), true, stop_at_third, &calls), 0);
    rag_segmenter_close(s);
}

static void test_bad_dictionaries(void **state)
{
    (void)state;
    struct rag_segmenter *s;
    struct rag_err err = {0};
    assert_int_equal(rag_segmenter_open(GOLDEN "missing.dict", &s, &err), RAG_ENOTFOUND);
    assert_null(s);
    assert_non_null(strstr(err.msg, "missing.dict"));
    /* The content is read in the background: what is wrong with it comes out when the words are needed. */
    struct watch w = {.text = RAG_STR("北京")};
    assert_int_equal(rag_segmenter_open(GOLDEN "cjk.case", &s, &err), 0);
    assert_int_equal(rag_segment(s, w.text, false, watch_term, &w), RAG_EFORMAT);
    assert_int_equal(rag_segmenter_ready(s, &err), RAG_EFORMAT);
    assert_non_null(strstr(err.msg, "line 1 "));
    rag_segmenter_close(s);
    rag_segmenter_close(NULL);
}

static void test_stop_words_are_found(void **state)
{
    (void)state;
    static const char *const yes[] = {"a", "the", "yours", "什么", "麻烦", "一下", "的"};
    static const char *const no[] = {"", "th", "thee", "zebra", "什", "什么时", "北京"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(rag_stopword(rag_str_of(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(rag_stopword(rag_str_of(no[i])));
}

static void *segment_many(void *ud)
{
    size_t terms = 0;
    for (int i = 0; i < 300; i++) {
        struct watch w = {.text = RAG_STR("The runners 在北京大学 studied retrieval 检索服务")};
        if (rag_segment(ud, w.text, false, watch_term, &w) || (i > 0 && terms != w.terms))
            return NULL;
        terms = w.terms;
    }
    return ud;
}

static void test_threads(void **state)
{
    (void)state;
    struct rag_segmenter *s = open_with(GOLDEN "words.dict");
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, segment_many, s), 0);
    for (int i = 0; i < 4; i++) {
        void *ok;
        pthread_join(t[i], &ok);
        assert_non_null(ok);
    }
    rag_segmenter_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_words),     cmocka_unit_test(test_golden_cjk),
        cmocka_unit_test(test_golden_bigrams),   cmocka_unit_test(test_any_text_keeps_the_rules),
        cmocka_unit_test(test_long_runs),        cmocka_unit_test(test_callback_stops),
        cmocka_unit_test(test_bad_dictionaries), cmocka_unit_test(test_stop_words_are_found),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
