/* pdf_headings.c: which paragraphs are headings (larger or bolder than the body), and which repeat on every
 * page. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "reader/pdf.h"
#include "text/utf8.h"

#define SIZE_STEP         0.5F  /* sizes are counted in steps of half a point */
#define MAX_STEPS         400   /* up to 200 points */
#define HEADING_RATIO     1.15F /* a heading is at least this much larger than the body */
#define SAME_LEVEL        0.94F /* sizes this close are one level */
#define MAX_LEVEL         3
#define HEADING_CHARS     120 /* a longer one is a paragraph in large type */
#define BOLD_CHARS        60
#define MARGIN            0.09F /* share of the page's height where running heads and page numbers stand */
#define REPEATED_PAGES    3     /* a line in the margin of this many pages is a running head */
#define MAX_HEADING_SHARE 0.4F

static struct rag_str text_of(const struct pdf_doc *doc, const struct pdf_para *p)
{
    return (struct rag_str){doc->text.p + p->begin, p->end - p->begin};
}

static size_t count_chars(struct rag_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; n++)
        rag_utf8_next(s, &i);
    return n;
}

static bool has_letters(struct rag_str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = rag_utf8_next(s, &i);
        bool digit = cp >= '0' && cp <= '9';
        if (!digit && !rag_utf8_is_space(cp) && !rag_utf8_is_punct(cp))
            return true;
    }
    return false;
}

/* ---- running heads and page numbers ---- */

struct margin_line {
    uint64_t key; /* hash of its text with digits as one, and of its place */
    size_t para;
};

/* FNV-1a over the text; a run of digits counts as one '#', so that page numbers are equal. */
static uint64_t margin_key(struct rag_str s, bool top)
{
    uint64_t h = top ? 14695981039346656037u : 1469598103934665603u;
    bool digits = false;
    for (size_t i = 0; i < s.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (s.p[i] == ' ' || (digit && digits))
            continue;
        digits = digit;
        h = (h ^ (digit ? '#' : (unsigned char)s.p[i])) * 1099511628211u;
    }
    return h;
}

static int by_key(const void *va, const void *vb)
{
    const struct margin_line *a = va, *b = vb;
    return a->key < b->key ? -1 : a->key > b->key ? 1 : a->para < b->para ? -1 : a->para > b->para;
}

static size_t collect_margins(const struct pdf_doc *doc, struct margin_line *out)
{
    size_t n = 0;
    for (size_t i = 0; i < doc->n; i++) {
        const struct pdf_para *p = &doc->v[i];
        float height = doc->page_height[p->page - 1], middle = (p->box.y0 + p->box.y1) / 2;
        bool top = middle<MARGIN * height, bottom = middle>(1 - MARGIN) * height;
        if ((top || bottom) && p->lines <= 2)
            out[n++] = (struct margin_line){margin_key(text_of(doc, p), top), i};
    }
    return n;
}

/* Whether a page has text that does not run through the document. */
static bool *mark_pages_with_body(const struct pdf_doc *doc)
{
    bool *has = calloc((size_t)doc->pages + 1, sizeof(*has));
    for (size_t i = 0; has && i < doc->n; i++)
        has[doc->v[i].page] |= !doc->v[i].running;
    return has;
}

/* The first of equal lines stays when it says something: it may be the only place that names the document. */
static int drop_margins(struct pdf_doc *doc)
{
    struct margin_line *lines = calloc(doc->n + 1, sizeof(*lines));
    bool *has_body = NULL;
    size_t n = lines ? collect_margins(doc, lines) : 0;
    if (n)
        qsort(lines, n, sizeof(*lines), by_key);
    for (size_t i = 0, end; i < n; i = end) {
        int pages = 1;
        for (end = i + 1; end < n && lines[end].key == lines[i].key; end++)
            pages += doc->v[lines[end].para].page != doc->v[lines[end - 1].para].page;
        for (size_t k = i; k < end && pages >= REPEATED_PAGES; k++) {
            struct pdf_para *p = &doc->v[lines[k].para];
            p->running = true;
            p->dropped = k > i || !has_letters(text_of(doc, p));
        }
    }
    if (lines)
        has_body = mark_pages_with_body(doc);
    for (size_t i = 0; has_body && i < doc->n; i++) /* a page of one line keeps it */
        doc->v[i].dropped &= has_body[doc->v[i].page];
    int rc = has_body ? 0 : RAG_ENOMEM;
    free(lines);
    free(has_body);
    return rc;
}

