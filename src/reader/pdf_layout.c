/* pdf_layout.c: glyphs → segments (runs without a wide gap) → columns → lines in reading order.
 *
 * Columns come from a recursive cut in the spirit of XY-cut (Nagy and Seth 1984), with one difference: a
 * gutter may be crossed by some segments, such as titles, which then divide the columns into bands. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "reader/pdf.h"
#include "text/utf8.h"

/* Gaps and sizes are in ems: multiples of the font size. */
#define SEGMENT_GAP   0.9F /* a wider gap ends a segment */
#define CELL_GAP      1.6F /* a wider gap within a row is a gap between table cells */
#define GUTTER_WIDTH  0.7F /* least width of the gap between columns */
#define FULL_LINE     0.7F /* a line of prose fills at least this part of its column */
#define MAX_CUTS      8    /* how often a region is cut again */
#define MAX_CROSSING  3    /* one in so many characters may stand across a gutter */
#define COVERAGE_BINS 400

struct layout {
    struct rag_arena *a;
    struct pdf_glyph *glyphs; /* of one direction, in reading space */
    size_t n_glyphs;
    uint8_t turn;
    struct pdf_lines *out;
    size_t cap;
    size_t columns; /* numbered so far */
    struct rag_buf text;
    int rc;
};

static float overlap_y(const struct pdf_box *a, const struct pdf_box *b)
{
    float shared = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    return shared / fmaxf(fminf(a->y1 - a->y0, b->y1 - b->y0), 0.1F);
}

static float width(const struct pdf_box *b)
{
    return b->x1 - b->x0;
}

/* ---- segments ---- */

static bool is_rtl(uint32_t cp)
{
    return cp >= 0x590 && cp <= 0x8FF;
}

static bool continues(const struct pdf_glyph *prev, const struct pdf_glyph *g)
{
    float size = fmaxf(prev->size, g->size);
    if (overlap_y(&prev->box, &g->box) < 0.5F)
        return false;
    if (is_rtl(g->cp) && is_rtl(prev->cp) && g->box.x0 < prev->box.x0)
        return prev->box.x0 - g->box.x1 < SEGMENT_GAP * size;
    float gap = g->box.x0 - prev->box.x1;
    return gap < SEGMENT_GAP * size && gap > -size;
}

/* The size that most of a segment's characters have (majority vote of Boyer and Moore), and whether most are
 * bold. */
static void weigh_segment(const struct layout *l, struct pdf_segment *s)
{
    size_t votes = 0, bold = 0;
    for (size_t i = s->first; i < s->first + s->n; i++) {
        const struct pdf_glyph *g = &l->glyphs[i];
        bold += g->bold;
        if (votes == 0)
            s->size = g->size;
        if (fabsf(g->size - s->size) < 0.25F)
            votes++;
        else
            votes--;
    }
    s->bold = bold * 10 >= s->n * 8;
}

static size_t make_segments(const struct layout *l, struct pdf_segment *segments)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_glyphs; i++) {
        const struct pdf_glyph *g = &l->glyphs[i];
        if (n && continues(g - 1, g)) {
            segments[n - 1].n++;
            segments[n - 1].box = pdf_box_union(segments[n - 1].box, g->box);
        } else {
            segments[n] = (struct pdf_segment){.first = i, .n = 1, .box = g->box};
            n++;
        }
    }
    for (size_t i = 0; i < n; i++)
        weigh_segment(l, &segments[i]);
    return n;
}

/* ---- lines ---- */

static int by_top(const void *va, const void *vb)
{
    const struct pdf_segment *a = va, *b = vb;
    float ya = a->box.y0 + a->box.y1, yb = b->box.y0 + b->box.y1;
    return ya < yb ? -1 : ya > yb ? 1 : a->first < b->first ? -1 : a->first > b->first;
}

static int by_left(const void *va, const void *vb)
{
    const struct pdf_segment *a = va, *b = vb;
    return a->box.x0 < b->box.x0   ? -1
           : a->box.x0 > b->box.x0 ? 1
           : a->first < b->first   ? -1
                                   : a->first > b->first;
}

static void add_code_point(struct rag_buf *out, uint32_t cp)
{
    char bytes[4];
    rag_buf_add(out, bytes, (size_t)rag_utf8_put(cp, bytes));
}

