/* section.c: joins the blocks of a section and finds the place of any part of it. */
#include <stdlib.h>

#include "chunk/parts.h"

int rag_section_add(struct rag_section *s, const struct rag_block *block)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct rag_span *v = realloc(s->spans, cap * sizeof *v);
        if (!v)
            return RAG_ENOMEM;
        s->spans = v;
        s->cap = cap;
    }
    if (s->n)
        rag_buf_adds(&s->text, "\n\n");
    struct rag_span *span = &s->spans[s->n++];
    *span = (struct rag_span){.begin = s->text.n, .block = block};
    rag_buf_addstr(&s->text, block->text);
    span->end = s->text.n;
    return s->text.err;
}

void rag_section_reset(struct rag_section *s)
{
    rag_buf_reset(&s->text);
    s->n = 0;
}

void rag_section_free(struct rag_section *s)
{
    rag_buf_free(&s->text);
    free(s->spans);
    s->spans = NULL;
    s->n = s->cap = 0;
}

/* Index of the first span that ends after at. */
static size_t span_at(const struct rag_section *s, size_t at)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->spans[mid].end > at)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* The bytes of the file behind section bytes [begin, end) of one span. Where the block's text is not the
 * file's bytes, the whole block. */
static void file_range(const struct rag_span *span, size_t begin, size_t end, int64_t *from, int64_t *to)
{
    const struct rag_place *p = &span->block->place;
    *from = p->begin;
    *to = p->end;
    if ((size_t)(p->end - p->begin) != span->end - span->begin)
        return;
    if (begin > span->begin)
        *from += (int64_t)(begin - span->begin);
    if (end < span->end)
        *to -= (int64_t)(span->end - end);
}

static void unite_boxes(struct rag_place *to, const struct rag_place *p)
{
    if (p->x1 <= p->x0 || p->y1 <= p->y0)
        return;
    if (to->x1 <= to->x0) {
        to->x0 = p->x0, to->y0 = p->y0, to->x1 = p->x1, to->y1 = p->y1;
        return;
    }
    to->x0 = p->x0 < to->x0 ? p->x0 : to->x0;
    to->y0 = p->y0 < to->y0 ? p->y0 : to->y0;
    to->x1 = p->x1 > to->x1 ? p->x1 : to->x1;
    to->y1 = p->y1 > to->y1 ? p->y1 : to->y1;
}

struct rag_place rag_section_place(const struct rag_section *s, size_t begin, size_t end)
{
    struct rag_place place = {0};
    for (size_t i = span_at(s, begin); i < s->n && s->spans[i].begin < end; i++) {
        const struct rag_place *p = &s->spans[i].block->place;
        if (!place.page)
            place.page = p->page;
        if (p->page == place.page)
            unite_boxes(&place, p);
        if (!place.row)
            place.row = p->row;
        if (p->end > p->begin) {
            int64_t from, to;
            file_range(&s->spans[i], begin, end, &from, &to);
            if (place.end == 0)
                place.begin = from;
            place.end = to;
        }
    }
    return place;
}
