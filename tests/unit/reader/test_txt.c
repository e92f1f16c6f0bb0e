/* test_txt.c: paragraphs of plain text, their byte ranges, encodings, what is taken out. */
#include "collect.h"

static void test_paragraphs_keep_their_bytes(void **state)
{
    (void)state;
    EXPECT("txt", "one\ntwo\n\n\n  three  \n", "text 0-7: one\ntwo\ntext 12-17: three\n");
    EXPECT("txt", "\n \n\t\nonly", "text 5-9: only\n");
    EXPECT("log", "a\r\n\r\nb\r\n", "text 0-1: a\ntext 5-6: b\n");
    EXPECT("text",
           "\xEF\xBB\xBF"
           "with a mark",
           "text 3-14: with a mark\n");
}

static void test_a_long_paragraph_is_one_block(void **state)
{
    (void)state;
    const size_t n = 3 << 20;
    char *p = malloc(n);
    struct collected c;
    memset(p, 'x', n);
    collect(&c, "txt", p, n, NULL);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.blocks[0].text.n, n);
    rag_buf_free(&c.log);
    free(p);
}

static void test_what_is_no_text_goes(void **state)
{
    (void)state;
    EXPECT("txt",
           "a\0b\x01"
           "c\x7F"
           "d\te",
           "text 0-9: abcd\te\n");
    EXPECT("txt", "line\rline\fpage", "text 0-14: line\nline\npage\n");
    EXPECT("txt", "", "error -12: the file is empty\n");
    EXPECT("txt", " \n\n\t ", "error -12: the file has no text\n");
}

static void test_encodings(void **state)
{
    (void)state;
    /* 产品名称和价格列表 in GB18030, 你好世界 short enough to defeat the statistics */
    EXPECT("txt", "\xB2\xFA\xC6\xB7\xC3\xFB\xB3\xC6\xBA\xCD\xBC\xDB\xB8\xF1\xC1\xD0\xB1\xED",
           "text: 产品名称和价格列表\n");
    EXPECT("txt", "\xC4\xE3\xBA\xC3\xCA\xC0\xBD\xE7", "text: 你好世界\n");
    EXPECT("txt", "\xFF\xFE`O}Y", "text: 你好\n");                   /* UTF-16LE with a mark */
    EXPECT("txt", "h\0i\0 \0t\0h\0e\0r\0e\0", "text: hi there\n");   /* … without */
    EXPECT("txt", "\0\0\0h\0\0\0i\0\0\0!\0\0\0?", "text: hi!?\n");   /* UTF-32BE without */
    EXPECT("txt", "He said \x93yes\x94.", "text: He said “yes”.\n"); /* windows-1252 */
    /* One broken byte does not turn UTF-8 into something else. */
    EXPECT("txt", "人工智能平台提供云原生的机器学习服务\xE4",
           "text 0-55: 人工智能平台提供云原生的机器学习服务\xEF\xBF\xBD\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paragraphs_keep_their_bytes),
        cmocka_unit_test(test_a_long_paragraph_is_one_block),
        cmocka_unit_test(test_what_is_no_text_goes),
        cmocka_unit_test(test_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