/* Rows of dots lead the eye in tables of contents, and nobody else. */
static bool is_leader(const struct pdf_glyph *g, size_t left)
{
    for (size_t i = 0; i < 4; i++)
        if (i >= left || (g[i].cp != '.' && g[i].cp != 0x2026 && g[i].cp != 0xB7))
            return false;
    return true;
}

static void add_segment_text(struct layout *l, const struct pdf_segment *s)
{
    const struct pdf_glyph *g = &l->glyphs[s->first], *end = g + s->n;
    for (bool first = true; g < end; first = false) {
        bool cjk = !first && rag_utf8_is_cjk(g->cp) && rag_utf8_is_cjk(g[-1].cp);
        if (g->space && !first && !(g->guessed && cjk))
            rag_buf_addc(&l->text, ' ');
        if (is_leader(g, (size_t)(end - g))) {
            rag_buf_adds(&l->text, " ... ");
            while (g < end && (g->cp == '.' || g->cp == 0x2026 || g->cp == 0xB7))
                g++;
            continue;
        }
        add_code_point(&l->text, g->cp);
        g++;
    }
}

/* A list mark such as "•", "1." or "(a)", which stands far from its text. */
static bool is_mark(const struct pdf_segment *s)
{
    return s->n <= 4;
}

static bool repeats(const struct layout *l, const struct pdf_segment *a, const struct pdf_segment *b)
{
    if (a->n != b->n || fabsf(a->box.x0 - b->box.x0) > 0.5F * a->size)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (l->glyphs[a->first + i].cp != l->glyphs[b->first + i].cp)
            return false;
    return true;
}

/* What stands between two segments of a row. Returns whether it is a gap between cells. */
static bool add_gap(struct layout *l, const struct pdf_segment *a, const struct pdf_segment *b,
                    bool a_is_first)
{
    float size = fmaxf(a->size, b->size), gap = b->box.x0 - a->box.x1;
    if (gap > CELL_GAP * size && !(a_is_first && is_mark(a))) {
        rag_buf_adds(&l->text, " | ");
        return true;
    }
    const struct pdf_glyph *last = &l->glyphs[a->first + a->n - 1], *next = &l->glyphs[b->first];
    bool cjk = rag_utf8_is_cjk(last->cp) && rag_utf8_is_cjk(next->cp);
    if (gap > (cjk ? 0.6F : 0.12F) * size || (next->space && !cjk))
        rag_buf_addc(&l->text, ' ');
    return false;
}

static bool ends_in_hyphen(const struct layout *l, const struct pdf_segment *s)
{
    const struct pdf_glyph *last = &l->glyphs[s->first + s->n - 1];
    bool dash = last->cp == '-' || last->cp == 0xAD || last->cp == 0x2010;
    return s->n > 1 && (last->hyphen || (dash && !rag_utf8_is_punct(last[-1].cp) && !last->space));
}

static struct pdf_line *new_line(struct layout *l)
{
    struct pdf_lines *out = l->out;
    if (out->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 128;
        struct pdf_line *v = rag_arena_array(l->a, cap, sizeof(*v));
        if (!v) {
            l->rc = RAG_ENOMEM;
            return NULL;
        }
        if (out->n)
            memcpy(v, out->v, out->n * sizeof(*v));
        out->v = v;
        l->cap = cap;
    }
    return &out->v[out->n++];
}

/* One row, sorted by x, becomes one line. */
static void emit_row(struct layout *l, const struct pdf_segment *row, size_t n)
{
    struct pdf_line *line = new_line(l);
    if (!line)
        return;
    const struct pdf_segment *longest = &row[0], *last = &row[0];
    bool bold = true;
    *line = (struct pdf_line){.box = row[0].box, .turn = l->turn, .column = l->columns};
    rag_buf_reset(&l->text);
    for (size_t i = 0; i < n; i++) {
        const struct pdf_segment *s = &row[i];
        if (i && repeats(l, last, s))
            continue;
        if (i)
            line->cells |= add_gap(l, last, s, last == row);
        add_segment_text(l, s);
        line->box = pdf_box_union(line->box, s->box);
        longest = s->n > longest->n ? s : longest;
        bold &= s->bold;
        last = s;
    }
    line->size = longest->size;
    line->bold = bold;
    line->hyphen = ends_in_hyphen(l, last);
    line->text = rag_arena_str(l->a, rag_str_trim(rag_buf_str(&l->text)));
    if (l->text.err || !line->text.p)
        l->rc = RAG_ENOMEM;
}

