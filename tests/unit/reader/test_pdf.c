/* test_pdf.c: text, places, paragraphs, columns and headings of PDF pages, and files that cannot be read. */
#include "collect.h"
#include "pdf_writer.h"

/* PDFium keeps pointers in memory that it maps itself, where the leak sanitizer does not look. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libpdfium.so";
}

/* A line of text at x, y (from the bottom) in points. */
#define LINE(font, size, x, y, text) "BT /" font " " #size " Tf " #x " " #y " Td (" text ") Tj ET\n"
#define CHINESE(size, x, y, hex)     "BT /F3 " #size " Tf " #x " " #y " Td <" hex "> Tj ET\n"

#define FILLER                                                                                               \
    LINE("F1", 10, 72, 300,                                                                                  \
         "Body text of ten points fills the page and is longer than everything else on it,")                 \
    LINE("F1", 10, 72, 288,                                                                                  \
         "so that its size is the usual size of this document and nothing here is a heading.")

static void read_pages(struct collected *c, const char *const *contents, const char *extra)
{
    struct pdf_writer w;
    pdf_begin(&w, NULL);
    for (; *contents; contents++)
        pdf_page(&w, extra, *contents);
    struct rag_str file = pdf_end(&w);
    collect(c, "pdf", file.p, file.n, NULL);
    pdf_free(&w);
}

static void expect_page(const char *content, const char *expected)
{
    const char *const contents[] = {content, NULL};
    struct collected c;
    read_pages(&c, contents, "");
    assert_string_equal(rag_buf_str(&c.log).p, expected);
    rag_buf_free(&c.log);
}

static void assert_near(float got, double want)
{
    if (got < want - 1 || got > want + 1)
        fail_msg("%f is not near %f", (double)got, want);
}

static void test_place(void **state)
{
    (void)state;
    const char *const contents[] = {LINE("F1", 12, 72, 700, "Hello world"),
                                    LINE("F1", 12, 100, 100, "second"), NULL};
    struct collected c;
    read_pages(&c, contents, "");
    assert_string_equal(c.log.p, "text page 1: Hello world\ntext page 2: second\n");
    assert_int_equal(c.pages, 2);
    assert_int_equal(c.progress_calls, 2);
    assert_near(c.blocks[0].place.x0, 72);
    assert_near(c.blocks[0].place.y0, 92 - 0.85 * 12);
    assert_near(c.blocks[0].place.x1, 72 + 59.34); /* by the widths of Helvetica */
    assert_near(c.blocks[0].place.y1, 92 + 0.2 * 12);
    rag_buf_free(&c.log);
}

/* The same place as it is shown: rotated by the page, and cropped. */
static void test_place_on_a_turned_page(void **state)
{
    (void)state;
    const char *const contents[] = {"BT /F1 12 Tf 0 1 -1 0 100 50 Tm (Turned text) Tj ET\n", NULL};
    struct collected c;
    read_pages(&c, contents, "/Rotate 90");
    assert_string_equal(c.log.p, "text page 1: Turned text\n");
    assert_near(c.blocks[0].place.x0, 50);
    assert_near(c.blocks[0].place.y1, 100 + 0.2 * 12);
    rag_buf_free(&c.log);
    read_pages(&c, contents, ""); /* runs upwards on the page */
    assert_string_equal(c.log.p, "text page 1: Turned text\n");
    assert_near(c.blocks[0].place.y1, 792 - 50);
    assert_near(c.blocks[0].place.x1, 100 + 0.2 * 12);
    rag_buf_free(&c.log);
    const char *const cropped[] = {LINE("F1", 12, 72, 700, "Hello"), NULL};
    read_pages(&c, cropped, "/CropBox[50 0 612 742]");
    assert_near(c.blocks[0].place.x0, 22);
    assert_near(c.blocks[0].place.y0, 42 - 0.85 * 12);
    rag_buf_free(&c.log);
}

static void test_lines_become_paragraphs(void **state)
{
    (void)state;
    expect_page(
        LINE("F1", 10, 72, 700, "The first paragraph has some lines that are joined by a space and an exam-")
            LINE("F1", 10, 72, 688,
                 "ple of a word that was divided at the end of a line by the typesetter, and")
                LINE("F1", 10, 72, 676, "it ends here.") LINE(
                    "F1", 10, 90, 664,
                    "The second is indented and stands right below the first one, as in many books.")
                    LINE("F1", 10, 72, 652,
                         "It also has a second line that is not indented and reaches to the margin again.")
                        LINE("F1", 10, 72, 610, "The third follows a gap."),
        "text page 1: The first paragraph has some lines that are joined by a space and an example of a word "
        "that was divided at the end of a line by the typesetter, and it ends here.\n"
        "text page 1: The second is indented and stands right below the first one, as in many books. It also "
        "has a second line that is not indented and reaches to the margin again.\n"
        "text page 1: The third follows a gap.\n");
}

