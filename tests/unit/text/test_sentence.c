/* test_sentence.c: sentence boundaries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/sentence.h"

static void expect(const char *text, const char *const *want)
{
    struct rag_str t = rag_str_of(text);
    size_t at = 0, i = 0;
    while (at < t.n) {
        size_t end = rag_sentence_end(t, at);
        assert_true(end > at && end <= t.n);
        struct rag_str s = rag_str_trim((struct rag_str){t.p + at, end - at});
        assert_non_null(want[i]);
        if (!rag_str_eqz(s, want[i]))
            fail_msg("sentence %zu is \"%.*s\", not \"%s\"", i, RAG_STR_ARG(s), want[i]);
        at = end;
        i++;
    }
    assert_null(want[i]);
}
#define EXPECT(text, ...) expect(text, (const char *const[]){__VA_ARGS__, NULL})

static void english(void **state)
{
    (void)state;
    EXPECT("One. Two! Three? Four", "One.", "Two!", "Three?", "Four");
    EXPECT("Dr. Smith paid 3.14 dollars, e.g. twice. He left.", "Dr. Smith paid 3.14 dollars, e.g. twice.",
           "He left.");
    EXPECT("J. R. R. Tolkien wrote it. \"Really?\" Yes.", "J. R. R. Tolkien wrote it.", "\"Really?\"",
           "Yes.");
    EXPECT("See U.S. law. It holds.", "See U.S. law.", "It holds.");
}

static void chinese(void **state)
{
    (void)state;
    EXPECT("如何申请退款？请在七天内提交。“好的！”他说；然后走了。", "如何申请退款？", "请在七天内提交。",
           "“好的！”", "他说；", "然后走了。");
    EXPECT("版本3.5发布了。Done!好", "版本3.5发布了。", "Done!", "好");
}

static void lines(void **state)
{
    (void)state;
    EXPECT("hard wrapped\nline. Next\n\nnew paragraph\n- item one\n- item two", "hard wrapped\nline.", "Next",
           "new paragraph", "- item one", "- item two");
    EXPECT("| a | b |\n| 1 | 2 |\nText", "| a | b |", "| 1 | 2 |", "Text");
}

static void odd_bytes(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char s[8] = {(char)c, '.', (char)0xe3, (char)c, (char)0x80, ' ', (char)c};
        struct rag_str t = {s, 7};
        for (size_t at = 0; at < t.n;) {
            size_t end = rag_sentence_end(t, at);
            assert_true(end > at && end <= t.n);
            at = end;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(english), cmocka_unit_test(chinese),
                                       cmocka_unit_test(lines), cmocka_unit_test(odd_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
