/* utf8.c: validation, decoding and cleaning of UTF-8; character classes from Unicode by utf8proc. */
#include "text/utf8.h"

#include <utf8proc.h>

#include "base/err.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at p (n >= 1 bytes left), 0 when it is malformed. The ranges of the
 * second byte are those of table 3-7 of the Unicode standard: no overlong form, no surrogate, no more than
 * U+10FFFF. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        return n >= 2 && is_tail(p[1]) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        unsigned char low = c == 0xE0 ? 0xA0 : 0x80, high = c == 0xED ? 0x9F : 0xBF;
        return n >= 3 && p[1] >= low && p[1] <= high && is_tail(p[2]) ? 3 : 0;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        unsigned char low = c == 0xF0 ? 0x90 : 0x80, high = c == 0xF4 ? 0x8F : 0xBF;
        return n >= 4 && p[1] >= low && p[1] <= high && is_tail(p[2]) && is_tail(p[3]) ? 4 : 0;
    }
    return 0;
}

/* Number of leading bytes that are ASCII, eight at a time. */
static size_t ascii_run(const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t word; n - i >= 8; i += 8) {
        memcpy(&word, p + i, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    while (i < n && p[i] < 0x80)
        i++;
    return i;
}

bool rag_utf8_valid(struct rag_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        i += ascii_run(p + i, s.n - i);
        if (i == s.n)
            break;
        size_t len = sequence(p + i, s.n - i);
        if (!len)
            return false;
        i += len;
    }
    return true;
}

uint32_t rag_utf8_next(struct rag_str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t len = sequence(p, s.n - *at);
    *at += len ? len : 1;
    switch (len) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3Fu);
    case 3:
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3Fu);
    case 4:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
               (p[3] & 0x3Fu);
    default:
        return 0xFFFD;
    }
}

int rag_utf8_put(uint32_t cp, char out[4])
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

int rag_utf8_clean(struct rag_buf *out, struct rag_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t good = 0; /* start of the run that is copied as it is */
    if (!s.n)
        return out->err;
    for (size_t i = 0; i < s.n;) {
        size_t len = p[i] ? sequence(p + i, s.n - i) : 0;
        if (len) {
            i += len;
            continue;
        }
        rag_buf_add(out, s.p + good, i - good);
        if (p[i])
            rag_buf_adds(out, "\xEF\xBF\xBD");
        good = ++i;
    }
    return rag_buf_add(out, s.p + good, s.n - good);
}

size_t rag_utf8_floor(struct rag_str s, size_t n)
{
    if (n >= s.n)
        return s.n;
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t back = 1; back <= 3 && back <= n && is_tail(p[n - back + 1]); back++) {
        size_t start = n - back;
        if (!is_tail(p[start]))
            return sequence(p + start, s.n - start) > back ? start : n;
    }
    return n;
}

struct range {
    uint32_t first, last;
};

/* Scripts written without spaces between words, in ascending order. */
static const struct range cjk[] = {
    {0x1100, 0x11FF},   /* hangul jamo */
    {0x2E80, 0x2FDF},   /* radicals */
    {0x3005, 0x3007},   /* iteration mark, closing mark, zero */
    {0x3021, 0x3029},   /* Hangzhou numerals */
    {0x3031, 0x3035},   /* kana repeat marks */
    {0x3038, 0x303C},   /* Hangzhou tens, masu mark */
    {0x3041, 0x3096},   /* hiragana */
    {0x3099, 0x309F},   /* voicing and iteration marks */
    {0x30A1, 0x30FA},   /* katakana */
    {0x30FC, 0x30FF},   /* length and iteration marks (U+30FB is punctuation) */
    {0x3100, 0x31BF},   /* bopomofo, hangul compatibility jamo, kanbun */
    {0x31F0, 0x31FF},   /* katakana extensions */
    {0x3400, 0x4DBF},   /* ideographs, extension A */
    {0x4E00, 0x9FFF},   /* ideographs */
    {0xA960, 0xA97F},   /* hangul jamo extended A */
    {0xAC00, 0xD7FF},   /* hangul syllables, jamo extended B */
    {0xF900, 0xFAFF},   /* compatibility ideographs */
    {0xFF66, 0xFFDC},   /* half-width kana and hangul */
    {0x1AFF0, 0x1B16F}, /* kana extensions */
    {0x20000, 0x2FA1F}, /* extensions B to F, I, compatibility supplement */
    {0x30000, 0x323AF}, /* extensions G and H */
};

bool rag_utf8_is_cjk(uint32_t cp)
{
    if (cp < cjk[0].first)
        return false;
    size_t low = 0, high = sizeof cjk / sizeof cjk[0];
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cp > cjk[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    return low < sizeof cjk / sizeof cjk[0] && cp >= cjk[low].first;
}

bool rag_utf8_is_space(uint32_t cp)
{
    if (cp < 0x80)
        return cp == ' ' || (cp >= '\t' && cp <= '\r');
    if (cp == 0x85)
        return true;
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

bool rag_utf8_is_punct(uint32_t cp)
{
    if (cp < 0x80) /* ASCII symbols such as $ + < count too, as in BERT's tokenizer */
        return (cp > ' ' && cp < '0') || (cp > '9' && cp < 'A') || (cp > 'Z' && cp < 'a') ||
               (cp > 'z' && cp < 0x7F);
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}
