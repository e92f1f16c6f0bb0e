/* test_multipart.c: multipart/form-data in every split, and how parameters are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/multipart.h"

static int on_part(void *ud, struct rag_str name, struct rag_str file_name, struct rag_err *err)
{
    (void)err;
    return rag_buf_printf(ud, "{%.*s|%.*s}", RAG_STR_ARG(name), file_name.p ? (int)file_name.n : 1,
                          file_name.p ? file_name.p : "-");
}

static int on_data(void *ud, struct rag_str data, struct rag_err *err)
{
    (void)err;
    assert_true(data.n > 0);
    return rag_buf_addstr(ud, data);
}

/* Parses body cut at a and b; the events as text, or the error. */
static const char *parse(const char *content_type, struct rag_str body, size_t a, size_t b)
{
    static struct rag_buf out;
    struct rag_multipart m;
    struct rag_err err = {0};
    rag_buf_free(&out);
    rag_buf_init(&out, 10000);
    int rc = rag_multipart_init(&m, content_type, &err);
    m.on_part = on_part;
    m.on_data = on_data;
    m.ud = &out;
    const size_t cuts[] = {0, a, b, body.n};
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = rag_multipart_feed(&m, (struct rag_str){body.p + cuts[i], cuts[i + 1] - cuts[i]}, &err);
    if (rc == 0)
        rc = rag_multipart_finish(&m, &err);
    rag_multipart_free(&m);
    if (rc != 0) {
        rag_buf_reset(&out);
        rag_buf_adds(&out, err.msg);
    }
    return out.p ? out.p : "";
}

#define FORM "multipart/form-data; charset=x; boundary=\"b c\""

static void test_every_split(void **state)
{
    (void)state;
    static const char body[] =
        "preamble\r\n--b \r\n--b c \t\r\n"
        "Content-Disposition: form-data; name=a\r\n\r\n"
        "\r\r\n-\r\n--\r\n--b\r\n--b c\r\n"
        "Content-Type: text/plain\r\ncontent-disposition:form-data;name=\"f\"; filename=\"\"\r\n\r\n"
        "\r\n--b c\r\n"
        "Content-Disposition: form-data; filename=\"x;name=y.txt\"; name=\"n\"\r\n\r\n"
        "end\r\n\r\n--b c--epilogue\r\n--b c\r\n";
    const size_t n = sizeof body - 1;
    for (size_t a = 0; a <= n; a++)
        for (size_t b = a; b <= n; b++)
            assert_string_equal(parse(FORM, RAG_STR(body), a, b),
                                "{a|-}\r\r\n-\r\n--\r\n--b{f|}{n|x;name=y.txt}end\r\n");
}

static const char *file_name(const char *parameters)
{
    static char body[1000];
    int n =
        snprintf(body, sizeof body,
                 "--b c\r\nContent-Disposition: form-data; name=\"n\"; %s\r\n\r\n\r\n--b c--", parameters);
    return parse(FORM, (struct rag_str){body, (size_t)n}, 0, 0);
}

static void test_file_names(void **state)
{
    (void)state;
    assert_string_equal(file_name("filename=plain.txt"), "{n|plain.txt}");
    assert_string_equal(file_name("filename=\"a \\\"b\\\" \\\\c.txt\""), "{n|a \"b\" \\c.txt}");
    assert_string_equal(file_name("filename=\"C:\\dir\\file.txt\""), "{n|C:\\dir\\file.txt}");
    assert_string_equal(file_name("filename=\"中文.txt\""), "{n|中文.txt}");
    assert_string_equal(file_name("filename=\"x\"; filename*=UTF-8''%E4%B8%AD%20a.txt"), "{n|中 a.txt}");
    assert_string_equal(file_name("filename*=utf-8'zh'%e4%b8%ad%zz"), "{n|中%zz}");
    assert_string_equal(file_name("filename=\"x\"; filename*=latin1''%E4"), "{n|x}");
    assert_string_equal(file_name("filename=\"open"), "{n|open}");
}

static void refuse(const char *content_type, struct rag_str body, const char *part)
{
    const char *text = parse(content_type, body, 0, 0);
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in \"%s\"", part, text);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("multipart/form-data", RAG_STR(""), "names no boundary");
    refuse("multipart/form-data; boundary=\"a\tb\"", RAG_STR(""), "invalid character");
    refuse("multipart/form-data; boundary="
           "12345678901234567890123456789012345678901234567890123456789012345678901",
           RAG_STR(""), "longer than 70");
    refuse(FORM, RAG_STR(""), "before its final boundary");
    refuse(FORM, RAG_STR("--b c\r\nContent-Disposition: form-data; name=a\r\n\r\nxx\r\n--b c"),
           "final boundary");
    refuse(FORM, RAG_STR("--b cd\r\n"), "boundary line");
    refuse(FORM, RAG_STR("--b c\n"), "boundary line");
    refuse(FORM, RAG_STR("--b c-x"), "boundary line");
    refuse(FORM, RAG_STR("--b c\0\r\n"), "boundary line");
    refuse(FORM, RAG_STR("--b c\r\n\r\n"), "no Content-Disposition");
    refuse(FORM, RAG_STR("--b c\r\nContent-Disposition: form-data; filename=a\r\n\r\n"),
           "no Content-Disposition");
    refuse(FORM, RAG_STR("--b c\r\nContent-Disposition: form-data; name=a\0b\r\n\r\n"), "NUL");
    static char big[9000] = "--b c\r\n";
    memset(big + 7, 'h', sizeof big - 7);
    refuse(FORM, (struct rag_str){big, sizeof big}, "larger than 8192 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_file_names),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
