/* merge.c: fills chunks with pieces, measures them as a whole, and hands the last pieces on as overlap. */
#include <stdlib.h>

#include "chunk/parts.h"
#include "text/utf8.h"

int rag_cut_cost(struct rag_cut *c, size_t begin, size_t end)
{
    size_t by_bytes = (end - begin) / RAG_CHUNK_TOKEN_BYTES;
    if (by_bytes > (size_t)c->size)
        return by_bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)by_bytes;
    int n = c->tokens->count(c->tokens->ud, (struct rag_str){c->section.text.p + begin, end - begin});
    if (n < 0)
        return rag_err_set(c->err, n, "counting tokens failed: %s", rag_err_text(n));
    return n > (int)by_bytes ? n : (int)by_bytes;
}

/* Without the white space around it. */
static void trim(struct rag_str text, size_t *begin, size_t *end)
{
    for (size_t next = *begin; *begin < *end; *begin = next)
        if (!rag_utf8_is_space(rag_utf8_next(text, &next)))
            break;
    while (*end > *begin) {
        size_t at = rag_utf8_floor(text, *end - 1), last = at;
        if (!rag_utf8_is_space(rag_utf8_next(text, &last)))
            break;
        *end = at;
    }
}

/* Writes the chunk into draft; its tokens, or a negative error. */
static int measure(struct rag_cut *c, struct rag_str lead, size_t begin, size_t end)
{
    rag_buf_reset(&c->draft);
    rag_buf_addstr(&c->draft, rag_buf_str(&c->prefix));
    rag_buf_addstr(&c->draft, lead);
    if (rag_buf_add(&c->draft, c->section.text.p + begin, end - begin))
        return rag_err_set(c->err, c->draft.err, "a chunk does not fit into memory");
    int n = c->tokens->count(c->tokens->ud, rag_buf_str(&c->draft));
    return n < 0 ? rag_err_set(c->err, n, "counting tokens failed: %s", rag_err_text(n)) : n;
}

/* Makes the draft a chunk. */
static int keep_draft(struct rag_cut *c, int tokens, size_t begin, size_t end)
{
    if (c->n_chunks == c->cap_chunks) {
        size_t cap = c->cap_chunks ? c->cap_chunks * 2 : 64;
        struct rag_chunk *v = realloc(c->chunks, cap * sizeof *v);
        if (!v)
            return rag_err_set(c->err, RAG_ENOMEM, "no memory for %zu chunks", cap);
        c->chunks = v;
        c->cap_chunks = cap;
    }
    struct rag_str text = rag_arena_str(c->a, rag_buf_str(&c->draft));
    if (!text.p)
        return rag_err_set(c->err, RAG_ENOMEM, "the chunks of the document need more than %zu MB of memory",
                           c->a->used / 1000000);
    c->chunks[c->n_chunks++] = (struct rag_chunk){.text = text,
                                                  .prefix = c->prefix.n,
                                                  .tokens = tokens,
                                                  .place = rag_section_place(&c->section, begin, end)};
    return 0;
}

/* Behind white space in the second quarter, else in the middle. Never begin. */
static size_t halfway(struct rag_str text, size_t begin, size_t end)
{
    size_t middle = begin + (end - begin) / 2, at = middle;
    while (at > begin + (end - begin) / 4 && !strchr(" \t\n", text.p[at - 1]))
        at--;
    if (at > begin + (end - begin) / 4)
        return at;
    at = rag_utf8_floor(text, middle);
    if (at <= begin) {
        at = begin;
        rag_utf8_next(text, &at);
    }
    return at;
}

/* Makes a chunk of prefix, lead and exactly [begin, end), or several when that is more than limit. */
static int emit(struct rag_cut *c, struct rag_str lead, size_t begin, size_t end)
{
    struct rag_str text = rag_buf_str(&c->section.text);
    trim(text, &begin, &end);
    if (begin == end)
        return 0;
    int tokens = measure(c, lead, begin, end);
    if (tokens < 0)
        return tokens;
    if (tokens <= c->limit)
        return keep_draft(c, tokens, begin, end);
    size_t middle = halfway(text, begin, end);
    if (middle >= end && lead.n) /* a character is worth more than a repeated header */
        return emit(c, (struct rag_str){0}, begin, end);
    if (middle >= end)
        return rag_err_set(c->err, RAG_EINVAL,
                           "one character needs %d tokens, more than a chunk of %d holds; raise chunk_size",
                           tokens, c->limit);
    int rc = emit(c, lead, begin, middle);
    return rc ? rc : emit(c, lead, middle, end);
}

