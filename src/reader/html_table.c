/* html_table.c: HTML table → grid (colspan, rowspan) → markdown. */
#include "reader/html_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "reader/html_dom.h"

#define MAX_COLUMNS  1000           /* the standard's own limit of colspan */
#define MAX_GRID     4000000        /* places in a grid */
#define MAX_REPEATED 1024           /* bytes of a cell's text that are repeated in every place it spans */
#define MAX_TABLE    (64 * RAG_MIB) /* text of all cells */

struct cell {
    size_t begin, end; /* its text in grid.text */
    size_t row, column;
    bool th;
};

struct grid {
    struct cell *cells;
    size_t n_cells, cap_cells;
    uint32_t *at; /* rows × columns: cell number + 1, 0 = nothing there */
    size_t rows, columns;
    size_t head_rows, head_columns;
    struct rag_buf text;
};

/* ---- filling the grid ---- */

static size_t span_of(const GumboNode *cell, const char *name, size_t most)
{
    long n = strtol(rag_html_attr(cell, name), NULL, 10);
    return n < 1 ? 1 : (size_t)n > most ? most : (size_t)n;
}

static struct cell *add_cell(struct grid *g)
{
    if (g->n_cells == g->cap_cells) {
        size_t cap = g->cap_cells ? g->cap_cells * 2 : 64;
        void *cells = realloc(g->cells, cap * sizeof(*g->cells));
        if (!cells)
            return NULL;
        g->cells = cells;
        g->cap_cells = cap;
    }
    return &g->cells[g->n_cells++];
}

static bool is_cell(const GumboNode *node)
{
    return rag_html_is(node, GUMBO_TAG_TD) || rag_html_is(node, GUMBO_TAG_TH);
}

/* Puts one cell at the first free place of its row and into every place it spans. */
static bool place_cell(struct grid *g, const GumboNode *node, size_t row)
{
    size_t column = 0;
    while (column < g->columns && g->at[row * g->columns + column])
        column++;
    if (column == g->columns)
        return true; /* beyond MAX_COLUMNS */
    struct cell *c = add_cell(g);
    if (!c)
        return false;
    *c = (struct cell){
        .begin = g->text.n, .row = row, .column = column, .th = rag_html_is(node, GUMBO_TAG_TH)};
    rag_html_add_content(&g->text, node, false);
    rag_buf_addc(&g->text, '\n'); /* so that the next cell's white space starts afresh */
    c->end = g->text.n - 1;
    size_t wide = span_of(node, "colspan", g->columns - column),
           high = span_of(node, "rowspan", g->rows - row);
    for (size_t y = row; y < row + high; y++)
        for (size_t x = column; x < column + wide; x++)
            if (!g->at[y * g->columns + x])
                g->at[y * g->columns + x] = (uint32_t)g->n_cells;
    return !g->text.err;
}

/* Calls fn for each row of the table itself, not of tables inside it. */
static bool each_row(const GumboNode *table, bool (*fn)(void *ud, const GumboNode *tr, bool in_head),
                     void *ud)
{
    const GumboVector *parts = &table->v.element.children;
    for (unsigned i = 0; i < parts->length; i++) {
        const GumboNode *part = parts->data[i];
        if (rag_html_is_invisible(part) || part->type != GUMBO_NODE_ELEMENT)
            continue;
        if (rag_html_is(part, GUMBO_TAG_TR) && !fn(ud, part, false))
            return false;
        bool group = rag_html_is(part, GUMBO_TAG_TBODY) || rag_html_is(part, GUMBO_TAG_THEAD) ||
                     rag_html_is(part, GUMBO_TAG_TFOOT);
        for (unsigned j = 0; group && j < part->v.element.children.length; j++) {
            const GumboNode *tr = part->v.element.children.data[j];
            if (rag_html_is(tr, GUMBO_TAG_TR) && !rag_html_is_invisible(tr) &&
                !fn(ud, tr, rag_html_is(part, GUMBO_TAG_THEAD)))
                return false;
        }
    }
    return true;
}

/* Size of the grid. Columns count up to the last one in which a cell begins: colspan="100" adds none. */
struct measure {
    size_t rows, columns, cells;
    size_t taken[MAX_COLUMNS]; /* rows from here on in which a cell above reaches into this column */
};

static bool measure_row(void *ud, const GumboNode *tr, bool in_head)
{
    struct measure *m = ud;
    size_t x = 0;
    (void)in_head;
    for (unsigned i = 0; i < tr->v.element.children.length; i++) {
        const GumboNode *cell = tr->v.element.children.data[i];
        if (!is_cell(cell))
            continue;
        m->cells++;
        while (x < MAX_COLUMNS && m->taken[x])
            x++;
        if (x < MAX_COLUMNS && x + 1 > m->columns)
            m->columns = x + 1;
        size_t wide = span_of(cell, "colspan", MAX_COLUMNS), high = span_of(cell, "rowspan", MAX_GRID);
        for (; wide && x < MAX_COLUMNS && !m->taken[x]; x++, wide--)
            m->taken[x] = high;
    }
    for (x = 0; x < MAX_COLUMNS; x++)
        m->taken[x] -= m->taken[x] > 0;
    m->rows++;
    return true;
}

struct fill {
    struct grid *g;
    size_t row;
};

