/* segment_word.c: terms of one word of letters and digits: stems, parts of compounds, acronyms, c++. */
#include <libstemmer.h>
#include <string.h>

#include "text/segment_parts.h"
#include "text/utf8.h"

bool rag_word_add(struct rag_word *w, const struct rag_glyph *g, char join)
{
    bool digit = g->cp >= '0' && g->cp <= '9', letter = g->cp >= 'a' && g->cp <= 'z';
    struct rag_word_part *p = w->parts ? &w->part[w->parts - 1] : NULL;
    bool same = p && (join == 0 || join == '\'' || (join == '.' && digit && p->digit_last));
    if (w->n + 1 + 4 > RAG_WORD_MAX || (!same && w->parts == RAG_WORD_PARTS))
        return false;
    if (join)
        w->text[w->n++] = join;
    if (!same) {
        p = &w->part[w->parts++];
        *p = (struct rag_word_part){.from = w->n, .begin = g->begin, .letters = true};
    }
    w->n += rag_utf8_put(g->cp, w->text + w->n);
    p->to = w->n;
    p->end = g->end;
    p->letters = p->letters && letter && (join == 0 || join == '\'' || !same);
    p->digit_last = digit;
    return true;
}

/* Copies s without apostrophes; returns the length. */
static size_t without_apostrophes(struct rag_str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\'')
            out[n++] = s.p[i];
    return n;
}

/* "what's" is as empty as "what", "don't" as "dont". */
static bool is_stop(struct rag_str s)
{
    char plain[RAG_WORD_MAX];
    if (s.n > 2 && !memcmp(s.p + s.n - 2, "'s", 2))
        s.n -= 2;
    size_t n = without_apostrophes(s, plain);
    return rag_stopword((struct rag_str){plain, n});
}

static int emit_part(const struct rag_word *w, const struct rag_word_part *p, struct sb_stemmer *stemmer,
                     struct rag_term_sink *k)
{
    struct rag_str s = {w->text + p->from, (size_t)(p->to - p->from)};
    if (!p->letters)
        return rag_term_emit(k, s, p->begin, p->end);
    if (k->drop_stops && is_stop(s)) {
        k->dropped++;
        return 0;
    }
    if (s.n > 2) {
        const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)s.p, (int)s.n);
        if (!stem)
            return RAG_ENOMEM;
        s = (struct rag_str){(const char *)stem, (size_t)sb_stemmer_length(stemmer)};
    }
    char plain[RAG_WORD_MAX];
    if (memchr(s.p, '\'', s.n))
        s = (struct rag_str){plain, without_apostrophes(s, plain)};
    return rag_term_emit(k, s, p->begin, p->end);
}

static bool ends_word(struct rag_str source, size_t at)
{
    if (at >= source.n)
        return true;
    unsigned char c = (unsigned char)source.p[at] | 32u;
    return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || source.p[at] == '_');
}

/* How many bytes after the word belong to its name: 2 for c++ and notepad++, 1 for c#, else 0. */
static size_t name_suffix(const struct rag_word *w, struct rag_str source)
{
    const struct rag_word_part *last = &w->part[w->parts - 1];
    const char *p = source.p + last->end;
    size_t left = source.n - last->end;
    if (!last->letters)
        return 0;
    if (left >= 2 && p[0] == '+' && p[1] == '+' && ends_word(source, last->end + 2) &&
        (left < 3 || p[2] != '+'))
        return 2;
    if (left >= 1 && p[0] == '#' && w->n <= 2 && ends_word(source, last->end + 1))
        return 1;
    return 0;
}

/* U.S. and R&D: every part is one letter. */
static bool is_acronym(const struct rag_word *w)
{
    for (int i = 0; i < w->parts; i++)
        if (w->part[i].to - w->part[i].from != 1 || !w->part[i].letters)
            return false;
    return w->parts > 1;
}

static int emit_acronym(const struct rag_word *w, struct rag_term_sink *k)
{
    char joined[RAG_WORD_PARTS];
    for (int i = 0; i < w->parts; i++)
        joined[i] = w->text[w->part[i].from];
    return rag_term_emit(k, (struct rag_str){joined, (size_t)w->parts}, w->part[0].begin,
                         w->part[w->parts - 1].end);
}

static int emit_word(struct rag_word *w, struct sb_stemmer *stemmer, struct rag_str source,
                     struct rag_term_sink *k)
{
    size_t begin = w->part[0].begin, end = w->part[w->parts - 1].end, suffix = name_suffix(w, source);
    int rc = 0;
    if (suffix) {
        memcpy(w->text + w->n, source.p + end, suffix);
        rc = rag_term_emit(k, (struct rag_str){w->text, (size_t)w->n + suffix}, begin, end + suffix);
        if (w->n <= 2)
            return rc; /* "c" alone would find every c++ */
    }
    if (!rc && is_acronym(w))
        return emit_acronym(w, k);
    if (!rc && w->parts > 1)
        rc = rag_term_emit(k, (struct rag_str){w->text, (size_t)w->n}, begin, end);
    for (int i = 0; i < w->parts && !rc; i++)
        rc = emit_part(w, &w->part[i], stemmer, k);
    return rc;
}

int rag_word_flush(struct rag_word *w, struct sb_stemmer *stemmer, struct rag_str source,
                   struct rag_term_sink *k)
{
    int rc = w->n ? emit_word(w, stemmer, source, k) : 0;
    w->n = w->parts = 0;
    return rc;
}