static int sum_of(const struct rag_piece *p, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p[i].tokens;
    return sum;
}

/* Makes a chunk of pieces [0, n), or of fewer when they count more together than one by one. Then the unused
 * pieces start the next one, behind as many of the used ones as the overlap allows. */
static int close_chunk(struct rag_cut *c, size_t n)
{
    struct rag_piece *p = c->pieces;
    size_t first = 0, begin, end;
    int tokens = 0, rc = 0;
    for (;; first < c->fresh ? first++ : n--) {
        begin = p[first].begin, end = p[n - 1].end;
        trim(rag_buf_str(&c->section.text), &begin, &end);
        tokens = begin < end ? measure(c, p[first].lead, begin, end) : 0;
        if (tokens <= c->limit || n == first + 1)
            break;
    }
    if (tokens < 0)
        return tokens;
    if (tokens > c->limit)
        rc = emit(c, p[first].lead, begin, end);
    else if (begin < end)
        rc = keep_draft(c, tokens, begin, end);
    int overlap = c->opts->chunk_overlap < c->size / 2 ? c->opts->chunk_overlap : c->size / 2;
    size_t keep = n;
    while (keep > first + 1 && (overlap -= p[keep - 1].tokens) >= 0)
        keep--;
    memmove(p, p + keep, (c->n_pieces - keep) * sizeof *p);
    c->n_pieces -= keep;
    c->fresh = n - keep;
    c->sum = sum_of(p, c->n_pieces);
    return rc;
}

/* True when an empty line follows the piece. */
static bool ends_paragraph(const struct rag_cut *c, const struct rag_piece *p)
{
    int lines = 0;
    for (size_t at = p->end; at > p->begin && strchr(" \t\r\n", c->section.text.p[at - 1]); at--)
        lines += c->section.text.p[at - 1] == '\n';
    return lines > 1;
}

/* How many pieces the full chunk should have: all, or fewer when a paragraph ends in its last quarter. */
static size_t best_end(const struct rag_cut *c)
{
    int sum = c->sum;
    for (size_t n = c->n_pieces; n > c->fresh && sum * 4 >= c->size * 3; n--) {
        if (ends_paragraph(c, &c->pieces[n - 1]))
            return n;
        sum -= c->pieces[n - 1].tokens;
    }
    return c->n_pieces;
}

static int make_room(struct rag_cut *c)
{
    if (c->n_pieces < c->cap_pieces)
        return 0;
    size_t cap = c->cap_pieces ? c->cap_pieces * 2 : 256;
    struct rag_piece *v = realloc(c->pieces, cap * sizeof *v);
    if (!v)
        return rag_err_set(c->err, RAG_ENOMEM, "no memory for %zu pieces of text", cap);
    c->pieces = v;
    c->cap_pieces = cap;
    return 0;
}

/* True when the chunk has room for a piece with the current lead. */
static bool fits(const struct rag_cut *c, int tokens)
{
    return c->sum + tokens + (c->n_pieces ? c->pieces[0].lead_tokens : c->lead_tokens) <= c->size;
}

int rag_cut_add(struct rag_cut *c, size_t begin, size_t end, int tokens)
{
    int rc = 0;
    while (!rc && c->n_pieces > c->fresh && !fits(c, tokens))
        rc = close_chunk(c, best_end(c));
    /* Overlap gives way to a piece that would not fit beside it. */
    while (c->n_pieces && c->n_pieces == c->fresh && !fits(c, tokens)) {
        c->sum -= c->pieces[0].tokens;
        memmove(c->pieces, c->pieces + 1, --c->n_pieces * sizeof *c->pieces);
        c->fresh--;
    }
    if (rc || (rc = make_room(c)))
        return rc;
    c->pieces[c->n_pieces++] = (struct rag_piece){begin, end, tokens, c->lead, c->lead_tokens};
    c->sum += tokens;
    return 0;
}

int rag_cut_flush(struct rag_cut *c)
{
    int rc = 0;
    while (!rc && c->n_pieces > c->fresh)
        rc = close_chunk(c, c->n_pieces);
    c->n_pieces = c->fresh = 0;
    c->sum = 0;
    return rc;
}
