/* pdfium.h: the functions of PDFium that are used, declared here because its headers are not packaged, and
 * looked up at run time because only PDF files need the library. */
#ifndef RAG_READER_PDFIUM_H
#define RAG_READER_PDFIUM_H

#include <stddef.h>

#include "base/err.h"

/* As in fpdfview.h and fpdf_text.h, whose C interface is stable. */
typedef struct fpdf_document *FPDF_DOCUMENT;
typedef struct fpdf_page *FPDF_PAGE;
typedef struct fpdf_textpage *FPDF_TEXTPAGE;

struct fpdf_config { /* FPDF_LIBRARY_CONFIG, version 2 */
    int version;
    const char **font_paths; /* NULL-terminated */
    void *isolate;
    unsigned v8_slot;
};
struct fpdf_rect { /* FS_RECTF */
    float left, top, right, bottom;
};
struct fpdf_matrix { /* FS_MATRIX */
    float a, b, c, d, e, f;
};

enum { FPDF_ERR_FILE = 2, FPDF_ERR_FORMAT = 3, FPDF_ERR_PASSWORD = 4, FPDF_ERR_SECURITY = 5 };

/* Coordinates of pages are points with the origin at the bottom left; those of a device have it at the top
 * left. */
#define RAG_PDFIUM_FUNCTIONS(XX)                                                                             \
    XX(void, FPDF_InitLibraryWithConfig, (const struct fpdf_config *config))                                 \
    XX(unsigned long, FPDF_GetLastError, (void))                                                             \
    XX(FPDF_DOCUMENT, FPDF_LoadMemDocument64, (const void *data, size_t size, const char *password))         \
    XX(void, FPDF_CloseDocument, (FPDF_DOCUMENT doc))                                                        \
    XX(int, FPDF_GetPageCount, (FPDF_DOCUMENT doc))                                                          \
    /* UTF-16LE into buffer, with its zero; returns the bytes needed */                                      \
    XX(unsigned long, FPDF_GetMetaText, (FPDF_DOCUMENT doc, const char *tag, void *buffer, unsigned long n)) \
    XX(FPDF_PAGE, FPDF_LoadPage, (FPDF_DOCUMENT doc, int index))                                             \
    XX(void, FPDF_ClosePage, (FPDF_PAGE page))                                                               \
    XX(float, FPDF_GetPageWidthF, (FPDF_PAGE page))                                                          \
    XX(float, FPDF_GetPageHeightF, (FPDF_PAGE page))                                                         \
    XX(int, FPDF_PageToDevice,                                                                               \
       (FPDF_PAGE page, int x0, int y0, int width, int height, int rotate, double x, double y, int *out_x,   \
        int *out_y))                                                                                         \
    XX(int, FPDFPage_CountObjects, (FPDF_PAGE page))                                                         \
    XX(FPDF_TEXTPAGE, FPDFText_LoadPage, (FPDF_PAGE page))                                                   \
    XX(void, FPDFText_ClosePage, (FPDF_TEXTPAGE text))                                                       \
    XX(int, FPDFText_CountChars, (FPDF_TEXTPAGE text))                                                       \
    XX(unsigned, FPDFText_GetUnicode, (FPDF_TEXTPAGE text, int i))                                           \
    XX(int, FPDFText_IsGenerated, (FPDF_TEXTPAGE text, int i))                                               \
    XX(int, FPDFText_IsHyphen, (FPDF_TEXTPAGE text, int i))                                                  \
    XX(int, FPDFText_HasUnicodeMapError, (FPDF_TEXTPAGE text, int i))                                        \
    XX(double, FPDFText_GetFontSize, (FPDF_TEXTPAGE text, int i))                                            \
    XX(int, FPDFText_GetFontWeight, (FPDF_TEXTPAGE text, int i))                                             \
    XX(unsigned long, FPDFText_GetFontInfo,                                                                  \
       (FPDF_TEXTPAGE text, int i, void *name, unsigned long cap, int *flags))                               \
    XX(float, FPDFText_GetCharAngle, (FPDF_TEXTPAGE text, int i))                                            \
    XX(int, FPDFText_GetCharOrigin, (FPDF_TEXTPAGE text, int i, double *x, double *y))                       \
    XX(int, FPDFText_GetLooseCharBox, (FPDF_TEXTPAGE text, int i, struct fpdf_rect *rect))                   \
    XX(int, FPDFText_GetMatrix, (FPDF_TEXTPAGE text, int i, struct fpdf_matrix *matrix))

struct rag_pdfium {
#define XX(type, name, args) type(*name) args;
    RAG_PDFIUM_FUNCTIONS(XX)
#undef XX
};

/* Loads and starts the library once: beside the executable, in ../lib/pai_rag, or where the build found it.
 */
int rag_pdfium_load(struct rag_err *err);
/* The loaded library. */
extern struct rag_pdfium rag_pdfium;

#endif