static void test_list_items(void **state)
{
    (void)state;
    expect_page(
        LINE("F1", 10, 72, 700, "1. First item of a list, whose text goes on and on until it needs a second")
            LINE("F1", 10, 86, 688, "line, which is indented.")
                LINE("F1", 10, 72, 676,
                     "2. Second item of a list, whose text goes on and on until it needs a second")
                    LINE("F1", 10, 86, 664, "line too."),
        "text page 1: 1. First item of a list, whose text goes on and on until it needs a second line, which "
        "is "
        "indented.\n"
        "text page 1: 2. Second item of a list, whose text goes on and on until it needs a second line "
        "too.\n");
}

static void test_chinese(void **state)
{
    (void)state;
    /* 人工智能平台提供云原 / 生的服务。 */
    expect_page(CHINESE(12, 72, 700, "4EBA5DE5667A80FD5E7353F063D04F9B4E91539F")
                    CHINESE(12, 72, 684, "751F76846A215668670D52A13002"),
                "text page 1: 人工智能平台提供云原生的模器服务。\n");
}

static void test_what_fonts_hide(void **state)
{
    (void)state;
    expect_page("BT /F4 12 Tf 72 700 Td (AAA BB C) Tj ET\n", "text page 1: 风风风 ffiffi •\n");
}

static void test_headings(void **state)
{
    (void)state;
    expect_page(
        LINE("F1", 24, 72, 720, "The title") LINE("F1", 16, 72, 680, "1 Chapter")
            LINE("F1", 10, 72, 660, "Text of the chapter.") LINE("F1", 12.5, 72, 640, "1.1 Section")
                LINE("F2", 10, 72, 600, "Bold heading")
                    LINE("F2", 10, 72, 560, "Bold text, which ends like a sentence.") FILLER,
        "heading 1 page 1: The title\nheading 2 page 1: 1 Chapter\ntext page 1: Text of the chapter.\n"
        "heading 3 page 1: 1.1 Section\nheading 3 page 1: Bold heading\n"
        "text page 1: Bold text, which ends like a sentence.\n"
        "text page 1: Body text of ten points fills the page and is longer than everything else on it, so "
        "that "
        "its size is the usual size of this document and nothing here is a heading.\n");
}

static void test_two_columns(void **state)
{
    (void)state;
    struct rag_buf page;
    rag_buf_init(&page, 1 << 16);
    rag_buf_adds(&page, LINE("F1", 10, 72, 720,
                             "A line of text that goes across the whole page, above the two "
                             "columns of this page."));
    for (int i = 0; i < 6; i++) { /* written row by row, as some programs do */
        int y = 690 - 12 * i;
        rag_buf_printf(&page, "BT /F1 10 Tf 72 %d Td (left%d is a full line of the first column) Tj ET\n", y,
                       i);
        rag_buf_printf(&page, "BT /F1 10 Tf 320 %d Td (right%d is a full line of the other column) Tj ET\n",
                       y, i);
    }
    const char *const contents[] = {page.p, NULL};
    struct collected c;
    read_pages(&c, contents, "");
    const char *left = strstr(c.log.p, "left5"), *right = strstr(c.log.p, "right0");
    assert_non_null(left);
    assert_non_null(right);
    assert_true(strstr(c.log.p, "A line of text") < strstr(c.log.p, "left0"));
    assert_true(left < right);
    assert_null(strchr(c.log.p, '|'));
    rag_buf_free(&c.log);
    rag_buf_free(&page);
}

static void test_rows_of_cells_stay_rows(void **state)
{
    (void)state;
    struct rag_buf page;
    rag_buf_init(&page, 1 << 16);
    for (int i = 0; i < 8; i++)
        rag_buf_printf(&page,
                       "BT /F1 10 Tf 72 %d Td (item %d) Tj ET\nBT /F1 10 Tf 300 %d Td (%d00) Tj ET\n"
                       "BT /F1 10 Tf 420 %d Td (%d.50) Tj ET\n",
                       700 - 14 * i, i, 700 - 14 * i, i + 1, 700 - 14 * i, i);
    expect_page(page.p, "text page 1: item 0 | 100 | 0.50\nitem 1 | 200 | 1.50\nitem 2 | 300 | 2.50\n"
                        "item 3 | 400 | 3.50\nitem 4 | 500 | 4.50\nitem 5 | 600 | 5.50\nitem 6 | 700 | 6.50\n"
                        "item 7 | 800 | 7.50\n");
    rag_buf_free(&page);
}

