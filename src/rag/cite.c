/* cite.c: checks the citations of an answer by the terms that sentence and passage share. */
#include "rag/cite.h"

#include <ctype.h>
#include <stdlib.h>

#include "text/sentence.h"

enum { MAX_CITATIONS = 256, MAX_TERMS = 65536 };

/* A set of terms: sorted 64-bit hashes. A collision could only make a claim look better by one term in 2^64.
 */
struct terms {
    uint64_t *v;
    size_t n, cap;
    struct rag_arena *a;
};

static int add_term(void *ud, struct rag_str term, size_t begin, size_t end)
{
    struct terms *t = ud;
    (void)begin;
    (void)end;
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < term.n; i++)
        h = (h ^ (unsigned char)term.p[i]) * 1099511628211u;
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        uint64_t *v = cap <= MAX_TERMS ? rag_arena_array(t->a, cap, sizeof *v) : NULL;
        if (!v)
            return 1;
        if (t->n)
            memcpy(v, t->v, t->n * sizeof *v);
        t->v = v;
        t->cap = cap;
    }
    t->v[t->n++] = h;
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static struct terms term_set(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str text)
{
    struct terms t = {.a = a};
    rag_segment(seg, text, true, add_term, &t);
    if (t.n)
        qsort(t.v, t.n, sizeof *t.v, compare);
    size_t kept = 0;
    for (size_t i = 0; i < t.n; i++)
        if (i == 0 || t.v[i] != t.v[i - 1])
            t.v[kept++] = t.v[i];
    t.n = kept;
    return t;
}

static double share(const struct terms *claim, const struct terms *passage)
{
    size_t found = 0;
    for (size_t i = 0; i < claim->n && passage->n; i++)
        if (bsearch(&claim->v[i], passage->v, passage->n, sizeof *passage->v, compare))
            found++;
    return claim->n ? (double)found / (double)claim->n : 0;
}

double rag_cite_support(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str claim,
                        struct rag_str passage)
{
    struct terms c = term_set(seg, a, claim), p = term_set(seg, a, passage);
    return share(&c, &p);
}

/* Reads "[12]", "[1, 2]" or "【3】" at `at`. Returns bytes, 0 when it is no marker; numbers go to out (at
 * most 8). */
static size_t read_marker(struct rag_str s, size_t at, int out[8], size_t *n)
{
    static const char open_cjk[] = "\xe3\x80\x90", close_cjk[] = "\xe3\x80\x91";
    size_t i = at;
    bool cjk = s.n - at >= 3 && !memcmp(s.p + at, open_cjk, 3);
    *n = 0;
    if (!cjk && s.p[at] != '[')
        return 0;
    i += cjk ? 3 : 1;
    for (;;) {
        while (i < s.n && s.p[i] == ' ')
            i++;
        long v = 0;
        size_t digits = i;
        while (i < s.n && isdigit((unsigned char)s.p[i]) && i - digits < 4)
            v = 10 * v + (s.p[i++] - '0');
        if (i == digits || *n == 8)
            return 0;
        out[(*n)++] = (int)v;
        while (i < s.n && s.p[i] == ' ')
            i++;
        if (i < s.n && s.p[i] == ',') {
            i++;
            continue;
        }
        if (cjk && s.n - i >= 3 && !memcmp(s.p + i, close_cjk, 3))
            return i + 3 - at;
        if (!cjk && i < s.n && s.p[i] == ']')
            return (i + 1 < s.n && s.p[i + 1] == '(') ? 0 : i + 1 - at; /* "[1](url)" is a link */
        return 0;
    }
}

/* Begin of the sentence that a marker at `marker` belongs to: the last sentence that holds text before it. */
static size_t sentence_begin(struct rag_str answer, size_t marker)
{
    size_t begin = 0;
    struct rag_str before = {answer.p, marker};
    for (size_t at = 0; at < before.n;) {
        size_t end = rag_sentence_end(before, at), d;
        int numbers[8];
        /* A piece that is only markers belongs to the sentence before it. */
        size_t rest = at;
        while (rest < end) {
            size_t m = read_marker(before, rest, numbers, &d);
            if (m)
                rest += m;
            else if (isspace((unsigned char)before.p[rest]))
                rest++;
            else
                break;
        }
        if (rest < end)
            begin = rest;
        at = end;
    }
    return begin;
}

int rag_cite_check(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str answer,
                   const struct rag_hits *hits, struct rag_citation **out, size_t *n, struct rag_err *err)
{
    *n = 0;
    *out = rag_arena_array(a, MAX_CITATIONS, sizeof **out);
    struct terms *passages = rag_arena_array(a, hits->n + 1, sizeof *passages);
    if (!*out || !passages)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    for (size_t at = 0; at < answer.n && *n < MAX_CITATIONS;) {
        int numbers[8];
        size_t count, bytes = read_marker(answer, at, numbers, &count);
        if (!bytes) {
            at++;
            continue;
        }
        size_t begin = sentence_begin(answer, at);
        struct terms claim = term_set(seg, a, (struct rag_str){answer.p + begin, at - begin});
        for (size_t i = 0; i < count && *n < MAX_CITATIONS; i++) {
            struct rag_citation *c = &(*out)[(*n)++];
            *c = (struct rag_citation){.number = numbers[i], .begin = begin, .end = at};
            if (numbers[i] < 1 || (size_t)numbers[i] > hits->n)
                continue;
            struct terms *p = &passages[numbers[i] - 1];
            if (!p->a)
                *p = term_set(seg, a, hits->v[numbers[i] - 1].text);
            c->valid = true;
            c->support = share(&claim, p);
        }
        at += bytes;
    }
    return 0;
}
