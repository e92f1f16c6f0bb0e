/* sentence.c: finds where a sentence ends, by rules. */
#include "text/sentence.h"

#include <ctype.h>
#include <strings.h>

#include "text/utf8.h"

static bool is_cjk_stop(uint32_t cp)
{
    return cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F || cp == 0xFF1B || cp == 0x2026; /* 。！？；… */
}

static bool is_closer(uint32_t cp)
{
    switch (cp) {
    case '"':
    case '\'':
    case ')':
    case ']':
    case '}':
    case 0x2019: /* ’ */
    case 0x201D: /* ” */
    case 0x300D: /* 」 */
    case 0x300F: /* 』 */
    case 0xFF09: /* ） */
    case 0x300B: /* 》 */
        return true;
    }
    return false;
}

/* Word before the dot at `dot`: an abbreviation, a single initial, or dotted like "e.g" and "U.S". */
static bool is_abbreviation(struct rag_str t, size_t from, size_t dot)
{
    static const char *const known[] = {
        "mr",  "mrs", "ms",   "dr",  "prof",   "st",  "jr",   "sr",   "vs",  "etc", "inc", "ltd",
        "co",  "no",  "vol",  "fig", "figs",   "eq",  "sec",  "ch",   "pp",  "ed",  "eds", "al",
        "cf",  "ca",  "dept", "est", "approx", "gen", "col",  "capt", "sgt", "rev", "hon", "jan",
        "feb", "mar", "apr",  "jun", "jul",    "aug", "sept", "oct",  "nov", "dec"};
    size_t begin = dot;
    while (begin > from && (isalpha((unsigned char)t.p[begin - 1]) || t.p[begin - 1] == '.'))
        begin--;
    size_t n = dot - begin;
    if (n == 0)
        return false;
    if (n == 1)
        return isupper((unsigned char)t.p[begin]) && t.p[begin] != 'I';
    if (memchr(t.p + begin, '.', n))
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == n && !strncasecmp(t.p + begin, known[i], n))
            return true;
    return false;
}

static size_t skip_closers(struct rag_str t, size_t at)
{
    while (at < t.n) {
        size_t next = at;
        uint32_t cp = rag_utf8_next(t, &next);
        if (!is_closer(cp) && !is_cjk_stop(cp) && cp != '.' && cp != '!' && cp != '?')
            break;
        at = next;
    }
    return at;
}

static size_t skip_space(struct rag_str t, size_t at)
{
    while (at < t.n) {
        size_t next = at;
        if (!rag_utf8_is_space(rag_utf8_next(t, &next)))
            break;
        at = next;
    }
    return at;
}

/* A dot, ! or ? at `at` ends the sentence; *after is behind the marks and closers. */
static bool latin_stop(struct rag_str t, size_t from, size_t at, size_t *after)
{
    *after = skip_closers(t, at + 1);
    if (*after >= t.n)
        return true;
    size_t next = *after;
    uint32_t cp = rag_utf8_next(t, &next);
    if (!rag_utf8_is_space(cp))
        return rag_utf8_is_cjk(cp) && t.p[at] != '.';
    if (t.p[at] != '.')
        return true;
    size_t word = skip_space(t, *after);
    if (word < t.n && islower((unsigned char)t.p[word]))
        return false;
    /* "1. First": the number of a list item is no sentence. */
    size_t digits = at;
    while (digits > from && isdigit((unsigned char)t.p[digits - 1]))
        digits--;
    if (digits < at && digits == from)
        return false;
    return !is_abbreviation(t, from, at);
}

/* The line that begins at `at` is a list item, a table row, a heading, or empty. */
static bool starts_own_line(struct rag_str t, size_t at)
{
    while (at < t.n && (t.p[at] == ' ' || t.p[at] == '\t'))
        at++;
    if (at >= t.n || t.p[at] == '\n' || t.p[at] == '\r' || t.p[at] == '|' || t.p[at] == '#')
        return true;
    if ((t.p[at] == '-' || t.p[at] == '*' || t.p[at] == '+') && at + 1 < t.n && t.p[at + 1] == ' ')
        return true;
    size_t d = at;
    while (d < t.n && isdigit((unsigned char)t.p[d]))
        d++;
    return d > at && d + 1 < t.n && (t.p[d] == '.' || t.p[d] == ')') && t.p[d + 1] == ' ';
}

size_t rag_sentence_end(struct rag_str text, size_t from)
{
    size_t at = skip_space(text, from), after;
    bool own_line = at < text.n && (text.p[at] == '|' || text.p[at] == '#');
    while (at < text.n) {
        size_t here = at;
        uint32_t cp = rag_utf8_next(text, &at);
        if (is_cjk_stop(cp))
            return skip_space(text, skip_closers(text, at));
        if ((cp == '.' || cp == '!' || cp == '?') && latin_stop(text, from, here, &after))
            return skip_space(text, after);
        if (cp == '\n' && (own_line || starts_own_line(text, at)))
            return skip_space(text, at);
    }
    return text.n;
}
