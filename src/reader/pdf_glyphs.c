/* pdf_glyphs.c: PDFium's characters of a page → glyphs with position, size and cleaned code points. */
#include <math.h>
#include <string.h>

#include <utf8proc.h>

#include "base/err.h"
#include "reader/pdf.h"

/* Page units per device unit, so that PDFium's integer coordinates keep a hundredth of a point. */
#define SCALE 100

/* Affine map from PDF user space to page space, in points: rotation, crop and the turned y axis in one. */
struct map {
    double ox, oy, xx, xy, yx, yy; /* (x, y) → (ox + x*xx + y*yx, oy + x*xy + y*yy) */
};

static bool make_map(FPDF_PAGE page, float width, float height, struct map *m)
{
    int w = (int)(width * SCALE), h = (int)(height * SCALE), px[3], py[3];
    static const double far = 1000;
    if (!rag_pdfium.FPDF_PageToDevice(page, 0, 0, w, h, 0, 0, 0, &px[0], &py[0]) ||
        !rag_pdfium.FPDF_PageToDevice(page, 0, 0, w, h, 0, far, 0, &px[1], &py[1]) ||
        !rag_pdfium.FPDF_PageToDevice(page, 0, 0, w, h, 0, 0, far, &px[2], &py[2]))
        return false;
    *m = (struct map){.ox = px[0] / (double)SCALE,
                      .oy = py[0] / (double)SCALE,
                      .xx = (px[1] - px[0]) / (SCALE * far),
                      .xy = (py[1] - py[0]) / (SCALE * far),
                      .yx = (px[2] - px[0]) / (SCALE * far),
                      .yy = (py[2] - py[0]) / (SCALE * far)};
    return true;
}

static void map_point(const struct map *m, double x, double y, float *out_x, float *out_y)
{
    *out_x = (float)(m->ox + x * m->xx + y * m->yx);
    *out_y = (float)(m->oy + x * m->xy + y * m->yy);
}

struct pdf_box rag_pdf_turn(struct pdf_box b, int turn)
{
    switch (turn) {
    case 1:
        return (struct pdf_box){b.y0, -b.x1, b.y1, -b.x0};
    case 2:
        return (struct pdf_box){-b.x1, -b.y1, -b.x0, -b.y0};
    case 3:
        return (struct pdf_box){-b.y1, b.x0, -b.y0, b.x1};
    default:
        return b;
    }
}

struct pdf_box rag_pdf_turn_back(struct pdf_box b, int turn)
{
    return rag_pdf_turn(b, (4 - turn) & 3);
}

/* Private characters of the symbol fonts that office programs use for list marks. */
static bool is_symbol_bullet(uint32_t cp)
{
    static const uint16_t bullets[] = {0xF0A7, 0xF0B7, 0xF06C, 0xF06E, 0xF076,
                                       0xF0D8, 0xF0FC, 0xF0A8, 0xF075};
    for (size_t i = 0; i < sizeof(bullets) / sizeof(bullets[0]); i++)
        if (cp == bullets[i])
            return true;
    return false;
}

/* Radicals that stand for whole characters in text from some Chinese fonts, and that no normalization form
 * maps: the pairs are those of Unicode's EquivalentUnifiedIdeograph.txt. */
static uint32_t radical_to_ideograph(uint32_t cp)
{
    static const uint16_t pairs[][2] = {
        {0x2E9C, 0x65E5}, {0x2E9D, 0x6708}, {0x2EA0, 0x6C11}, {0x2EA9, 0x738B}, {0x2EBC, 0x8089},
        {0x2EC1, 0x864E}, {0x2EC4, 0x897F}, {0x2EC5, 0x89C1}, {0x2EC6, 0x89D2}, {0x2EC9, 0x8D1D},
        {0x2ECB, 0x8F66}, {0x2ED1, 0x9577}, {0x2ED3, 0x957F}, {0x2ED4, 0x95E8}, {0x2ED8, 0x9752},
        {0x2ED9, 0x97E6}, {0x2EDA, 0x9875}, {0x2EDB, 0x98CE}, {0x2EDC, 0x98DE}, {0x2EDD, 0x98DF},
        {0x2EE2, 0x9A6C}, {0x2EE3, 0x9AA8}, {0x2EE4, 0x9B3C}, {0x2EE5, 0x9C7C}, {0x2EE6, 0x9E1F},
        {0x2EE7, 0x5364}, {0x2EE8, 0x9EA6}, {0x2EE9, 0x9EC4}, {0x2EEA, 0x9EFE}, {0x2EEB, 0x6589},
        {0x2EEC, 0x9F50}, {0x2EED, 0x6B6F}, {0x2EEE, 0x9F7F}, {0x2EEF, 0x7ADC}, {0x2EF0, 0x9F99},
        {0x2EF1, 0x9F9C}, {0x2EF2, 0x4E80},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i][0] == cp)
            return pairs[i][1];
    return cp;
}

