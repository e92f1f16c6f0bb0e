/* test_utf8.c: strict validation, decoding, cleaning, cutting and character classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/utf8.h"

/* Straight from the definition: decode by shifts, then refuse what is overlong, a surrogate or too large. */
static bool reference_valid(const unsigned char *p, size_t n)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < n;) {
        int len = p[i] < 0x80             ? 1
                  : (p[i] & 0xE0) == 0xC0 ? 2
                  : (p[i] & 0xF0) == 0xE0 ? 3
                  : (p[i] & 0xF8) == 0xF0 ? 4
                                          : 0;
        if (!len || i + (size_t)len > n)
            return false;
        uint32_t cp = len == 1 ? p[i] : p[i] & (0xFFu >> (len + 1));
        for (int k = 1; k < len; k++) {
            if ((p[i + (size_t)k] & 0xC0) != 0x80)
                return false;
            cp = cp << 6 | (p[i + (size_t)k] & 0x3F);
        }
        if (cp < smallest[len] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
            return false;
        i += (size_t)len;
    }
    return true;
}

static void test_every_short_sequence(void **state)
{
    (void)state;
    unsigned char p[4];
    for (unsigned lead = 0; lead < 256; lead++)
        for (unsigned second = 0; second < 256; second++)
            for (unsigned rest = 0; rest < 9; rest++) {
                static const unsigned char tails[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0};
                p[0] = (unsigned char)lead;
                p[1] = (unsigned char)second;
                p[2] = tails[rest % 3 + 1];
                p[3] = tails[rest / 3 + 2];
                for (size_t n = 1; n <= 4; n++)
                    assert_int_equal(rag_utf8_valid((struct rag_str){(char *)p, n}), reference_valid(p, n));
            }
}

static void test_bad_byte_after_ascii_run(void **state)
{
    (void)state;
    char text[40];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'a', sizeof text);
        text[at] = (char)0x80;
        assert_false(rag_utf8_valid((struct rag_str){text, sizeof text}));
    }
}

static void test_put_and_next_agree(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char out[4];
        size_t at = 0;
        int n = rag_utf8_put(cp, out);
        uint32_t back = rag_utf8_next((struct rag_str){out, (size_t)n}, &at);
        uint32_t want = cp >= 0xD800 && cp <= 0xDFFF ? 0xFFFD : cp;
        if (back != want || at != (size_t)n)
            fail_msg("U+%04X became U+%04X in %zu of %d bytes", cp, back, at, n);
    }
}

static void test_next_on_invalid_advances_by_one(void **state)
{
    (void)state;
    struct rag_str s = RAG_STR("\xE4\xB8"
                               "a");
    size_t at = 0;
    assert_int_equal(rag_utf8_next(s, &at), 0xFFFD);
    assert_int_equal(at, 1);
    assert_int_equal(rag_utf8_next(s, &at), 0xFFFD);
    assert_int_equal(rag_utf8_next(s, &at), 'a');
    assert_int_equal(at, 3);
}

static void test_clean(void **state)
{
    (void)state;
    struct rag_buf b;
    rag_buf_init(&b, 1000);
    rag_utf8_clean(&b, RAG_STR("a\0b\xFF\xE4\xB8\xADz\xE4\xB8"));
    assert_string_equal(b.p, "ab\xEF\xBF\xBD\xE4\xB8\xADz\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_true(rag_utf8_valid(rag_buf_str(&b)));
    rag_buf_reset(&b);
    assert_int_equal(rag_utf8_clean(&b, (struct rag_str){NULL, 0}), 0);
    assert_int_equal(b.n, 0);
    rag_buf_free(&b);
}

static void test_floor(void **state)
{
    (void)state;
    struct rag_str s = RAG_STR("a\xE4\xB8\xAD\xF0\x9F\x98\x80z");
    static const size_t want[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
    for (size_t n = 0; n < sizeof want / sizeof want[0]; n++)
        assert_int_equal(rag_utf8_floor(s, n), want[n]);
    /* Nothing to keep whole in bytes that are no code point. */
    assert_int_equal(rag_utf8_floor(RAG_STR("\x80\x80\x80\x80\x80\x80"), 5), 5);
    assert_int_equal(rag_utf8_floor(RAG_STR("\xE4"
                                            "abc"),
                                    1),
                     1);
}

static void test_classes(void **state)
{
    (void)state;
    static const uint32_t yes[] = {0x4E2D, 0x3042, 0x30AB, 0xD55C,  0x20000,
                                   0x3007, 0xF900, 0xFF76, 0x30000, 0x3105};
    static const uint32_t no[] = {'a', 0xE9, 0x3002, 0x30FB, 0xFF0C, 0x1F600, 0x10FFFF, 0x0E01};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(rag_utf8_is_cjk(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(rag_utf8_is_cjk(no[i]));
    assert_true(rag_utf8_is_space(' ') && rag_utf8_is_space('\n') && rag_utf8_is_space(0x3000));
    assert_true(rag_utf8_is_space(0xA0) && rag_utf8_is_space(0x2028) && rag_utf8_is_space(0x85));
    assert_false(rag_utf8_is_space('a') || rag_utf8_is_space(0x200B) || rag_utf8_is_space(0x4E2D));
    assert_true(rag_utf8_is_punct('.') && rag_utf8_is_punct('$') && rag_utf8_is_punct('~'));
    assert_true(rag_utf8_is_punct(0x3002) && rag_utf8_is_punct(0xFF0C) && rag_utf8_is_punct(0x2014));
    assert_false(rag_utf8_is_punct('a') || rag_utf8_is_punct(' ') || rag_utf8_is_punct(0x4E2D));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_short_sequence),
        cmocka_unit_test(test_bad_byte_after_ascii_run),
        cmocka_unit_test(test_put_and_next_agree),
        cmocka_unit_test(test_next_on_invalid_advances_by_one),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_floor),
        cmocka_unit_test(test_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
