/* reader.c: extension → reader, and the checks that everything a reader emits goes through. */
#include "reader/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "reader/charset.h"
#include "reader/pdfium.h"
#include "text/utf8.h"

static int prepare_text(struct rag_err *err)
{
    (void)err;
    rag_charset_prepare();
    return 0;
}

static const struct format {
    const char *ext;
    int (*prepare)(struct rag_err *err);
    int (*read)(struct rag_reader *r);
} formats[] = {
    {"pdf", rag_pdfium_load, rag_read_pdf},        {"html", prepare_text, rag_read_html},
    {"htm", prepare_text, rag_read_html},          {"md", prepare_text, rag_read_markdown},
    {"markdown", prepare_text, rag_read_markdown}, {"txt", prepare_text, rag_read_txt},
    {"text", prepare_text, rag_read_txt},          {"log", prepare_text, rag_read_txt},
    {"csv", prepare_text, rag_read_csv},           {"jsonl", prepare_text, rag_read_jsonl},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

static const struct format *find_format(const char *ext, struct rag_err *err)
{
    char list[128] = "";
    for (int i = 0; i < N_FORMATS; i++) {
        if (!strcmp(ext, formats[i].ext))
            return &formats[i];
        size_t n = strlen(list);
        snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", formats[i].ext);
    }
    if (*ext)
        rag_err_set(err, RAG_EUNSUPPORTED, "files of type .%s are not supported: convert it to one of %s",
                    ext, list);
    else
        rag_err_set(err, RAG_EUNSUPPORTED, "a file name without an extension does not tell the type: use %s",
                    list);
    return NULL;
}

int rag_reader_prepare(const char *ext, struct rag_err *err)
{
    const struct format *f = find_format(ext, err);
    return f ? f->prepare(err) : RAG_EUNSUPPORTED;
}

int rag_reader_run(const char *ext, struct rag_str file, const struct rag_reader_opts *opts,
                   const struct rag_sink *sink, int *pages, struct rag_err *err)
{
    struct rag_reader r = {.file = file, .opts = opts, .sink = sink, .err = err};
    const struct format *f = find_format(ext, err);
    *pages = 0;
    if (!f)
        return RAG_EUNSUPPORTED;
    if (file.n == 0)
        return rag_err_set(err, RAG_EFORMAT, "the file is empty");
    rag_buf_init(&r.clean, RAG_LIMIT_DOC_TEXT);
    int rc = f->read(&r);
    if (!rc && !r.text_bytes)
        rc = rag_err_set(err, RAG_EFORMAT, "the file has no text");
    *pages = r.pages;
    rag_buf_free(&r.clean);
    return rc;
}

/* Characters that are never part of a text: controls other than tab and newline, and byte order marks. */
static bool is_junk(uint32_t cp)
{
    return (cp < 0x20 && cp != '\t' && cp != '\n') || (cp >= 0x7F && cp <= 0x9F) || cp == 0xFEFF ||
           cp == 0xFFFE || cp == 0xFFFF;
}

/* First byte that rag_reader_block would have to change, or s.n. */
static size_t clean_run(struct rag_str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t cp = rag_utf8_next(s, &i);
        if (is_junk(cp) || (cp == 0xFFFD && i - at == 1))
            return at;
    }
    return s.n;
}

static int clean(struct rag_buf *out, struct rag_str s)
{
    rag_buf_reset(out);
    for (size_t i = 0; i < s.n && !out->err;) {
        struct rag_str rest = {s.p + i, s.n - i};
        size_t run = clean_run(rest);
        rag_buf_add(out, rest.p, run);
        i += run;
        if (i == s.n)
            break;
        size_t at = i;
        uint32_t cp = rag_utf8_next(s, &i);
        if (cp == '\r') /* CRLF, and the lone CR of old Mac files, become newlines */
            rag_buf_adds(out, i < s.n && s.p[i] == '\n' ? "" : "\n");
        else if (cp == '\f' || cp == '\v')
            rag_buf_addc(out, '\n');
        else if (cp == 0xFFFD && i - at == 1)
            rag_buf_adds(out, "\xEF\xBF\xBD");
    }
    return out->err;
}

int rag_reader_block(struct rag_reader *r, enum rag_block_kind kind, int level, struct rag_str text,
                     const struct rag_place *place)
{
    struct rag_block b = {.kind = kind, .level = level, .place = place ? *place : (struct rag_place){0}};
    struct rag_str cut = rag_str_trim(text);
    if (b.place.end > b.place.begin && (size_t)(b.place.end - b.place.begin) == text.n) {
        b.place.begin += cut.p - text.p;
        b.place.end = b.place.begin + (int64_t)cut.n;
    }
    int rc = 0;
    b.text = cut;
    if (clean_run(cut) < cut.n) {
        rc = clean(&r->clean, cut);
        b.text = rag_str_trim(rag_buf_str(&r->clean));
    }
    if (!b.text.n)
        return rc;
    if (rc == RAG_ETOOBIG || r->text_bytes + b.text.n > RAG_LIMIT_DOC_TEXT)
        return rag_err_set(r->err, RAG_ETOOBIG, "the file has more than %zu MiB of text: split it",
                           RAG_LIMIT_DOC_TEXT / RAG_MIB);
    if (rc)
        return rag_err_set(r->err, rc, "not enough memory for the text of this file");
    r->text_bytes += b.text.n;
    return r->sink->block(r->sink->ud, &b);
}

int rag_reader_title(struct rag_reader *r, struct rag_str title)
{
    title = rag_str_trim(title);
    if (title.n > 1024)
        title.n = rag_utf8_floor(title, 1024);
    clean(&r->clean, title);
    struct rag_str text = rag_buf_str(&r->clean);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\n' || text.p[i] == '\t')
            r->clean.p[i] = ' ';
    text = rag_str_trim(text);
    return text.n ? r->sink->title(r->sink->ud, text) : 0;
}

int rag_reader_warn(struct rag_reader *r, const char *fmt, ...)
{
    char sentence[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, ap);
    va_end(ap);
    clean(&r->clean, rag_str_of(sentence));
    return r->sink->warning(r->sink->ud, rag_buf_str(&r->clean));
}

int rag_reader_progress(struct rag_reader *r, int done, int total)
{
    return r->sink->progress(r->sink->ud, done, total);
}
