/* split.c: cuts text into units, and units that are too long into smaller ones. */
#include <utf8proc.h>

#include "chunk/parts.h"
#include "text/sentence.h"
#include "text/utf8.h"

/* too_long: [begin, end) is known not to fit. */
static int split(struct rag_cut *c, size_t begin, size_t end, rag_unit_fn *const *units, bool too_long)
{
    int rc = 0;
    for (size_t at = begin, next; at < end && !rc; at = next) {
        next = units[0](rag_buf_str(&c->section.text), at, end);
        bool whole = too_long && at == begin && next == end;
        int room = c->size - c->lead_tokens;
        int cost = whole && units[1] ? room + 1 : rag_cut_cost(c, at, next);
        if (cost < 0)
            rc = cost;
        else if (cost <= room || !units[1])
            rc = rag_cut_add(c, at, next, cost);
        else
            rc = split(c, at, next, units + 1, true);
    }
    return rc;
}

int rag_split_by(struct rag_cut *c, size_t begin, size_t end, rag_unit_fn *const *units)
{
    return split(c, begin, end, units, false);
}

size_t rag_skip_space(struct rag_str text, size_t at, size_t end)
{
    for (size_t next = at; at < end; at = next)
        if (!rag_utf8_is_space(rag_utf8_next(text, &next)))
            break;
    return at;
}

size_t rag_unit_line(struct rag_str text, size_t at, size_t end)
{
    const char *nl = memchr(text.p + at, '\n', end - at);
    return nl ? rag_skip_space(text, (size_t)(nl - text.p) + 1, end) : end;
}

static bool is_ascii_digit(struct rag_str text, size_t at)
{
    return at < text.n && text.p[at] >= '0' && text.p[at] <= '9';
}

/* A phrase ends at , . ; ? ! and their Chinese forms, but not inside 1,000, 3.14 or a.b.com. */
static bool ends_phrase(struct rag_str text, uint32_t cp, size_t after)
{
    switch (cp) {
    case ',':
    case ';':
    case '?':
    case '!':
        return !is_ascii_digit(text, after);
    case '.':
        return after >= text.n || text.p[after] <= ' ';
    case 0x3001: /* 、 */
    case 0x3002: /* 。 */
    case 0xFF0C: /* ， */
    case 0xFF1B: /* ； */
    case 0xFF1F: /* ？ */
    case 0xFF01: /* ！ */
        return true;
    default:
        return false;
    }
}

size_t rag_unit_phrase(struct rag_str text, size_t at, size_t end)
{
    bool ended = false;
    while (at < end) {
        size_t after = at;
        uint32_t cp = rag_utf8_next(text, &after);
        bool ends = ends_phrase(text, cp, after);
        if (ended && !ends)
            break;
        ended = ends;
        at = after;
    }
    return rag_skip_space(text, at, end);
}

size_t rag_unit_word(struct rag_str text, size_t at, size_t end)
{
    for (size_t next = at; at < end; at = next)
        if (rag_utf8_is_space(rag_utf8_next(text, &next)))
            break;
    return rag_skip_space(text, at, end);
}

/* A few characters as readers see them: an emoji family or a letter with its accents stays whole. */
size_t rag_unit_characters(struct rag_str text, size_t at, size_t end)
{
    enum { CHARACTERS = 4, CODE_POINTS = 64 };
    utf8proc_int32_t state = 0, last = 0;
    for (int characters = 0, n = 0; at < end && n < CODE_POINTS; n++) {
        size_t next = at;
        utf8proc_int32_t cp = (utf8proc_int32_t)rag_utf8_next(text, &next);
        if (n > 0 && utf8proc_grapheme_break_stateful(last, cp, &state) && ++characters == CHARACTERS)
            break;
        last = cp;
        at = next;
    }
    return at;
}

size_t rag_unit_sentence(struct rag_str text, size_t at, size_t end)
{
    return rag_sentence_end((struct rag_str){text.p, end}, at);
}