/* A region of one column: rows from top to bottom. */
static void emit_column(struct layout *l, struct pdf_segment *s, size_t n)
{
    size_t first_line = l->out->n;
    l->columns++;
    qsort(s, n, sizeof(*s), by_top);
    for (size_t i = 0, end; i < n && !l->rc; i = end) {
        for (end = i + 1; end < n && overlap_y(&s[i].box, &s[end].box) >= 0.5F; end++)
            ;
        qsort(s + i, end - i, sizeof(*s), by_left);
        emit_row(l, s + i, end - i);
    }
    float left = INFINITY, right = -INFINITY;
    for (size_t i = first_line; i < l->out->n; i++) {
        left = fminf(left, l->out->v[i].box.x0);
        right = fmaxf(right, l->out->v[i].box.x1);
    }
    for (size_t i = first_line; i < l->out->n; i++) {
        l->out->v[i].left = left;
        l->out->v[i].right = right;
    }
}

/* ---- columns ---- */

enum side { LEFT, RIGHT, ACROSS };

static enum side side_of(const struct pdf_segment *s, float gutter)
{
    return s->box.x1 <= gutter ? LEFT : s->box.x0 >= gutter ? RIGHT : ACROSS;
}

static struct pdf_box bounds(const struct pdf_segment *s, size_t n)
{
    struct pdf_box b = s[0].box;
    for (size_t i = 1; i < n; i++)
        b = pdf_box_union(b, s[i].box);
    return b;
}

/* Copies the segments on one side, keeping their order. */
static size_t pick(const struct pdf_segment *s, size_t n, float gutter, enum side side,
                   struct pdf_segment *to)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (side_of(&s[i], gutter) == side)
            to[count++] = s[i];
    return count;
}

static bool find_gutter(struct layout *l, const struct pdf_segment *s, size_t n, int cuts, float *gutter);

/* Whether segments on one side of a gutter look like a column of prose, rather than of table cells: most text
 * stands in full lines, or it is itself made of columns. */
static bool is_column(struct layout *l, const struct pdf_segment *s, size_t n, int cuts)
{
    if (n < 4)
        return false;
    struct pdf_box all = bounds(s, n);
    size_t full = 0, full_chars = 0, chars = 0;
    float inner;
    for (size_t i = 0; i < n; i++) {
        bool is_full = width(&s[i].box) >= FULL_LINE * width(&all);
        full += is_full;
        full_chars += is_full ? s[i].n : 0;
        chars += s[i].n;
    }
    bool prose = full >= 3 && full_chars * 2 >= chars && full_chars >= 14 * full;
    return prose || find_gutter(l, s, n, cuts - 1, &inner);
}

/* Widest run of bins in the middle of the region that (nearly) no segment covers; its centre is the gutter.
 */
static bool widest_gap(const struct pdf_segment *s, size_t n, const struct pdf_box *all, float em,
                       float *gutter)
{
    long delta[COVERAGE_BINS + 1] = {0}, covered = 0, chars = 0;
    int run = 0, best = 0, best_end = 0;
    float bin = width(all) / COVERAGE_BINS;
    for (size_t i = 0; i < n; i++) {
        int from = (int)((s[i].box.x0 - all->x0) / bin), to = (int)((s[i].box.x1 - all->x0) / bin);
        delta[from < 0 ? 0 : from >= COVERAGE_BINS ? COVERAGE_BINS - 1 : from] += (long)s[i].n;
        delta[to + 1 > COVERAGE_BINS ? COVERAGE_BINS : to + 1] -= (long)s[i].n;
        chars += (long)s[i].n;
    }
    for (int i = 0; i < COVERAGE_BINS; i++) {
        covered += delta[i];
        bool central = i > COVERAGE_BINS * 15 / 100 && i < COVERAGE_BINS * 85 / 100;
        run = central && covered <= chars / MAX_CROSSING ? run + 1 : 0;
        if (run > best) {
            best = run;
            best_end = i + 1;
        }
    }
    *gutter = all->x0 + ((float)best_end - (float)best / 2) * bin;
    return (float)best * bin >= GUTTER_WIDTH * em;
}

