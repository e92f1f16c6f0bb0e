/* test_markdown.c: headings, code, tables and paragraphs of markdown with their byte ranges. */
#include "collect.h"

static void test_headings(void **state)
{
    (void)state;
    EXPECT("md", "# One\n\n## Two ##\ntext", "heading 1 2-5: One\nheading 2 10-13: Two\ntext 17-21: text\n");
    EXPECT("md", "#标题\n正文", "heading 1 1-7: 标题\ntext 8-14: 正文\n");
    EXPECT("md", "Title\n=====\nSub\n---\ntext\n",
           "heading 1 0-5: Title\nheading 2 12-15: Sub\ntext 20-24: text\n");
    EXPECT("md", "para\nSub\n---\n", "text 0-4: para\nheading 2 5-8: Sub\n");
    EXPECT("md", "## Title {#anchor-id}\n", "heading 2 3-8: Title\n");
    EXPECT("md", "## <a name=\"x\"></a>**Title**\n", "heading 2 21-26: Title\n");
}

static void test_what_looks_like_a_heading(void **state)
{
    (void)state;
    EXPECT("md", "#include <x>\n#1 of 3\n    # code\n", "text 0-31: #include <x>\n#1 of 3\n    # code\n");
    EXPECT("md", "a\n\n---\n\nb\n", "text 0-1: a\ntext 8-9: b\n");
    EXPECT("md", "* * *\nb\n", "text 6-7: b\n");
}

static void test_code_is_kept_whole(void **state)
{
    (void)state;
    EXPECT("md", "a\n```sh\n# no heading\n\nx\n```\nb\n",
           "text 0-1: a\ncode 2-27: ```sh\n# no heading\n\nx\n```\ntext 28-29: b\n");
    EXPECT("md", "~~~~\n~~~\n~~~~\n", "code 0-13: ~~~~\n~~~\n~~~~\n");
    EXPECT("md", "```\nnever closed\n", "code 0-16: ```\nnever closed\n");
    EXPECT("md", "use ```x``` here\n", "text 0-16: use ```x``` here\n");
}

static void test_tables_are_kept_whole(void **state)
{
    (void)state;
    EXPECT("md", "before\n| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |\nafter\n",
           "text 0-6: before\ntable 7-46: | a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |\ntext 47-52: after\n");
    EXPECT("md", "a | b\n- | -\n1 | 2\n\nx", "table 0-17: a | b\n- | -\n1 | 2\ntext 19-20: x\n");
    EXPECT("md", "this | is no table\n", "text 0-18: this | is no table\n");
}

static void test_what_is_left_out(void **state)
{
    (void)state;
    EXPECT("md", "---\ntitle: \"My page\"\ntags: x\n---\ntext\n", "title: My page\ntext 33-37: text\n");
    EXPECT("md", "a\n<!-- hidden\n\nstill --> b\n", "text 0-1: a\ntext 25-26: b\n");
    EXPECT("md", "![logo](data:image/png;base64,AAAA) and text\n", "text 0-44: ![logo]() and text\n");
    EXPECT("md", "<!-- never closed", "error -12: the file has no text\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headings),           cmocka_unit_test(test_what_looks_like_a_heading),
        cmocka_unit_test(test_code_is_kept_whole), cmocka_unit_test(test_tables_are_kept_whole),
        cmocka_unit_test(test_what_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
