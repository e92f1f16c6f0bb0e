/* table.c: tables and code that do not fit into one chunk. */
#include "chunk/parts.h"

/* A line of | - : and white space only, with at least one dash. */
static bool is_rule(struct rag_str line)
{
    bool dash = false;
    for (size_t i = 0; i < line.n; i++) {
        if (!strchr("|-: \t\r\n", line.p[i]) || !line.p[i])
            return false;
        dash = dash || line.p[i] == '-';
    }
    return dash;
}

static size_t line_end(struct rag_str text, size_t at, size_t end)
{
    const char *nl = memchr(text.p + at, '\n', end - at);
    return nl ? (size_t)(nl - text.p) + 1 : end;
}

/* Where the rows begin: behind the first line and the rule below it; begin when there is no rule. */
static size_t header_end(struct rag_str text, size_t begin, size_t end)
{
    size_t first = line_end(text, begin, end), second = first < end ? line_end(text, first, end) : first;
    return second > first && is_rule((struct rag_str){text.p + first, second - first}) ? second : begin;
}

static rag_unit_fn *const units[] = {rag_unit_line, rag_unit_phrase, rag_unit_word, rag_unit_characters,
                                     NULL};

/* The rows below a header of cost tokens. The first row stays with the header that stands above it; the
 * others carry it along for the chunks that they start. */
static int split_rows(struct rag_cut *c, struct rag_str header, int cost, size_t rows, size_t end)
{
    struct rag_str text = rag_buf_str(&c->section.text);
    size_t begin = (size_t)(header.p - text.p), second = line_end(text, rows, end);
    int first = rag_cut_cost(c, begin, second), rc = 0;
    if (first < 0)
        return first;
    if (first <= c->size)
        rc = rag_cut_add(c, begin, second, first);
    else
        rc = rag_cut_flush(c); /* the parts of the first row need the header in front */
    c->lead = header;
    c->lead_tokens = cost;
    if (!rc)
        rc = rag_split_by(c, first <= c->size ? second : rows, end, units);
    c->lead = (struct rag_str){0};
    c->lead_tokens = 0;
    return rc;
}

int rag_split_table(struct rag_cut *c, size_t begin, size_t end)
{
    int cost = rag_cut_cost(c, begin, end);
    if (cost < 0 || cost <= c->size)
        return cost < 0 ? cost : rag_cut_add(c, begin, end, cost);
    struct rag_str text = rag_buf_str(&c->section.text);
    size_t rows = header_end(text, begin, end);
    cost = rag_cut_cost(c, begin, rows);
    if (cost < 0)
        return cost;
    /* A header that takes half of the room, or has no rows below it, is a row like any other. */
    if (rows == begin || rows == end || cost > c->size / 2)
        return rag_split_by(c, begin, end, units);
    return split_rows(c, (struct rag_str){text.p + begin, rows - begin}, cost, rows, end);
}

int rag_split_code(struct rag_cut *c, size_t begin, size_t end)
{
    int cost = rag_cut_cost(c, begin, end);
    if (cost < 0 || cost <= c->size)
        return cost < 0 ? cost : rag_cut_add(c, begin, end, cost);
    return rag_split_by(c, begin, end, units);
}