static bool find_gutter(struct layout *l, const struct pdf_segment *s, size_t n, int cuts, float *gutter)
{
    if (cuts <= 0 || n < 8)
        return false;
    struct pdf_box all = bounds(s, n);
    float em = 0;
    for (size_t i = 0; i < n; i++)
        em += s[i].size / (float)n;
    if (width(&all) < 12 * em || !widest_gap(s, n, &all, em, gutter))
        return false;
    struct pdf_segment *part = rag_arena_array(l->a, n, sizeof(*part));
    if (!part)
        return false;
    size_t left = pick(s, n, *gutter, LEFT, part);
    struct pdf_box left_box = left ? bounds(part, left) : (struct pdf_box){0};
    if (!is_column(l, part, left, cuts))
        return false;
    size_t right = pick(s, n, *gutter, RIGHT, part);
    if (!is_column(l, part, right, cuts))
        return false;
    struct pdf_box right_box = bounds(part, right);
    return overlap_y(&left_box, &right_box) >= 0.4F;
}

static void emit_region(struct layout *l, struct pdf_segment *s, size_t n, int cuts);

/* Segments that cross the gutter divide the two columns into bands: left, right, crossing, left, right, … */
static void emit_bands(struct layout *l, struct pdf_segment *s, size_t n, float gutter, int cuts)
{
    struct pdf_segment *part[3];
    size_t count[3] = {0};
    for (int i = 0; i < 3; i++)
        if (!(part[i] = rag_arena_array(l->a, n, sizeof(*s)))) {
            l->rc = RAG_ENOMEM;
            return;
        }
    qsort(s, n, sizeof(*s), by_top);
    for (size_t i = 0; i <= n && !l->rc; i++) {
        enum side side = i < n ? side_of(&s[i], gutter) : ACROSS;
        if (i == n || (side == ACROSS && count[LEFT] + count[RIGHT])) {
            emit_region(l, part[LEFT], count[LEFT], cuts - 1);
            emit_region(l, part[RIGHT], count[RIGHT], cuts - 1);
            count[LEFT] = count[RIGHT] = 0;
        }
        if (count[ACROSS] && (i == n || side != ACROSS)) {
            emit_column(l, part[ACROSS], count[ACROSS]);
            count[ACROSS] = 0;
        }
        if (i < n)
            part[side][count[side]++] = s[i];
    }
}

static void emit_region(struct layout *l, struct pdf_segment *s, size_t n, int cuts)
{
    float gutter;
    if (!n || l->rc)
        return;
    if (find_gutter(l, s, n, cuts, &gutter))
        emit_bands(l, s, n, gutter, cuts);
    else
        emit_column(l, s, n);
}

/* ---- the page ---- */

/* Glyphs that run in one direction, in reading space. */
static size_t pick_turn(const struct pdf_page *page, uint8_t turn, struct pdf_glyph *to)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n; i++)
        if (page->glyphs[i].turn == turn) {
            to[n] = page->glyphs[i];
            to[n].box = rag_pdf_turn(to[n].box, turn);
            n++;
        }
    return n;
}

static void lay_out_turn(struct layout *l, const struct pdf_page *page, uint8_t turn)
{
    l->turn = turn;
    l->n_glyphs = pick_turn(page, turn, l->glyphs);
    if (!l->n_glyphs)
        return;
    struct pdf_segment *segments = rag_arena_array(l->a, l->n_glyphs, sizeof(*segments));
    if (!segments) {
        l->rc = RAG_ENOMEM;
        return;
    }
    emit_region(l, segments, make_segments(l, segments), MAX_CUTS);
}

int rag_pdf_layout(const struct pdf_page *page, struct rag_arena *a, struct pdf_lines *out)
{
    struct layout l = {.a = a, .out = out};
    size_t count[4] = {0};
    *out = (struct pdf_lines){0};
    if (!page->n)
        return 0;
    l.glyphs = rag_arena_array(a, page->n, sizeof(*l.glyphs));
    if (!l.glyphs)
        return RAG_ENOMEM;
    rag_buf_init(&l.text, 16 * page->n + 64);
    for (size_t i = 0; i < page->n; i++)
        count[page->glyphs[i].turn]++;
    /* The direction of most of the text first, then the others: stamps and labels of axes. */
    for (int round = 0; round < 4 && !l.rc; round++) {
        int most = 0;
        for (int turn = 1; turn < 4; turn++)
            most = count[turn] > count[most] ? turn : most;
        if (!count[most])
            break;
        lay_out_turn(&l, page, (uint8_t)most);
        count[most] = 0;
    }
    rag_buf_free(&l.text);
    return l.rc;
}
