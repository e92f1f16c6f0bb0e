/* chunk.c: walks the blocks of a document: headings, records, and sections of text for the splitters. */
#include "chunk/chunk.h"

#include <stdlib.h>

#include "base/limits.h"
#include "chunk/parts.h"
#include "text/utf8.h"

static rag_split_fn *const splitters[] = {
    [RAG_SPLIT_SENTENCE] = rag_split_sentences,
    [RAG_SPLIT_TOKEN] = rag_split_tokens,
};

static int count(struct rag_cut *c, struct rag_str text)
{
    int n = c->tokens->count(c->tokens->ud, text);
    return n < 0 ? rag_err_set(c->err, n, "counting tokens failed: %s", rag_err_text(n)) : n;
}

/* Takes a quarter away from the left, up to the next space if there is one. */
static void cut_left(struct rag_buf *prefix)
{
    struct rag_str p = rag_buf_str(prefix);
    size_t cut = rag_utf8_floor(p, p.n / 4);
    const char *space = memchr(p.p + cut, ' ', p.n - cut);
    if (space && space + 1 < p.p + p.n)
        cut = (size_t)(space + 1 - p.p);
    rag_buf_consume(prefix, cut ? cut : p.n);
}

/* The headings as a prefix that leaves at least half of the chunk for text: headings, then characters are
 * taken away from the left. */
static int set_prefix(struct rag_cut *c, const struct rag_headings *h)
{
    int n = 0;
    for (int first = 0; first == 0 || first < h->n; first++) {
        rag_buf_reset(&c->prefix);
        if (rag_headings_prefix(h, first, &c->prefix))
            return rag_err_set(c->err, c->prefix.err, "the headings do not fit into memory");
        n = count(c, rag_buf_str(&c->prefix));
        if (n < 0 || n <= c->limit / 2)
            break;
    }
    while (n > c->limit / 2) {
        cut_left(&c->prefix);
        n = count(c, rag_buf_str(&c->prefix));
    }
    c->size = c->limit - n;
    return n < 0 ? n : 0;
}

/* Paragraphs are split together, tables and code each by their own rule. */
static int split_section(struct rag_cut *c, const struct rag_headings *h)
{
    const struct rag_section *s = &c->section;
    int rc = s->n ? set_prefix(c, h) : 0;
    for (size_t i = 0, next; i < s->n && !rc; i = next) {
        enum rag_block_kind kind = s->spans[i].block->kind;
        for (next = i + 1; next < s->n && kind == RAG_BLOCK_TEXT; next++)
            if (s->spans[next].block->kind != RAG_BLOCK_TEXT)
                break;
        size_t begin = s->spans[i].begin, end = next < s->n ? s->spans[next].begin : s->text.n;
        if (kind == RAG_BLOCK_TABLE)
            rc = rag_split_table(c, begin, end);
        else if (kind == RAG_BLOCK_CODE)
            rc = rag_split_code(c, begin, end);
        else
            rc = splitters[c->opts->splitter](c, begin, end);
    }
    if (!rc)
        rc = rag_cut_flush(c);
    rag_section_reset(&c->section);
    return rc;
}

static int add_block(struct rag_cut *c, const struct rag_block *block)
{
    int rc = rag_section_add(&c->section, block);
    return rc ? rag_err_set(c->err, rc, "the text of a section is too long (limit %zu MB)",
                            c->section.text.max >> 20)
              : 0;
}

/* One chunk, whatever chunk_size says, unless the window is smaller. */
static int split_record(struct rag_cut *c, const struct rag_block *block)
{
    int rc = add_block(c, block), limit = c->limit;
    size_t end = c->section.text.n;
    rag_buf_reset(&c->prefix);
    c->limit = c->size = c->tokens->window;
    int cost = rc ? rc : rag_cut_cost(c, 0, end);
    if (cost > c->size) {
        c->limit = c->size = limit;
        rc = splitters[c->opts->splitter](c, 0, end);
    } else {
        rc = cost < 0 ? cost : rag_cut_add(c, 0, end, cost);
    }
    if (!rc)
        rc = rag_cut_flush(c);
    c->limit = limit;
    rag_section_reset(&c->section);
    return rc;
}

