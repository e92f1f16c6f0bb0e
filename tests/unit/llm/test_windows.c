/* test_windows.c: context windows by model name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "llm/llm.h"

static int window(const char *model, int configured)
{
    const struct rag_llm_opts opts = {.model = model, .context_window = configured};
    return rag_llm_window(&opts);
}

static void test_windows(void **state)
{
    (void)state;
    assert_int_equal(window("qwen-max", 0), 32768);
    assert_int_equal(window("qwen-max-latest", 0), 32768);
    assert_int_equal(window("qwen-max-1201", 0), 8192);
    assert_int_equal(window("qwen-max-longcontext", 0), 30720);
    assert_int_equal(window("qwen-plus", 0), 131072);
    assert_int_equal(window("Qwen/Qwen2-72B-Instruct", 0), 32768);
    assert_int_equal(window("qwen2-1.5b-instruct", 0), 30720);
    assert_int_equal(window("gpt-4o-mini", 0), 128000);
    assert_int_equal(window("gpt-4", 0), 8192);
    assert_int_equal(window("my-own-model", 0), 8192);
    assert_int_equal(window("", 0), 8192);
    assert_int_equal(window(NULL, 0), 8192);
    assert_int_equal(window("qwen-max", 4096), 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
