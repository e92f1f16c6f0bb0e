/* pdf_paragraphs.c: lines → paragraphs, by indents, gaps, sizes and the way lines end. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "reader/pdf.h"
#include "text/utf8.h"

#define MAX_PARAS 4000000

/* ---- what lines begin and end with ---- */

static uint32_t last_char(struct rag_str s)
{
    size_t at = s.n;
    while (at && ((unsigned char)s.p[--at] & 0xC0) == 0x80)
        ;
    return s.n ? rag_utf8_next(s, &at) : 0;
}

static uint32_t first_char(struct rag_str s)
{
    size_t at = 0;
    return s.n ? rag_utf8_next(s, &at) : 0;
}

static bool ends_sentence(struct rag_str s)
{
    static const uint32_t marks[] = {'.', '!', '?', ':', ';', 0x3002, 0xFF01, 0xFF1F, 0xFF1A, 0xFF1B, 0x2026};
    uint32_t cp = last_char(s);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (cp == marks[i])
            return true;
    return false;
}

static bool is_bullet(uint32_t cp)
{
    static const uint32_t marks[] = {0x2022, 0x25CF, 0x25CB, 0x25AA, 0x25A0,
                                     0x25E6, 0x2023, 0x27A2, 0x2043, 0x25B6};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (cp == marks[i])
            return true;
    return false;
}

/* "• …", "- …", "1. …", "2) …", "(3) …", "（四）…", "五、…", "第六条…": lines that open an item. */
static bool opens_item(struct rag_str s)
{
    static const char cjk_numbers[] = "一二三四五六七八九十百零";
    size_t at = 0, digits = 0;
    uint32_t cp = first_char(s);
    if (is_bullet(cp) || (s.n > 2 && (s.p[0] == '-' || s.p[0] == '*') && s.p[1] == ' '))
        return true;
    bool bracket = cp == '(' || cp == 0xFF08, ordinal = cp == 0x7B2C;
    if (bracket || ordinal)
        rag_utf8_next(s, &at);
    for (size_t next = at; next < s.n && digits < 4; at = next) {
        cp = rag_utf8_next(s, &next);
        bool number =
            (cp >= '0' && cp <= '9') ||
            (rag_utf8_is_cjk(cp) && memmem(cjk_numbers, sizeof(cjk_numbers) - 1, s.p + at, next - at));
        if (!number)
            break;
        digits++;
    }
    if (!digits || at >= s.n)
        return false;
    cp = rag_utf8_next(s, &at);
    if (ordinal)
        return cp == 0x6761 || cp == 0x7AE0 || cp == 0x8282 || cp == 0x90E8; /* 条 章 节 部 */
    if (bracket)
        return cp == ')' || cp == 0xFF09;
    if (cp == 0x3001 || cp == 0xFF0E || cp == ')' || cp == 0xFF09)
        return true;
    return cp == '.' && at < s.n && (s.p[at] == ' ' || (unsigned char)s.p[at] >= 0x80);
}

/* ---- where paragraphs end ---- */

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static float middle(const struct pdf_line *l)
{
    return (l->box.y0 + l->box.y1) / 2;
}

/* Usual distance from line to line of column v[first, end), in multiples of the size: the median. */
static float usual_pitch(const struct pdf_line *v, size_t first, size_t end, float *scratch)
{
    size_t n = 0;
    for (size_t i = first + 1; i < end; i++)
        if (fabsf(v[i].size - v[i - 1].size) < 0.5F && middle(&v[i]) > middle(&v[i - 1]))
            scratch[n++] = (middle(&v[i]) - middle(&v[i - 1])) / v[i].size;
    if (n < 3)
        return 1.5F;
    qsort(scratch, n, sizeof(*scratch), compare_floats);
    float median = scratch[n / 2];
    return median < 1 ? 1 : median > 2.2F ? 2.2F : median;
}

/* Whether a new paragraph starts with line b, which follows line a; item: the paragraph so far is a list
 * item. */