/* Compatibility forms that fonts map to and nobody types: radicals for ideographs, ligatures for letters.
 * Writes up to 4 code points, returns how many. */
static int fold(uint32_t cp, uint32_t out[4])
{
    bool radical = cp >= 0x2E80 && cp <= 0x2FDF, ideograph = cp >= 0xF900 && cp <= 0xFAFF,
         ligature = cp >= 0xFB00 && cp <= 0xFB06;
    out[0] = is_symbol_bullet(cp) ? 0x2022 : radical ? radical_to_ideograph(cp) : cp;
    if (out[0] != cp || !(radical || ideograph || ligature))
        return 1;
    utf8proc_int32_t parts[4];
    int last = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)cp, parts, 4, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, &last);
    for (int i = 0; i < n && i < 4; i++)
        out[i] = (uint32_t)parts[i];
    return n > 0 && n <= 4 ? (int)n : 1;
}

struct reading {
    FPDF_TEXTPAGE text;
    struct map map;
    struct pdf_page *out;
    bool space, guessed; /* white space came since the last glyph */
};

static float font_size(FPDF_TEXTPAGE text, int i)
{
    struct fpdf_matrix m;
    double size = rag_pdfium.FPDFText_GetFontSize(text, i);
    if (rag_pdfium.FPDFText_GetMatrix(text, i, &m))
        size *= hypotf(m.c, m.d);
    size = fabs(size);
    return size > 0.5 && size < 2000 ? (float)size : 0;
}

/* Direction of the text as it is shown, from its angle in user space. */
static uint8_t turn_of(const struct map *m, double angle)
{
    double x = cos(angle) * m->xx - sin(angle) * m->yx, y = cos(angle) * m->xy - sin(angle) * m->yy;
    if (fabs(x) >= fabs(y))
        return x >= 0 ? 0 : 2;
    return y > 0 ? 1 : 3;
}

/* Page space box of character i: its advance wide, from 0.85 above to 0.2 below the baseline high. The tight
 * box would not do: an underscore and a letter would not overlap. */
static bool place_glyph(const struct reading *r, int i, struct pdf_glyph *g)
{
    struct fpdf_rect loose;
    double x, y;
    if (!rag_pdfium.FPDFText_GetLooseCharBox(r->text, i, &loose) ||
        !rag_pdfium.FPDFText_GetCharOrigin(r->text, i, &x, &y))
        return false;
    struct pdf_box a, b;
    float base_x, base_y;
    map_point(&r->map, loose.left, loose.bottom, &a.x0, &a.y0);
    map_point(&r->map, loose.right, loose.top, &a.x1, &a.y1);
    map_point(&r->map, x, y, &base_x, &base_y);
    b.x0 = fminf(a.x0, a.x1);
    b.x1 = fmaxf(a.x0, a.x1);
    b.y0 = fminf(a.y0, a.y1);
    b.y1 = fmaxf(a.y0, a.y1);
    double angle = (double)rag_pdfium.FPDFText_GetCharAngle(r->text, i);
    if (rag_pdfium.FPDFText_GetFontSize(r->text, i) < 0) /* it runs backwards, upside down */
        angle += M_PI;
    g->turn = turn_of(&r->map, angle);
    struct pdf_box base = rag_pdf_turn((struct pdf_box){base_x, base_y, base_x, base_y}, g->turn);
    b = rag_pdf_turn(b, g->turn);
    g->size = font_size(r->text, i);
    if (g->size == 0)
        g->size = fminf(fmaxf(b.y1 - b.y0, 1), 100);
    b.y0 = base.y0 - 0.85F * g->size;
    b.y1 = base.y0 + 0.2F * g->size;
    g->box = rag_pdf_turn_back(b, g->turn);
    return isfinite(b.x0) && isfinite(b.x1) && isfinite(b.y0) && isfinite(b.y1);
}

