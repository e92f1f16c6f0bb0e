/* pdf.c: PDF: the text of each page with its place, or a sentence that says why there is none. */
#include "reader/pdf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "reader/reader.h"
#include "text/utf8.h"

#define MAX_PAGES  20000
#define PAGE_ARENA (512 * RAG_MIB)

/* Pages of which something is to be said, as "3, 5 to 7 and 40 more". */
struct page_list {
    char text[160];
    int first, last, n;
    int left_out;
};

static void end_run(struct page_list *l)
{
    size_t used = strlen(l->text);
    if (!l->first)
        return;
    if (used > sizeof(l->text) - 40)
        l->left_out += l->last - l->first + 1;
    else if (l->first == l->last)
        snprintf(l->text + used, sizeof(l->text) - used, "%s%d", used ? ", " : "", l->first);
    else
        snprintf(l->text + used, sizeof(l->text) - used, "%s%d to %d", used ? ", " : "", l->first, l->last);
    l->first = 0;
}

static void add_page(struct page_list *l, int page)
{
    l->n++;
    if (l->first && l->last + 1 == page) {
        l->last = page;
        return;
    }
    end_run(l);
    l->first = l->last = page;
}

static const char *page_list_text(struct page_list *l)
{
    end_run(l);
    size_t used = strlen(l->text);
    if (l->left_out)
        snprintf(l->text + used, sizeof(l->text) - used, " and %d more", l->left_out);
    return l->text;
}

struct pdf {
    struct rag_reader *r;
    FPDF_DOCUMENT file;
    struct pdf_doc doc;
    float *page_height;
    struct page_list silent, unreadable; /* pages without text but with pictures; pages that do not load */
    size_t glyphs, unmapped;
};

static int open_document(struct pdf *p)
{
    p->file = rag_pdfium.FPDF_LoadMemDocument64(p->r->file.p, p->r->file.n, NULL);
    if (p->file)
        return 0;
    switch (rag_pdfium.FPDF_GetLastError()) {
    case FPDF_ERR_PASSWORD:
        return rag_err_set(p->r->err, RAG_EFORMAT,
                           "the PDF is protected by a password: save it without one and upload it again");
    case FPDF_ERR_SECURITY:
        return rag_err_set(p->r->err, RAG_EFORMAT,
                           "the PDF is encrypted in a way that is not supported: save it without encryption");
    default:
        return rag_err_set(p->r->err, RAG_EFORMAT,
                           "the file is broken or not a PDF: open it in a PDF viewer and save it again");
    }
}

/* The file's own title, which comes in UTF-16LE with a zero at its end. */
static int report_title(struct pdf *p)
{
    unsigned char raw[2048];
    char title[4096];
    size_t n = 0;
    unsigned long bytes = rag_pdfium.FPDF_GetMetaText(p->file, "Title", raw, sizeof(raw));
    if (bytes > sizeof(raw))
        return 0;
    for (unsigned long i = 0; i + 1 < bytes; i += 2) {
        uint32_t cp = raw[i] | (uint32_t)raw[i + 1] << 8;
        if (cp >= 0xD800 && cp < 0xDC00 && i + 3 < bytes) {
            cp = 0x10000 + ((cp - 0xD800) << 10) + ((raw[i + 2] | (uint32_t)raw[i + 3] << 8) - 0xDC00);
            i += 2;
        }
        if (cp && n + 4 < sizeof(title))
            n += (size_t)rag_utf8_put(cp, title + n);
    }
    return rag_reader_title(p->r, (struct rag_str){title, n});
}

static int read_page(struct pdf *p, int number)
{
    struct rag_arena a;
    struct pdf_page page;
    struct pdf_lines lines;
    FPDF_PAGE handle = rag_pdfium.FPDF_LoadPage(p->file, number - 1);
    if (!handle) {
        add_page(&p->unreadable, number);
        return 0;
    }
    rag_arena_init(&a, PAGE_ARENA);
    int rc = rag_pdf_glyphs(handle, &a, &page);
    rag_pdfium.FPDF_ClosePage(handle);
    p->page_height[number - 1] = page.height;
    if (!rc)
        rc = rag_pdf_layout(&page, &a, &lines);
    if (!rc)
        rc = rag_pdf_paragraphs(number, &lines, &p->doc);
    if (!page.n && page.has_objects)
        add_page(&p->silent, number);
    p->glyphs += page.n;
    p->unmapped += page.unmapped;
    rag_arena_free(&a);
    return rc;
}