static bool breaks(const struct pdf_line *a, const struct pdf_line *b, float pitch, bool item)
{
    float em = b->size;
    if (a->column != b->column || a->cells != b->cells ||
        fabsf(a->size - b->size) > 0.12F * fmaxf(a->size, em))
        return true;
    if (middle(b) - middle(a) > 1.35F * pitch * em)
        return true;
    if (a->cells)
        return false;
    if (a->bold != b->bold && (a->bold || ends_sentence(a->text) || a->box.x1 < a->right - 3 * em))
        return true;
    if (opens_item(b->text))
        return true;
    float indent_a = a->box.x0 - a->left, indent_b = b->box.x0 - b->left;
    if (!item && indent_b > indent_a + 0.9F * em && indent_b < 6 * em && !a->hyphen)
        return true;
    float short_by = (a->right - a->box.x1) / fmaxf(a->right - a->left, 1);
    bool ends = ends_sentence(a->text);
    return (ends && a->right - a->box.x1 > 2.5F * em && short_by > 0.08F) || short_by > 0.45F;
}

/* ---- joining ---- */

static bool is_lower(uint32_t cp)
{
    return (cp >= 'a' && cp <= 'z') || (cp >= 0xDF && cp <= 0xFF);
}

/* Chinese, Japanese and Korean ideographs and their punctuation: no space where lines meet. */
static bool is_wide(uint32_t cp)
{
    bool hangul = (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0x1100 && cp <= 0x11FF);
    return !hangul &&
           (rag_utf8_is_cjk(cp) || (cp >= 0x3000 && cp <= 0x303F) || (cp >= 0xFF00 && cp <= 0xFF65));
}

static void join(struct rag_buf *text, size_t begin, const struct pdf_line *a, const struct pdf_line *b)
{
    struct rag_str so_far = {text->p + begin, text->n - begin};
    uint32_t last = last_char(so_far), first = first_char(b->text);
    if (a->cells) {
        rag_buf_addc(text, '\n');
    } else if (a->hyphen && is_lower(first)) {
        text->n -= (size_t)(last == '-' ? 1 : last == 0xAD ? 2 : last == 0x2010 ? 3 : 0);
        text->p[text->n] = '\0';
    } else if (!(is_wide(last) && is_wide(first)) && !a->hyphen) {
        rag_buf_addc(text, ' ');
    }
    rag_buf_addstr(text, b->text);
}

static struct pdf_para *new_para(struct pdf_doc *doc)
{
    if (doc->n == doc->cap) {
        size_t cap = doc->cap ? doc->cap * 2 : 256;
        struct pdf_para *v = cap <= MAX_PARAS ? realloc(doc->v, cap * sizeof(*v)) : NULL;
        if (!v)
            return NULL;
        doc->v = v;
        doc->cap = cap;
    }
    return &doc->v[doc->n++];
}

/* Appends lines v[first, end) as one paragraph. */
static int add_para(struct pdf_doc *doc, int page, const struct pdf_line *v, size_t first, size_t end)
{
    struct pdf_para *p = new_para(doc);
    if (!p)
        return RAG_ENOMEM;
    struct pdf_box box = v[first].box;
    *p = (struct pdf_para){.begin = doc->text.n, .page = page, .size = v[first].size, .bold = true};
    rag_buf_addstr(&doc->text, v[first].text);
    for (size_t i = first; i < end; i++) {
        if (i > first)
            join(&doc->text, p->begin, &v[i - 1], &v[i]);
        box = pdf_box_union(box, v[i].box);
        p->bold &= v[i].bold;
        p->table |= v[i].cells;
        p->lines++;
    }
    p->end = doc->text.n;
    p->box = rag_pdf_turn_back(box, v[first].turn);
    return doc->text.err;
}

int rag_pdf_paragraphs(int page, const struct pdf_lines *lines, struct pdf_doc *doc)
{
    const struct pdf_line *v = lines->v;
    int rc = 0;
    float *scratch = calloc(lines->n + 1, sizeof(*scratch));
    if (!scratch)
        return RAG_ENOMEM;
    for (size_t column = 0, column_end; !rc && column < lines->n; column = column_end) {
        for (column_end = column; column_end < lines->n && v[column_end].column == v[column].column;)
            column_end++;
        float pitch = usual_pitch(v, column, column_end, scratch);
        size_t first = column;
        for (size_t i = column + 1; !rc && i <= column_end; i++)
            if (i == column_end || breaks(&v[i - 1], &v[i], pitch, opens_item(v[first].text))) {
                rc = add_para(doc, page, v, first, i);
                first = i;
            }
    }
    free(scratch);
    return rc;
}
