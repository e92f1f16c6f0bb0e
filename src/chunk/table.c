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

/* One chunk after the other with as many rows as fit below the header. */
static int split_rows(struct rag_cut *c, struct rag_str header, size_t begin, size_t end, int size)
{
    struct rag_str text = rag_buf_str(&c->section.text);
    size_t from = begin;
    int sum = 0, rc = 0;
    for (size_t at = begin, next; at < end && !rc; at = next) {
        next = line_end(text, at, end);
        int cost = rag_cut_cost(c, at, next);
        if (cost < 0)
            return cost;
        if (at > from && sum + cost > size) {
            rc = rag_cut_emit(c, header, from, at);
            from = at;
            sum = 0;
        }
        sum += cost;
    }
    return rc ? rc : rag_cut_emit(c, header, from, end);
}

int rag_split_table(struct rag_cut *c, size_t begin, size_t end)
{
    int cost = rag_cut_cost(c, begin, end);
    if (cost < 0 || cost <= c->size)
        return cost < 0 ? cost : rag_cut_add(c, begin, end, cost);
    int rc = rag_cut_flush(c);
    if (rc)
        return rc;
    struct rag_str text = rag_buf_str(&c->section.text);
    size_t rows = header_end(text, begin, end);
    cost = rag_cut_cost(c, begin, rows);
    if (cost < 0)
        return cost;
    /* A header that takes half of the room, or has no rows below it, is a row like any other. */
    if (cost > c->size / 2 || rows == end)
        return split_rows(c, (struct rag_str){0}, begin, end, c->size);
    struct rag_str header = {text.p + begin, rows - begin};
    return split_rows(c, header, rows, end, c->size - cost);
}

int rag_split_code(struct rag_cut *c, size_t begin, size_t end)
{
    static rag_unit_fn *const units[] = {rag_unit_line, rag_unit_word, rag_unit_characters, NULL};
    int cost = rag_cut_cost(c, begin, end);
    if (cost < 0 || cost <= c->size)
        return cost < 0 ? cost : rag_cut_add(c, begin, end, cost);
    return rag_split_by(c, begin, end, units);
}