static bool off_page(const struct pdf_page *p, const struct pdf_box *b)
{
    return b->x1 < -5 || b->y1 < -5 || b->x0 > p->width + 5 || b->y0 > p->height + 5;
}

/* By its weight, or by the name of its font: the Chinese typeface of headings (SimHei, 黑体) has a plain
 * weight. */
static bool is_bold(FPDF_TEXTPAGE text, int i)
{
    char name[128] = "";
    int flags;
    if (rag_pdfium.FPDFText_GetFontWeight(text, i) >= 600)
        return true;
    unsigned long n = rag_pdfium.FPDFText_GetFontInfo(text, i, name, sizeof(name), &flags);
    if (n > sizeof(name))
        return false;
    return strstr(name, "Bold") || strstr(name, "Black") || strstr(name, "Heavy") || strstr(name, "SimHei") ||
           strstr(name, "STHeiti") || strstr(name, "FZHei") || strstr(name, "黑体");
}

static bool is_white_space(uint32_t cp)
{
    return cp == ' ' || cp == '\t' || cp == '\r' || cp == '\n' || cp == 0xA0 || cp == 0x3000;
}

static void read_char(struct reading *r, int i, size_t cap)
{
    struct pdf_page *out = r->out;
    uint32_t cp = rag_pdfium.FPDFText_GetUnicode(r->text, i), parts[4];
    bool generated = rag_pdfium.FPDFText_IsGenerated(r->text, i) == 1;
    bool hyphen = cp == 0x2 || rag_pdfium.FPDFText_IsHyphen(r->text, i) == 1;
    bool nameless =
        cp < 0x20 || (cp >= 0xFFFD && cp <= 0xFFFF); /* a shape of which the file tells no meaning */
    if (hyphen) {
        cp = '-';
    } else if (is_white_space(cp) || nameless) {
        out->unmapped += !is_white_space(cp);
        r->guessed = generated && (r->guessed || !r->space);
        r->space = true;
        return;
    }
    out->unmapped += rag_pdfium.FPDFText_HasUnicodeMapError(r->text, i) == 1;
    struct pdf_glyph g = {.cp = cp, .space = r->space, .guessed = r->guessed, .hyphen = hyphen};
    if (!place_glyph(r, i, &g) || off_page(out, &g.box))
        return;
    g.bold = is_bold(r->text, i);
    int n = fold(cp, parts);
    for (int k = 0; k < n && out->n < cap; k++) {
        g.cp = parts[k];
        out->glyphs[out->n++] = g;
        g.space = g.guessed = false;
        g.box.x0 = g.box.x1; /* the other letters of a ligature take no room */
    }
    r->space = r->guessed = false;
}

int rag_pdf_glyphs(FPDF_PAGE page, struct rag_arena *a, struct pdf_page *out)
{
    *out = (struct pdf_page){.width = rag_pdfium.FPDF_GetPageWidthF(page),
                             .height = rag_pdfium.FPDF_GetPageHeightF(page)};
    struct reading r = {.out = out};
    if (!(out->width > 0 && out->height > 0 && out->width < 20000 && out->height < 20000) ||
        !make_map(page, out->width, out->height, &r.map))
        return 0;
    r.text = rag_pdfium.FPDFText_LoadPage(page);
    int n = r.text ? rag_pdfium.FPDFText_CountChars(r.text) : 0;
    int rc = 0;
    if (n > 0) {
        size_t cap = (size_t)n + (size_t)n / 8 + 16; /* room for the letters of ligatures */
        out->glyphs = rag_arena_array(a, cap, sizeof(*out->glyphs));
        for (int i = 0; out->glyphs && i < n; i++)
            read_char(&r, i, cap);
        rc = out->glyphs ? 0 : RAG_ENOMEM;
    }
    out->has_objects = rag_pdfium.FPDFPage_CountObjects(page) > 0;
    if (r.text)
        rag_pdfium.FPDFText_ClosePage(r.text);
    return rc;
}