static void test_running_heads_and_page_numbers_go(void **state)
{
    (void)state;
    const char *const contents[] = {
        LINE("F1", 9, 72, 770, "My manual") LINE("F1", 10, 72, 500, "Page one.") LINE("F1", 9, 300, 30, "1"),
        LINE("F1", 9, 72, 770, "My manual") LINE("F1", 10, 72, 500, "Page two.") LINE("F1", 9, 300, 30, "2"),
        LINE("F1", 9, 72, 770, "My manual") LINE("F1", 10, 72, 500, "Page three.")
            LINE("F1", 9, 300, 30, "3"),
        LINE("F1", 9, 72, 770, "My manual"), NULL};
    struct collected c;
    read_pages(&c, contents, "");
    assert_string_equal(c.log.p, "text page 1: My manual\ntext page 1: Page one.\ntext page 2: Page two.\n"
                                 "text page 3: Page three.\ntext page 4: My manual\n");
    rag_buf_free(&c.log);
}

static void test_title(void **state)
{
    (void)state;
    struct pdf_writer w;
    struct collected c;
    pdf_begin(&w, "<FEFF624B518C0020D83DDE00>");
    pdf_page(&w, "", LINE("F1", 12, 72, 700, "x"));
    struct rag_str file = pdf_end(&w);
    collect(&c, "pdf", file.p, file.n, NULL);
    assert_string_equal(c.log.p, "title: 手册 😀\ntext page 1: x\n");
    rag_buf_free(&c.log);
    pdf_free(&w);
}

static void test_pages_without_text(void **state)
{
    (void)state;
    static const char drawing[] = "0 0 100 100 re f\n";
    struct collected c;
    const char *const mixed[] = {LINE("F1", 12, 72, 700, "text"), drawing, drawing, "", NULL};
    read_pages(&c, mixed, "");
    assert_string_equal(
        c.log.p, "text page 1: text\nwarning: pages 2 to 3 have no text layer and seem scanned: nothing "
                 "was read there, as OCR is not available yet\n");
    rag_buf_free(&c.log);
    expect_page(drawing,
                "error -12: the PDF has no text layer: it seems to be scanned; OCR is not available yet\n");
    expect_page("", "error -12: the PDF has only empty pages\n");
}

static void test_encrypted(void **state)
{
    (void)state;
    struct pdf_writer w;
    struct collected c;
    pdf_begin(&w, NULL);
    pdf_page(&w, "", LINE("F1", 12, 72, 700, "secret"));
    w.trailer = "/ID[(0123456789abcdef)(0123456789abcdef)]/Encrypt<</Filter/Standard/V 1/R 2/P -4"
                "/O(aaaaaaaabbbbbbbbccccccccdddddddd)/U(aaaaaaaabbbbbbbbccccccccdddddddd)>>";
    struct rag_str file = pdf_end(&w);
    collect(&c, "pdf", file.p, file.n, NULL);
    assert_string_equal(c.log.p,
                        "error -12: the PDF is protected by a password: save it without one and upload it "
                        "again\n");
    rag_buf_free(&c.log);
    pdf_free(&w);
}

/* Cut anywhere, the file gives text or a sentence, never a crash. */
static void test_truncated(void **state)
{
    (void)state;
    struct pdf_writer w;
    struct collected c;
    pdf_begin(&w, NULL);
    pdf_page(&w, "", LINE("F1", 12, 72, 700, "some text"));
    struct rag_str file = pdf_end(&w);
    for (size_t n = 1; n < file.n; n += 97) {
        collect(&c, "pdf", file.p, n, NULL);
        assert_true(c.log.n > 0);
        rag_buf_free(&c.log);
    }
    pdf_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_place_on_a_turned_page),
        cmocka_unit_test(test_lines_become_paragraphs),
        cmocka_unit_test(test_list_items),
        cmocka_unit_test(test_chinese),
        cmocka_unit_test(test_what_fonts_hide),
        cmocka_unit_test(test_headings),
        cmocka_unit_test(test_two_columns),
        cmocka_unit_test(test_rows_of_cells_stay_rows),
        cmocka_unit_test(test_running_heads_and_page_numbers_go),
        cmocka_unit_test(test_title),
        cmocka_unit_test(test_pages_without_text),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
