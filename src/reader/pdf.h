/* pdf.h: the steps of the PDF reader: glyphs of a page → lines in reading order → paragraphs → headings.
 *
 * Boxes are in points with the origin at the top left of the page as it is shown (rotation and crop applied).
 * Steps before pdf_para work in "reading space": the page turned so that its text runs from left to right. */
#ifndef RAG_READER_PDF_H
#define RAG_READER_PDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "reader/pdfium.h"

struct pdf_box {
    float x0, y0, x1, y1;
};

/* One character. */
struct pdf_glyph {
    uint32_t cp;
    struct pdf_box box; /* width: its advance; height: from size around the baseline */
    float size;         /* of the font as shown */
    uint8_t turn;       /* its text runs: 0 right, 1 down, 2 left, 3 up */
    bool bold;
    bool space;   /* white space in front of it */
    bool guessed; /* … that PDFium put there because of a gap */
    bool hyphen;  /* a hyphen that divides a word at the end of a line */
};

struct pdf_page {
    float width, height;
    struct pdf_glyph *glyphs;
    size_t n;
    size_t unmapped;  /* characters whose meaning the file does not tell */
    bool has_objects; /* pictures or drawings, when there is no text */
};

/* Text in one row between two wide gaps: glyphs[first, first + n). */
struct pdf_segment {
    size_t first, n;
    struct pdf_box box;
    float size;
    bool bold;
};

/* A row of a column. */
struct pdf_line {
    struct rag_str text; /* cells of a row are separated by " | " */
    struct pdf_box box;  /* reading space */
    float size;
    size_t column;     /* number of the column it stands in: paragraphs end with it */
    float left, right; /* extent of that column */
    uint8_t turn;
    bool bold, hyphen;
    bool cells; /* has wide gaps inside, like the row of a table */
};

struct pdf_lines {
    struct pdf_line *v;
    size_t n;
};

struct pdf_para {
    size_t begin, end; /* in pdf_doc.text */
    int page;
    struct pdf_box box; /* page space */
    float size;
    int lines;
    bool bold, table;
    bool running; /* stands in the margin of several pages */
    bool dropped; /* … and is left out */
    int level;    /* of a heading, else 0 */
};

/* The whole document, collected before anything is emitted: headings are what is larger than most of it. */
struct pdf_doc {
    struct rag_buf text;
    struct pdf_para *v;
    size_t n, cap;
    const float *page_height; /* by page, from 0 */
    int pages;
};

/* pdf_glyphs.c: reads the characters of a page. Everything comes from a. RAG_ENOMEM. */
int rag_pdf_glyphs(FPDF_PAGE page, struct rag_arena *a, struct pdf_page *out);
/* pdf_layout.c: segments, columns, lines. */
int rag_pdf_layout(const struct pdf_page *page, struct rag_arena *a, struct pdf_lines *out);
/* pdf_paragraphs.c: joins lines and appends them to doc. */
int rag_pdf_paragraphs(int page, const struct pdf_lines *lines, struct pdf_doc *doc);
/* pdf_headings.c: finds headings, drops running heads and page numbers. */
int rag_pdf_headings(struct pdf_doc *doc);

static inline struct pdf_box pdf_box_union(struct pdf_box a, struct pdf_box b)
{
    return (struct pdf_box){a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0, a.x1 > b.x1 ? a.x1 : b.x1,
                            a.y1 > b.y1 ? a.y1 : b.y1};
}

/* Between page space and reading space of text that runs in direction turn, and back. */
struct pdf_box rag_pdf_turn(struct pdf_box box, int turn);
struct pdf_box rag_pdf_turn_back(struct pdf_box box, int turn);

#endif
