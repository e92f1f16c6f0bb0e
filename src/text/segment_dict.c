/* segment_dict.c: the word list as a trie whose edges stand in one hash table.
 *
 * 349,000 words make 498,000 nodes. An edge is one 64-bit slot, parent | code point | child with 21 bits
 * each, found by open addressing on (parent, code point): 8 MB of edges and 2 MB of weights, one cache miss
 * a step, and built in one pass over the file. */
#include "text/segment_dict.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/limits.h"
#include "text/utf8.h"

#define NODE_BITS 21
#define NODE_MASK (((uint64_t)1 << NODE_BITS) - 1)
#define MAX_NODES ((uint32_t)1 << NODE_BITS)

struct rag_dict {
    uint64_t *slots; /* 0 = empty: a child is never node 0 */
    unsigned bits;   /* log2 of the number of slots */
    float *weight;   /* by node: a frequency while reading, then ln(freq / total); 0 = not a word */
    uint32_t nodes, cap;
    float unknown;
};

static uint64_t edge_key(uint32_t parent, uint32_t cp)
{
    return (uint64_t)parent << NODE_BITS | cp;
}

/* Fibonacci hashing: the top bits of the product. */
static size_t slot_of(const struct rag_dict *d, uint64_t key)
{
    return (size_t)(key * 0x9E3779B97F4A7C15u >> (64 - d->bits));
}

uint32_t rag_dict_child(const struct rag_dict *d, uint32_t node, uint32_t cp)
{
    uint64_t key = edge_key(node, cp);
    size_t mask = ((size_t)1 << d->bits) - 1;
    for (size_t i = slot_of(d, key); d->slots[i]; i = (i + 1) & mask)
        if (d->slots[i] >> NODE_BITS == key)
            return (uint32_t)(d->slots[i] & NODE_MASK);
    return 0;
}

bool rag_dict_word(const struct rag_dict *d, uint32_t node, float *weight)
{
    *weight = d->weight[node];
    return *weight != 0;
}

float rag_dict_unknown(const struct rag_dict *d)
{
    return d->unknown;
}

static void put_edge(struct rag_dict *d, uint64_t slot)
{
    size_t mask = ((size_t)1 << d->bits) - 1;
    size_t i = slot_of(d, slot >> NODE_BITS);
    while (d->slots[i])
        i = (i + 1) & mask;
    d->slots[i] = slot;
}

/* Twice the slots once they are three quarters full. */
static int grow_slots(struct rag_dict *d)
{
    size_t n = (size_t)1 << d->bits;
    if (d->nodes < n / 4 * 3)
        return 0;
    uint64_t *old = d->slots;
    d->slots = calloc(n * 2, sizeof *old);
    if (!d->slots) {
        d->slots = old;
        return RAG_ENOMEM;
    }
    d->bits++;
    for (size_t i = 0; i < n; i++)
        if (old[i])
            put_edge(d, old[i]);
    free(old);
    return 0;
}

static int add_child(struct rag_dict *d, uint32_t parent, uint32_t cp, uint32_t *child)
{
    if (d->nodes == MAX_NODES)
        return RAG_ETOOBIG;
    if (d->nodes == d->cap) {
        uint32_t cap = d->cap + d->cap / 2;
        float *w = realloc(d->weight, cap * sizeof *w);
        if (!w)
            return RAG_ENOMEM;
        d->weight = w;
        d->cap = cap;
    }
    if (grow_slots(d))
        return RAG_ENOMEM;
    *child = d->nodes++;
    d->weight[*child] = 0;
    put_edge(d, edge_key(parent, cp) << NODE_BITS | *child);
    return 0;
}

static bool all_cjk(struct rag_str word)
{
    for (size_t at = 0; at < word.n;)
        if (!rag_utf8_is_cjk(rag_utf8_next(word, &at)))
            return false;
    return word.n > 0;
}

static int add_word(struct rag_dict *d, struct rag_str word, float freq)
{
    uint32_t node = 0;
    for (size_t at = 0; at < word.n;) {
        uint32_t cp = rag_utf8_next(word, &at), child = rag_dict_child(d, node, cp);
        int rc = child ? 0 : add_child(d, node, cp, &child);
        if (rc)
            return rc;
        node = child;
    }
    d->weight[node] = freq;
    return 0;
}

/* "word freq [tag]": true when the line has both. */
static bool parse_line(struct rag_str line, struct rag_str *word, float *freq)
{
    const char *space = memchr(line.p, ' ', line.n);
    if (!space)
        return false;
    *word = (struct rag_str){line.p, (size_t)(space - line.p)};
    double f = 0;
    const char *p = space + 1, *end = line.p + line.n;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        f = f * 10 + (*p - '0');
    *freq = (float)f;
    return p > space + 1 && rag_utf8_valid(*word);
}

static int read_words(struct rag_dict *d, struct rag_str text, const char *path, struct rag_err *err)
{
    double total = 0;
    for (size_t at = 0, line_no = 1; at < text.n; line_no++) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        struct rag_str line = {text.p + at, nl ? (size_t)(nl - text.p) - at : text.n - at}, word;
        at += line.n + 1;
        float freq;
        if (rag_str_trim(line).n == 0)
            continue;
        if (!parse_line(line, &word, &freq))
            return rag_err_set(err, RAG_EFORMAT, "line %zu of %s is not \"word frequency\"", line_no, path);
        if (freq < 1 || !all_cjk(word))
            continue;
        total += freq;
        int rc = add_word(d, word, freq);
        if (rc)
            return rag_err_set(err, rc, "the dictionary %s does not fit: %s (at most %u prefixes of words)",
                               path, rag_err_text(rc), MAX_NODES);
    }
    if (total == 0)
        return rag_err_set(err, RAG_EFORMAT, "the dictionary %s has no words", path);
    /* + 1 keeps a word that is the whole dictionary apart from "not a word". */
    float log_total = logf((float)total + 1);
    for (uint32_t i = 1; i < d->nodes; i++)
        if (d->weight[i] != 0)
            d->weight[i] = logf(d->weight[i]) - log_total;
    d->unknown = -log_total;
    return 0;
}

int rag_dict_open(const char *path, struct rag_dict **out, struct rag_err *err)
{
    *out = NULL;
    struct rag_buf text;
    rag_buf_init(&text, 64 * RAG_MIB);
    struct rag_dict *d = calloc(1, sizeof *d);
    int rc = d ? rag_fs_read(path, &text, err) : rag_err_set(err, RAG_ENOMEM, "no memory for a dictionary");
    if (rc)
        goto out;
    /* jieba's list has about ten bytes a node, so this table rarely grows. */
    for (d->bits = 10; (size_t)1 << d->bits < text.n / 6; d->bits++)
        ;
    d->cap = (uint32_t)(text.n / 10 + 64);
    d->nodes = 1;
    d->slots = calloc((size_t)1 << d->bits, sizeof *d->slots);
    d->weight = calloc(d->cap, sizeof *d->weight);
    if (!d->slots || !d->weight) {
        rc = rag_err_set(err, RAG_ENOMEM, "no memory for the dictionary %s", path);
        goto out;
    }
    rc = read_words(d, rag_buf_str(&text), path, err);
    if (rc)
        goto out;
    *out = d;
    d = NULL;
out:
    rag_dict_close(d);
    rag_buf_free(&text);
    return rc;
}

void rag_dict_close(struct rag_dict *d)
{
    if (!d)
        return;
    free(d->slots);
    free(d->weight);
    free(d);
}