static int walk(struct rag_cut *c, const struct rag_blocks *blocks)
{
    struct rag_headings headings = {0};
    int rc = 0;
    for (size_t i = 0; i < blocks->n && !rc; i++) {
        const struct rag_block *b = &blocks->v[i];
        bool ends_section = b->kind == RAG_BLOCK_HEADING || b->kind == RAG_BLOCK_RECORD;
        if (ends_section)
            rc = split_section(c, &headings);
        if (!rc && b->kind == RAG_BLOCK_HEADING)
            rag_headings_push(&headings, b);
        else if (!rc && b->kind == RAG_BLOCK_RECORD)
            rc = split_record(c, b);
        else if (!rc)
            rc = add_block(c, b);
    }
    return rc ? rc : split_section(c, &headings);
}

/* A document of nothing but headings: they are its text. */
static int walk_headings(struct rag_cut *c, const struct rag_blocks *blocks)
{
    int rc = 0;
    for (size_t i = 0; i < blocks->n && !rc; i++)
        if (blocks->v[i].kind == RAG_BLOCK_HEADING)
            rc = add_block(c, &blocks->v[i]);
    return rc ? rc : split_section(c, &(struct rag_headings){0});
}

static int check(const struct rag_chunk_opts *o, const struct rag_token_counter *t, struct rag_err *err)
{
    if (o->chunk_size < 1)
        return rag_err_set(err, RAG_EINVAL, "chunk_size must be at least 1, not %d", o->chunk_size);
    if (o->chunk_overlap < 0)
        return rag_err_set(err, RAG_EINVAL, "chunk_overlap must be at least 0, not %d", o->chunk_overlap);
    if ((size_t)o->splitter >= sizeof splitters / sizeof *splitters)
        return rag_err_set(err, RAG_EINVAL, "unknown splitter %d", (int)o->splitter);
    if (t->window < 1)
        return rag_err_set(err, RAG_EINVAL, "the embedder's window must be at least 1 token, not %d",
                           t->window);
    return 0;
}

int rag_chunk_split(struct rag_arena *a, const struct rag_blocks *blocks, const struct rag_chunk_opts *opts,
                    const struct rag_token_counter *tokens, struct rag_chunks *out, struct rag_err *err)
{
    *out = (struct rag_chunks){0};
    int rc = check(opts, tokens, err);
    if (rc)
        return rc;
    struct rag_cut c = {.a = a, .opts = opts, .tokens = tokens, .err = err};
    c.limit = opts->chunk_size < tokens->window ? opts->chunk_size : tokens->window;
    rag_buf_init(&c.section.text, 2 * RAG_LIMIT_DOC_TEXT);
    rag_buf_init(&c.prefix, RAG_LIMIT_DOC_TEXT);
    rag_buf_init(&c.draft, 2 * RAG_LIMIT_DOC_TEXT);
    rc = walk(&c, blocks);
    if (!rc && c.n_chunks == 0)
        rc = walk_headings(&c, blocks);
    if (rc)
        goto out;
    out->v = rag_arena_array(a, c.n_chunks, sizeof *out->v);
    if (!out->v) {
        rc = rag_err_set(err, RAG_ENOMEM, "no memory for %zu chunks", c.n_chunks);
        goto out;
    }
    if (c.n_chunks)
        memcpy(out->v, c.chunks, c.n_chunks * sizeof *out->v);
    out->n = c.n_chunks;
out:
    rag_section_free(&c.section);
    rag_buf_free(&c.prefix);
    rag_buf_free(&c.draft);
    free(c.pieces);
    free(c.chunks);
    return rc;
}