static int read_pages(struct pdf *p)
{
    int rc = 0, pages = rag_pdfium.FPDF_GetPageCount(p->file);
    if (pages < 1)
        return rag_err_set(p->r->err, RAG_EFORMAT, "the PDF has no pages");
    if (pages > MAX_PAGES)
        return rag_err_set(p->r->err, RAG_ETOOBIG,
                           "the PDF has %d pages, more than the %d that are read: split it", pages,
                           MAX_PAGES);
    p->r->pages = p->doc.pages = pages;
    p->page_height = calloc((size_t)pages, sizeof(*p->page_height));
    p->doc.page_height = p->page_height;
    if (!p->page_height)
        rc = RAG_ENOMEM;
    for (int i = 1; !rc && i <= pages; i++) {
        rc = read_page(p, i);
        rc = rc ? rc : rag_reader_progress(p->r, i, pages);
    }
    if (rc == RAG_ETOOBIG)
        return rag_err_set(p->r->err, rc, "the PDF has more than %zu MiB of text: split it",
                           RAG_LIMIT_DOC_TEXT / RAG_MIB);
    if (rc == RAG_ENOMEM)
        return rag_err_set(p->r->err, rc, "not enough memory to read this PDF");
    return rc;
}

static int warn(struct pdf *p)
{
    int rc = 0;
    bool one = p->silent.n == 1;
    if (p->silent.n)
        rc = rag_reader_warn(p->r,
                             "page%s %s %s no text layer and %s scanned: nothing was read there, as OCR is "
                             "not available yet",
                             one ? "" : "s", page_list_text(&p->silent), one ? "has" : "have",
                             one ? "seems" : "seem");
    if (!rc && p->unreadable.n)
        rc = rag_reader_warn(p->r, "page%s %s of the PDF cannot be read: broken",
                             p->unreadable.n == 1 ? "" : "s", page_list_text(&p->unreadable));
    if (!rc && p->unmapped * 20 > p->glyphs)
        rc =
            rag_reader_warn(p->r,
                            "%d %% of the characters have no meaning in this PDF, only a shape: its text may "
                            "be wrong",
                            (int)(p->unmapped * 100 / p->glyphs));
    return rc;
}

static int emit(struct pdf *p)
{
    int rc = rag_pdf_headings(&p->doc);
    if (rc)
        return rag_err_set(p->r->err, rc, "not enough memory to read this PDF");
    for (size_t i = 0; !rc && i < p->doc.n; i++) {
        const struct pdf_para *para = &p->doc.v[i];
        if (para->dropped)
            continue;
        struct rag_place place = {.page = para->page,
                                  .x0 = para->box.x0,
                                  .y0 = para->box.y0,
                                  .x1 = para->box.x1,
                                  .y1 = para->box.y1};
        struct rag_str text = {p->doc.text.p + para->begin, para->end - para->begin};
        rc = rag_reader_block(p->r, para->level ? RAG_BLOCK_HEADING : RAG_BLOCK_TEXT, para->level, text,
                              &place);
    }
    return rc;
}

static int check_text(struct pdf *p)
{
    if (p->doc.n)
        return 0;
    if (p->unreadable.n)
        return rag_err_set(p->r->err, RAG_EFORMAT,
                           "the PDF is broken: none of its pages can be read; save it again in a PDF viewer");
    if (p->silent.n)
        return rag_err_set(p->r->err, RAG_EFORMAT,
                           "the PDF has no text layer: it seems to be scanned; OCR is not available yet");
    return rag_err_set(p->r->err, RAG_EFORMAT, "the PDF has only empty pages");
}

int rag_read_pdf(struct rag_reader *r)
{
    struct pdf p = {.r = r};
    int rc = rag_pdfium_load(r->err);
    rag_buf_init(&p.doc.text, RAG_LIMIT_DOC_TEXT);
    if (!rc)
        rc = open_document(&p);
    if (!rc)
        rc = report_title(&p);
    if (!rc)
        rc = read_pages(&p);
    if (!rc)
        rc = check_text(&p);
    if (!rc)
        rc = emit(&p);
    if (!rc)
        rc = warn(&p);
    if (p.file)
        rag_pdfium.FPDF_CloseDocument(p.file);
    rag_buf_free(&p.doc.text);
    free(p.doc.v);
    free(p.page_height);
    return rc;
}
