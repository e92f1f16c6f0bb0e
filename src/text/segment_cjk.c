/* segment_cjk.c: terms of one CJK run: dictionary words on the most probable path, and all bigrams.
 *
 * The path is jieba's: of all ways to cut the run into dictionary words, the one with the highest product of
 * word probabilities, found from the right by dynamic programming. Bigrams find what the dictionary does not
 * know (names, new words) and what the path cuts differently in the question than in the document. */
#include "text/segment_parts.h"
#include "text/utf8.h"

/* The run as UTF-8 and the path: at[i] is where character i starts, step[i] the length in characters of the
 * word that starts at i on the best path from i. */
struct cut {
    char utf8[RAG_RUN_MAX * 4];
    int at[RAG_RUN_MAX + 1];
    int step[RAG_RUN_MAX];
    bool stop[RAG_RUN_MAX]; /* the character belongs to a stop word */
};

static void write_utf8(const struct rag_run *r, struct cut *c)
{
    c->at[0] = 0;
    for (int i = 0; i < r->n; i++) {
        c->at[i + 1] = c->at[i] + rag_utf8_put(r->g[i].cp, c->utf8 + c->at[i]);
        c->step[i] = 1;
        c->stop[i] = false;
    }
}

static void find_path(const struct rag_run *r, const struct rag_dict *dict, struct cut *c)
{
    float best[RAG_RUN_MAX + 1];
    best[r->n] = 0;
    for (int i = r->n - 1; i >= 0; i--) {
        uint32_t node = 0;
        float weight;
        best[i] = rag_dict_unknown(dict) + best[i + 1];
        for (int j = i; j < r->n && (node = rag_dict_child(dict, node, r->g[j].cp)); j++) {
            if (!rag_dict_word(dict, node, &weight) || weight + best[j + 1] < best[i])
                continue;
            best[i] = weight + best[j + 1];
            c->step[i] = j + 1 - i;
        }
    }
}

static struct rag_str slice(const struct cut *c, int from, int to)
{
    return (struct rag_str){c->utf8 + c->at[from], (size_t)(c->at[to] - c->at[from])};
}

static void mark_stops(const struct rag_run *r, struct cut *c)
{
    for (int i = 0; i < r->n; i += c->step[i]) {
        if (!rag_stopword(slice(c, i, i + c->step[i])))
            continue;
        for (int j = 0; j < c->step[i]; j++)
            c->stop[i + j] = true;
    }
}

static int emit(const struct rag_run *r, const struct cut *c, int from, int to, struct rag_term_sink *k)
{
    if (c->stop[from] || c->stop[to - 1]) {
        k->dropped++;
        return 0;
    }
    return rag_term_emit(k, slice(c, from, to), r->g[from].begin, r->g[to - 1].end);
}

/* In order of where they begin, shorter ones first. A two-character word is its own bigram. */
static int emit_terms(const struct rag_run *r, const struct cut *c, bool words, struct rag_term_sink *k)
{
    int rc = 0, word = 0; /* where the next word of the path starts */
    for (int i = 0; i < r->n && !rc; i++) {
        int len = i == word ? c->step[i] : 0;
        if (len)
            word += len;
        bool done = i == 0 && r->carried; /* by the piece before */
        if (len == 1 && !done && (words || r->n == 1))
            rc = emit(r, c, i, i + 1, k);
        if (!rc && i + 1 < r->n)
            rc = emit(r, c, i, i + 2, k);
        if (!rc && len > 2)
            rc = emit(r, c, i, i + len, k);
    }
    return rc;
}

int rag_run_flush(struct rag_run *r, const struct rag_dict *dict, struct rag_term_sink *k)
{
    if (r->n == 0)
        return 0;
    struct cut c;
    write_utf8(r, &c);
    if (dict)
        find_path(r, dict, &c);
    if (k->drop_stops && dict)
        mark_stops(r, &c);
    int rc = emit_terms(r, &c, dict != NULL, k);
    r->n = 0;
    r->carried = false;
    return rc;
}

int rag_run_add(struct rag_run *r, const struct rag_glyph *g, const struct rag_dict *dict,
                struct rag_term_sink *k)
{
    int rc = 0;
    if (r->n == RAG_RUN_MAX) {
        struct rag_glyph last = r->g[r->n - 1];
        rc = rag_run_flush(r, dict, k);
        r->g[r->n++] = last;
        r->carried = true;
    }
    r->g[r->n++] = *g;
    return rc;
}