/* ---- headings ---- */

static int step_of(float size)
{
    int step = (int)lroundf(size / SIZE_STEP);
    return step < 0 ? 0 : step >= MAX_STEPS ? MAX_STEPS - 1 : step;
}

/* Size of most of the text, in points; bold_body: most of the text is bold. */
static float body_size(const struct pdf_doc *doc, bool *bold_body)
{
    size_t bytes[MAX_STEPS] = {0}, bold = 0, all = 0;
    int best = 0;
    for (size_t i = 0; i < doc->n; i++) {
        const struct pdf_para *p = &doc->v[i];
        bytes[step_of(p->size)] += p->end - p->begin;
        bold += p->bold ? p->end - p->begin : 0;
        all += p->end - p->begin;
    }
    for (int s = 1; s < MAX_STEPS; s++)
        if (bytes[s] > bytes[best])
            best = s;
    *bold_body = bold * 2 > all;
    return (float)best * SIZE_STEP;
}

static bool may_be_heading(const struct pdf_doc *doc, const struct pdf_para *p)
{
    struct rag_str s = text_of(doc, p);
    return !p->dropped && !p->running && !p->table && p->lines <= 3 && has_letters(s) &&
           count_chars(s) >= 2 && count_chars(s) <= HEADING_CHARS;
}

static bool ends_like_prose(struct rag_str s)
{
    static const char *const ends[] = {".", ",", ";", ":", "。", "，", "；", "：", "、"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t n = strlen(ends[i]);
        if (s.n >= n && !memcmp(s.p + s.n - n, ends[i], n))
            return true;
    }
    return false;
}

/* Level by size: the largest heading size of the document is level 1, the next 2, all smaller ones 3. */
struct levels {
    float size[MAX_LEVEL];
    int n;
};

static void add_level(struct levels *l, float size)
{
    for (int i = 0; i < l->n; i++)
        if (size >= l->size[i] * SAME_LEVEL)
            return;
    if (l->n < MAX_LEVEL)
        l->size[l->n++] = size;
}

static int level_of(const struct levels *l, float size)
{
    for (int i = 0; i < l->n; i++)
        if (size >= l->size[i] * SAME_LEVEL)
            return i + 1;
    return MAX_LEVEL;
}

static void mark_by_size(struct pdf_doc *doc, float body, struct levels *levels)
{
    bool used[MAX_STEPS] = {false};
    size_t headings = 0, all = 0;
    for (size_t i = 0; i < doc->n; i++) {
        struct pdf_para *p = &doc->v[i];
        all += p->end - p->begin;
        if (p->size >= HEADING_RATIO * body && may_be_heading(doc, p)) {
            p->level = MAX_LEVEL;
            headings += p->end - p->begin;
            used[step_of(p->size)] = true;
        }
    }
    bool too_many =
        (float)headings > MAX_HEADING_SHARE * (float)all; /* the "body" was only the small print */
    for (int s = MAX_STEPS - 1; s > 0 && !too_many; s--)
        if (used[s])
            add_level(levels, (float)s * SIZE_STEP);
    for (size_t i = 0; i < doc->n; i++)
        if (doc->v[i].level)
            doc->v[i].level = too_many ? 0 : level_of(levels, doc->v[i].size);
}

static void mark_bold(struct pdf_doc *doc, float body, const struct levels *levels)
{
    int level = levels->n < MAX_LEVEL ? levels->n + 1 : MAX_LEVEL;
    for (size_t i = 0; i < doc->n; i++) {
        struct pdf_para *p = &doc->v[i];
        struct rag_str s = text_of(doc, p);
        if (!p->level && p->bold && p->lines <= 2 && p->size >= 0.95F * body && may_be_heading(doc, p) &&
            count_chars(s) <= BOLD_CHARS && !ends_like_prose(s))
            p->level = level;
    }
}

int rag_pdf_headings(struct pdf_doc *doc)
{
    struct levels levels = {.n = 0};
    bool bold_body;
    int rc = drop_margins(doc);
    if (rc)
        return rc;
    float body = body_size(doc, &bold_body);
    mark_by_size(doc, body, &levels);
    if (!bold_body)
        mark_bold(doc, body, &levels);
    return 0;
}
