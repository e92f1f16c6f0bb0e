/* test_html.c: visible text of pages, tables with spans, charsets, hostile nesting. */
#include "collect.h"

static void test_blocks(void **state)
{
    (void)state;
    EXPECT("html",
           "<html><head><title>The\n title</title><style>p{}</style></head><body><h1>One <b>two</b></h1>"
           "<p>First\n  <i>para</i>graph.<br>Second line</p>loose text<h2></h2><h3>Three</h3>"
           "<pre>  x = 1\n\n  y</pre></body></html>",
           "title: The title\nheading 1: One two\ntext: First paragraph.\nSecond line\ntext: loose text\n"
           "heading 3: Three\ncode: ```\n  x = 1\n\n  y\n```\n");
}

static void test_lists(void **state)
{
    (void)state;
    EXPECT("htm",
           "<ul><li>one</li><li><p>two</p><ol><li>deep</li></ol></li><li>three</li></ul><p>after</p>"
           "<dl><dt>term</dt><dd>meaning</dd></dl>",
           "text: - one\n- two\n  - deep\n- three\ntext: after\ntext: - term\nmeaning\n");
}

static void test_the_invisible_is_dropped(void **state)
{
    (void)state;
    EXPECT("html",
           "<body><nav>menu</nav><script>var x</script><noscript>no</noscript><template>t</template>"
           "<div hidden>h</div><div style='color:red; DISPLAY : none'>d</div><p aria-hidden=true>a</p>"
           "<div role=navigation>n</div><!-- comment --><svg><text>s</text></svg><p>visible &amp; "
           "&#x4e2d;&nbsp;x</p>",
           "text: visible & 中 x\n");
    EXPECT("html", "<html><head><title>t</title></head><body><script>x</script></body></html>",
           "title: t\nerror -12: the file has no text\n");
}

static void test_tables(void **state)
{
    (void)state;
    EXPECT("html",
           "<table><caption>Prices</caption><tr><th>a</th><th>b | "
           "c</th></tr><tr><td>1</td><td><p>2</p><p>3</p></td>"
           "</tr></table>",
           "text: Prices\ntable: | a | b \\| c |\n| --- | --- |\n| 1 | 2 3 |\n");
    EXPECT("html", "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>",
           "table: | 1 | 2 |\n| 3 | 4 |\n");
    EXPECT("html", "<table><thead><tr><td>a</td><td>b</td></tr></thead><tr><td>1</td><td>2</td></tr></table>",
           "table: | a | b |\n| --- | --- |\n| 1 | 2 |\n");
}

static void test_cells_that_span(void **state)
{
    (void)state;
    EXPECT("html",
           "<table><tr><th rowspan=2>k</th><th colspan=2>both</th></tr><tr><th>x</th><th>y</th></tr>"
           "<tr><td rowspan=9>1</td><td>2</td><td>3</td></tr><tr><td colspan=99>4</td></tr></table>",
           "table: | k | both | both |\n| k | x | y |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n| 1 | 4 | 4 |\n");
}

static void test_header_columns_turn_the_table(void **state)
{
    (void)state;
    EXPECT("html", "<table><tr><th>name</th><td>Ann</td></tr><tr><th>age</th><td>31</td></tr></table>",
           "table: | name | age |\n| --- | --- |\n| Ann | 31 |\n");
    EXPECT("html",
           "<table><tr><th></th><th>2023</th></tr><tr><th>Sales</th><td>5</td></tr><tr><th>Cost</th><td>3</"
           "td></tr>"
           "</table>",
           "table: | | 2023 |\n| --- | --- |\n| Sales | 5 |\n| Cost | 3 |\n");
}

static void test_layout_tables_are_no_tables(void **state)
{
    (void)state;
    EXPECT("html",
           "<table><tr><td>side</td><td><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></"
           "table></td>"
           "</tr><tr><td>x</td><td>y</td></tr></table>",
           "text: side\ntable: | a | b |\n| --- | --- |\n| 1 | 2 |\ntext: x\ntext: y\n");
    EXPECT("html", "<table><tr><td>one cell</td></tr></table>", "text: one cell\n");
}

static void test_charsets(void **state)
{
    (void)state;
    EXPECT("html", "<meta charset=gb2312><p>\xD6\xD0\xCE\xC4</p>", "text: 中文\n");
    EXPECT("html", "<meta http-equiv=content-type content='text/html; charset=Shift_JIS'><p>\x93\xFA\x96\x7B",
           "text: 日本\n");
    EXPECT("html", "<meta charset=\"iso-8859-1\"><p>caf\xE9 \x80</p>", "text: café €\n");
    EXPECT("html", "<meta charset=gbk><p>中文 in UTF-8 all the same</p>",
           "text: 中文 in UTF-8 all the same\n");
}

static void test_deep_nesting(void **state)
{
    (void)state;
    struct rag_buf page;
    rag_buf_init(&page, 64 << 20);
    for (int i = 0; i < 20000; i++)
        rag_buf_adds(&page, "<div><b>");
    rag_buf_adds(&page, "deep");
    expect_log("html", page.p, page.n, NULL, "text: deep\n");
    rag_buf_free(&page);
}

static void test_a_table_beyond_all_limits(void **state)
{
    (void)state;
    struct rag_buf page;
    struct collected c;
    rag_buf_init(&page, 64 << 20);
    rag_buf_adds(&page, "<table>");
    for (int i = 0; i < 5000; i++)
        rag_buf_printf(&page, "<tr><td>x<td%s>y", i ? "" : " colspan=1000><td");
    for (int i = 0; i < 1000; i++)
        rag_buf_adds(&page, "<td>z");
    collect(&c, "html", page.p, page.n, NULL);
    assert_non_null(strstr(c.log.p, "error -6: a table of 5000 rows and 1000 columns is too large"));
    rag_buf_free(&c.log);
    rag_buf_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_the_invisible_is_dropped),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_cells_that_span),
        cmocka_unit_test(test_header_columns_turn_the_table),
        cmocka_unit_test(test_layout_tables_are_no_tables),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_a_table_beyond_all_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
