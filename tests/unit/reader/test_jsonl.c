/* test_jsonl.c: one record per line. */
#include "collect.h"

static void test_lines(void **state)
{
    (void)state;
    EXPECT("jsonl", "{\"question\": \"335块\", \"answer\": \"订单报价\"}\n\n  [1, 2]  \r\n",
           "record row 1 0-48: {\"question\": \"335块\", \"answer\": \"订单报价\"}\nrecord row 3 52-58: [1, "
           "2]\n");
}

static void test_broken_lines_are_kept_and_counted(void **state)
{
    (void)state;
    EXPECT("jsonl", "{\"a\": 1}\n{\"a\": \nplain\n",
           "record row 1 0-8: {\"a\": 1}\nrecord row 2 9-14: {\"a\":\nrecord row 3 16-21: plain\n"
           "warning: 2 of 3 lines are not valid JSON (the first is line 2); they were kept as text\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_broken_lines_are_kept_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
