/* sentence.c: finds where English and Chinese sentences end, by rules. */
#include "text/sentence.h"

#include <stdbool.h>
#include <stdlib.h>

#include "text/utf8.h"

/* Words whose full stop does not end a sentence, in order of strcmp. */
static const char *const abbreviations[] = {
    "al",  "approx", "apr", "art",  "aug", "ave", "capt", "cf",   "ch",  "col",  "dec",  "dept",
    "dr",  "e.g",    "ed",  "eds",  "eq",  "est", "ex",   "feb",  "fig", "figs", "gen",  "gov",
    "hon", "i.e",    "jan", "jr",   "jul", "jun", "lt",   "mar",  "mr",  "mrs",  "ms",   "mt",
    "no",  "nos",    "nov", "oct",  "p",   "ph",  "pp",   "prof", "ref", "refs", "rep",  "rev",
    "sec", "sen",    "sep", "sept", "sgt", "sr",  "st",   "tab",  "viz", "vol",  "vols", "vs"};

static int by_name(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* The word that ends before text.p[dot]: letters with full stops between them, as in "e.g" and "U.S". */
static struct rag_str word_before(struct rag_str text, size_t start, size_t dot)
{
    size_t from = dot;
    while (from > start && (is_letter(text.p[from - 1]) || text.p[from - 1] == '.'))
        from--;
    return (struct rag_str){text.p + from, dot - from};
}

static bool is_abbreviation(struct rag_str word)
{
    char low[8];
    if (word.n >= sizeof low)
        return false;
    for (size_t i = 0; i < word.n; i++)
        low[i] = is_upper(word.p[i]) ? (char)(word.p[i] + 32) : word.p[i];
    low[word.n] = '\0';
    return bsearch(low, abbreviations, sizeof abbreviations / sizeof *abbreviations, sizeof *abbreviations,
                   by_name) != NULL;
}

/* "1." at the start of a line counts an item of a list. */
static bool is_list_number(struct rag_str text, size_t start, size_t dot)
{
    size_t from = dot;
    while (from > start && text.p[from - 1] >= '0' && text.p[from - 1] <= '9')
        from--;
    if (from == dot || dot - from > 3)
        return false;
    while (from > start && (text.p[from - 1] == ' ' || text.p[from - 1] == '\t'))
        from--;
    return from == start || text.p[from - 1] == '\n';
}

/* text.p[dot] is a full stop, next the first character of the word after it. */
static bool full_stop_ends(struct rag_str text, size_t start, size_t dot, size_t next)
{
    if (next < text.n && text.p[next] >= 'a' && text.p[next] <= 'z')
        return false;
    struct rag_str word = word_before(text, start, dot);
    if (word.n == 0)
        return !is_list_number(text, start, dot);
    /* An initial, or the end of U.S. and Ph.D. */
    if (is_upper(word.p[word.n - 1]) && (word.n == 1 || word.p[word.n - 2] == '.'))
        return next >= text.n;
    return !is_abbreviation(word);
}

static bool closes(uint32_t cp)
{
    switch (cp) {
    case '"':
    case '\'':
    case ')':
    case ']':
    case '}':
    case 0x2019: /* ’ */
    case 0x201D: /* ” */
    case 0x00BB: /* » */
    case 0x300D: /* 」 */
    case 0x300F: /* 』 */
    case 0xFF09: /* ） */
    case 0x3011: /* 】 */
    case 0x300B: /* 》 */
        return true;
    default:
        return false;
    }
}

static bool ends_chinese(uint32_t cp)
{
    return cp == 0x3002 /* 。 */ || cp == 0xFF01 /* ！ */ || cp == 0xFF1F /* ？ */ || cp == 0xFF1B /* ； */ ||
           cp == 0x2026 /* … */ || cp == 0xFF0E /* ． */;
}

static bool ends_ascii(uint32_t cp)
{
    return cp == '.' || cp == '!' || cp == '?';
}

static size_t skip_space(struct rag_str text, size_t at)
{
    while (at < text.n) {
        size_t next = at;
        if (!rag_utf8_is_space(rag_utf8_next(text, &next)))
            break;
        at = next;
    }
    return at;
}

/* Behind closing quotes and further marks such as "?!". */
static size_t skip_marks(struct rag_str text, size_t at)
{
    for (size_t next = at; at < text.n; at = next) {
        uint32_t cp = rag_utf8_next(text, &next);
        if (!closes(cp) && !ends_ascii(cp) && !ends_chinese(cp))
            break;
    }
    return at;
}

/* A line break ends a sentence when the next line is empty, an item of a list, a table row or a heading. */
static bool line_break_ends(struct rag_str text, size_t at)
{
    while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '\r'))
        at++;
    if (at >= text.n || text.p[at] == '\n' || text.p[at] == '|' || text.p[at] == '#')
        return true;
    if (at + 1 < text.n && strchr("-*+", text.p[at]) && text.p[at + 1] == ' ')
        return true;
    if (text.n - at > 3 && !memcmp(text.p + at, "\xE2\x80\xA2", 3)) /* • */
        return true;
    size_t digits = at;
    while (digits < text.n && digits < at + 3 && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    return digits > at && digits < text.n && (text.p[digits] == '.' || text.p[digits] == ')');
}

/* Bytes that may start a mark or a line break; all others are passed over quickly. */
static bool may_end(unsigned char b)
{
    return b == '.' || b == '!' || b == '?' || b == '\n' || b == 0xE2 || b == 0xE3 || b == 0xEF;
}

size_t rag_sentence_end(struct rag_str text, size_t from)
{
    size_t at = skip_space(text, from);
    bool own_line = at < text.n && (text.p[at] == '|' || text.p[at] == '#');
    while (at < text.n) {
        if (!may_end((unsigned char)text.p[at])) {
            at++;
            continue;
        }
        size_t mark = at;
        uint32_t cp = rag_utf8_next(text, &at);
        if (cp == '\n') {
            if (own_line || line_break_ends(text, at))
                return skip_space(text, at);
        } else if (ends_chinese(cp)) {
            return skip_space(text, skip_marks(text, at));
        } else if (ends_ascii(cp)) {
            size_t after = skip_marks(text, at), next = skip_space(text, after);
            bool open_end = after >= text.n || next > after || (unsigned char)text.p[after] >= 0xE3;
            if (open_end && (cp != '.' || full_stop_ends(text, from, mark, next)))
                return next;
            at = after;
        }
    }
    return text.n;
}
