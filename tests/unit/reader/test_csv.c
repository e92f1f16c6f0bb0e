/* test_csv.c: rows as records, quoting, delimiters, options. */
#include "collect.h"

static void test_rows_become_records(void **state)
{
    (void)state;
    EXPECT("csv", "name,age\nAnn,31\nBob,\n",
           "record row 1 9-16: name:Ann\nage:31\nrecord row 2 16-21: name:Bob\n");
    EXPECT("csv", "\xEF\xBB\xBF日期,留存率\r\n2024-01-01,0.5\r\n",
           "record row 1 21-37: 日期:2024-01-01\n留存率:0.5\n");
    EXPECT("csv", "a,b\n1,2,3\n\n,\n4\n",
           "record row 1 4-10: a:1\nb:2\ncolumn 3:3\nrecord row 3 13-15: a:4\n");
    EXPECT("csv", ",b\n1,2\n", "record row 1 3-7: column 1:1\nb:2\n");
}

static void test_quotes(void **state)
{
    (void)state;
    EXPECT("csv", "a,b\n\"x, \"\"y\"\"\",\"two\nlines\"\n", "record row 1 4-27: a:x, \"y\"\nb:two\nlines\n");
    EXPECT("csv", "a,b\n5\" disk,2\n", "record row 1 4-14: a:5\" disk\nb:2\n");
    EXPECT("csv", "a,b\n\"open,2\n3,4\n",
           "record row 1 4-12: a:\"open\nb:2\nrecord row 2 12-16: a:3\nb:4\n"
           "warning: 1 quoted values never end; their quotes were taken as text\n");
}

static void test_delimiters(void **state)
{
    (void)state;
    EXPECT("csv", "a;b\n1,5;2\n", "record row 1 4-10: a:1,5\nb:2\n");
    EXPECT("csv", "a\tb\n1\t2\n", "record row 1 4-8: a:1\nb:2\n");
    EXPECT("csv", "sep=|\na|b\n1|2\n", "record row 1 10-14: a:1\nb:2\n");
    EXPECT("csv", "\"a,b\";c\n1;2\n", "record row 1 8-12: a,b:1\nc:2\n");
}

static void test_options(void **state)
{
    (void)state;
    static const char file[] = "name,note,age\nAnn,it's,31\nBob,\"a \"\"b\"\"\n\",7\n";
    struct rag_reader_opts opts = {.format_sheet_data_to_json = true};
    expect_log("csv", file, sizeof(file) - 1, &opts,
               "record row 1 14-26: {'name': 'Ann', 'note': \"it's\", 'age': '31'}\n"
               "record row 2 26-43: {'name': 'Bob', 'note': 'a \"b\"\\n', 'age': '7'}\n");
    const char *columns[] = {"age", "name", NULL};
    opts = (struct rag_reader_opts){.concat_csv_rows = true, .sheet_column_filters = columns};
    expect_log("csv", file, sizeof(file) - 1, &opts, "text: name:Ann\nage:31\nname:Bob\nage:7\n");
    columns[0] = "missing";
    columns[1] = NULL;
    struct collected c;
    collect(&c, "csv", file, sizeof(file) - 1, &opts);
    assert_non_null(strstr(c.log.p, "error -12: no column of this file is in sheet_column_filters"));
    rag_buf_free(&c.log);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    EXPECT("csv", "a,b\n", "error -12: the file has a header row but no rows below it\n");
    EXPECT("csv", "\n\n", "error -12: the file has a header row but no rows below it\n");
    EXPECT("csv", "", "error -12: the file is empty\n");
}

static void test_every_row_counts(void **state)
{
    (void)state;
    struct rag_buf file;
    struct collected c;
    rag_buf_init(&file, 1 << 20);
    rag_buf_adds(&file, "PassengerId,Survived,Name\n");
    for (int i = 1; i <= 891; i++)
        rag_buf_printf(&file, "%d,%d,\"Name, Mr. %d\"\n", i, i % 2, i);
    collect(&c, "csv", file.p, file.n, NULL);
    size_t records = 0;
    for (const char *p = c.log.p; (p = strstr(p, "record row ")); p++)
        records++;
    assert_int_equal(records, 891);
    assert_non_null(strstr(c.log.p, ": PassengerId:891\nSurvived:1\nName:Name, Mr. 891\n"));
    rag_buf_free(&c.log);
    rag_buf_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_become_records), cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_delimiters),          cmocka_unit_test(test_options),
        cmocka_unit_test(test_nothing_to_read),     cmocka_unit_test(test_every_row_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
