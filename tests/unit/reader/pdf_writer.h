/* pdf_writer.h: makes small PDF files for tests: pages of content streams, four fonts, nothing else.
 *
 * Fonts: F1 Helvetica, F2 Helvetica-Bold, F3 a Chinese font that is not embedded (UTF-16BE codes), F4
 * Helvetica in which "A" means U+2EDB, "B" the ligature U+FB03, "C" the private bullet U+F0B7. */
#ifndef TEST_READER_PDF_WRITER_H
#define TEST_READER_PDF_WRITER_H

#include <stdio.h>

#include "base/buf.h"

enum {
    PDF_MAX_OBJECTS = 64,
    PDF_CATALOG = 1,
    PDF_PAGES,
    PDF_INFO,
    PDF_F1,
    PDF_F2,
    PDF_F3,
    PDF_CID,
    PDF_F4,
    PDF_CMAP
};

struct pdf_writer {
    struct rag_buf out;
    size_t offset[PDF_MAX_OBJECTS];
    int objects;
    struct rag_buf kids;
    int pages;
    const char *trailer; /* more entries of the trailer */
};

static inline void pdf_object(struct pdf_writer *w, int number, const char *body)
{
    w->offset[number] = w->out.n;
    rag_buf_printf(&w->out, "%d 0 obj\n%s\nendobj\n", number, body);
    if (number >= w->objects)
        w->objects = number + 1;
}

static inline void pdf_stream(struct pdf_writer *w, int number, const char *content)
{
    w->offset[number] = w->out.n;
    rag_buf_printf(&w->out, "%d 0 obj\n<</Length %zu>>stream\n%s\nendstream\nendobj\n", number,
                   strlen(content), content);
    if (number >= w->objects)
        w->objects = number + 1;
}

/* title: PDF string syntax, "(Title)" or "<FEFF…>". */
static inline void pdf_begin(struct pdf_writer *w, const char *title)
{
    char info[512];
    *w = (struct pdf_writer){.trailer = ""};
    rag_buf_init(&w->out, 1 << 24);
    rag_buf_init(&w->kids, 1 << 16);
    rag_buf_adds(&w->out, "%PDF-1.7\n");
    snprintf(info, sizeof(info), "<</Title %s>>", title ? title : "()");
    pdf_object(w, PDF_CATALOG, "<</Type/Catalog/Pages 2 0 R>>");
    pdf_object(w, PDF_INFO, info);
    pdf_object(w, PDF_F1, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>");
    pdf_object(w, PDF_F2, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>");
    pdf_object(
        w, PDF_F3,
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[7 0 R]>>");
    pdf_object(w, PDF_CID,
               "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000"
               "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>");
    pdf_object(w, PDF_F4, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 9 0 R>>");
    pdf_stream(
        w, PDF_CMAP,
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <00> <FF> endcodespacerange\n"
        "3 beginbfchar <41> <2EDB> <42> <FB03> <43> <F0B7> endbfchar endcmap end end");
}

/* A page of 612 × 792 points; extra: more entries of its dictionary, such as "/Rotate 90". */
static inline void pdf_page(struct pdf_writer *w, const char *extra, const char *content)
{
    char page[512];
    int number = w->objects;
    snprintf(page, sizeof(page),
             "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R%s"
             "/Resources<</Font<</F1 4 0 R/F2 5 0 R/F3 6 0 R/F4 8 0 R>>>>>>",
             number + 1, extra);
    pdf_object(w, number, page);
    pdf_stream(w, number + 1, content);
    rag_buf_printf(&w->kids, "%d 0 R ", number);
    w->pages++;
}

/* The finished file; valid until pdf_free. */
static inline struct rag_str pdf_end(struct pdf_writer *w)
{
    char pages[4096];
    snprintf(pages, sizeof(pages), "<</Type/Pages/Kids[%s]/Count %d>>", rag_buf_str(&w->kids).p, w->pages);
    pdf_object(w, PDF_PAGES, pages);
    size_t xref = w->out.n;
    rag_buf_printf(&w->out, "xref\n0 %d\n0000000000 65535 f \n", w->objects);
    for (int i = 1; i < w->objects; i++)
        rag_buf_printf(&w->out, "%010zu 00000 n \n", w->offset[i]);
    rag_buf_printf(&w->out, "trailer\n<</Size %d/Root 1 0 R/Info 3 0 R%s>>\nstartxref\n%zu\n%%%%EOF\n",
                   w->objects, w->trailer, xref);
    return rag_buf_str(&w->out);
}

static inline void pdf_free(struct pdf_writer *w)
{
    rag_buf_free(&w->out);
    rag_buf_free(&w->kids);
}

#endif