static bool fill_row(void *ud, const GumboNode *tr, bool in_head)
{
    struct fill *f = ud;
    if (in_head && f->row == f->g->head_rows)
        f->g->head_rows++;
    for (unsigned i = 0; i < tr->v.element.children.length; i++) {
        const GumboNode *cell = tr->v.element.children.data[i];
        if (is_cell(cell) && !place_cell(f->g, cell, f->row))
            return false;
    }
    f->row++;
    return true;
}

/* ---- header rows and columns ---- */

static const struct cell *cell_at(const struct grid *g, size_t row, size_t column)
{
    uint32_t number = g->at[row * g->columns + column];
    return number ? &g->cells[number - 1] : NULL;
}

static bool all_th(const struct grid *g, size_t row)
{
    bool any = false;
    for (size_t x = 0; x < g->columns; x++) {
        const struct cell *c = cell_at(g, row, x);
        if (c && !c->th)
            return false;
        any |= c != NULL;
    }
    return any;
}

static void find_headers(struct grid *g)
{
    while (g->head_rows < g->rows && all_th(g, g->head_rows))
        g->head_rows++;
    if (g->head_rows == g->rows) /* a table of headers only: the first row will do */
        g->head_rows = 1;
    for (bool th = true; g->head_columns + 1 < g->columns; g->head_columns++) {
        for (size_t y = g->head_rows; y < g->rows && th; y++) {
            const struct cell *c = cell_at(g, y, g->head_columns);
            th = c && c->th;
        }
        if (!th)
            break;
    }
}

/* ---- markdown ---- */

static void write_cell(const struct grid *g, size_t row, size_t column, struct rag_buf *out)
{
    const struct cell *c = cell_at(g, row, column);
    rag_buf_addc(out, ' ');
    if (!c)
        return;
    struct rag_str text = rag_str_trim((struct rag_str){g->text.p + c->begin, c->end - c->begin});
    if (text.n > MAX_REPEATED && (c->row != row || c->column != column))
        return;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|')
            rag_buf_addc(out, '\\');
        rag_buf_addc(out, text.p[i]);
    }
    if (text.n)
        rag_buf_addc(out, ' ');
}

static bool row_empty(const struct grid *g, size_t row)
{
    for (size_t x = 0; x < g->columns; x++) {
        const struct cell *c = cell_at(g, row, x);
        if (c && rag_str_trim((struct rag_str){g->text.p + c->begin, c->end - c->begin}).n)
            return false;
    }
    return true;
}

static void write_rule(size_t columns, struct rag_buf *out)
{
    rag_buf_addc(out, '|');
    for (size_t x = 0; x < columns; x++)
        rag_buf_adds(out, " --- |");
    rag_buf_addc(out, '\n');
}

static void write_rows(const struct grid *g, struct rag_buf *out)
{
    for (size_t y = 0; y < g->rows; y++) {
        if (!row_empty(g, y)) {
            rag_buf_addc(out, '|');
            for (size_t x = 0; x < g->columns; x++) {
                write_cell(g, y, x, out);
                rag_buf_addc(out, '|');
            }
            rag_buf_addc(out, '\n');
        }
        if (y + 1 == g->head_rows)
            write_rule(g->columns, out);
    }
}

static void write_turned(const struct grid *g, struct rag_buf *out)
{
    for (size_t x = 0; x < g->columns; x++) {
        rag_buf_addc(out, '|');
        for (size_t y = 0; y < g->rows; y++) {
            write_cell(g, y, x, out);
            rag_buf_addc(out, '|');
        }
        rag_buf_addc(out, '\n');
        if (x + 1 == g->head_columns)
            write_rule(g->rows, out);
    }
}

/* ---- the two calls ---- */

bool rag_html_is_data_table(const GumboNode *table)
{
    struct measure m = {0};
    struct rag_html_walk w;
    const GumboNode *node;
    const char *role = rag_html_attr(table, "role");
    if (!strcmp(role, "presentation") || !strcmp(role, "none"))
        return false;
    each_row(table, measure_row, &m);
    bool data = m.rows >= 2 && m.columns >= 2 && m.cells > m.rows;
    enum rag_html_event event;
    rag_html_walk_start(&w, table);
    while (data && (event = rag_html_walk_next(&w, &node)) != RAG_HTML_DONE)
        data = !(event == RAG_HTML_ENTER && rag_html_is(node, GUMBO_TAG_TABLE));
    rag_html_walk_free(&w);
    return data;
}

int rag_html_table(const GumboNode *table, struct rag_buf *out, struct rag_err *err)
{
    struct measure m = {0};
    struct grid g = {0};
    struct fill f = {.g = &g};
    rag_buf_init(&g.text, MAX_TABLE);
    each_row(table, measure_row, &m);
    g.rows = m.rows;
    g.columns = m.columns;
    if (!g.rows || !g.columns)
        return 0;
    if (g.rows * g.columns <= MAX_GRID)
        g.at = calloc(g.rows * g.columns, sizeof(*g.at));
    int rc = 0;
    if (!g.at || !each_row(table, fill_row, &f)) {
        rc = rag_err_set(err, RAG_ETOOBIG, "a table of %zu rows and %zu columns is too large", g.rows,
                         g.columns);
    } else {
        find_headers(&g);
        if (!g.head_rows && g.head_columns)
            write_turned(&g, out);
        else
            write_rows(&g, out);
    }
    rag_buf_free(&g.text);
    free(g.cells);
    free(g.at);
    return rc;
}
