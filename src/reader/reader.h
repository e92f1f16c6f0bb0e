/* reader.h: what every format reader gets (bytes, options) and where it puts what it finds (a sink). */
#ifndef RAG_READER_READER_H
#define RAG_READER_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "core/opts.h"
#include "core/types.h"

/* Receives a document piece by piece, in reading order. Functions return 0, or an error code that ends the
 * reading. Texts are valid only during the call. */
struct rag_sink {
    int (*block)(void *ud, const struct rag_block *block);
    int (*title)(void *ud, struct rag_str title);
    int (*warning)(void *ud, struct rag_str sentence);
    int (*progress)(void *ud, int done, int total);
    void *ud;
};

/* One file being read. */
struct rag_reader {
    struct rag_str file; /* its bytes */
    const struct rag_reader_opts *opts;
    const struct rag_sink *sink;
    struct rag_err *err;
    int pages;            /* set by formats that have pages */
    size_t text_bytes;    /* emitted so far; bounded by RAG_LIMIT_DOC_TEXT */
    struct rag_buf clean; /* the text being emitted */
};

/* Loads what the reader of this extension ("pdf", "txt", …, lower case) will need: once the sandbox is
 * locked, nothing can be opened any more. RAG_EUNSUPPORTED with a sentence that lists what is supported. */
int rag_reader_prepare(const char *ext, struct rag_err *err);
/* Reads the file and reports to sink. RAG_EFORMAT (empty, broken, encrypted, nothing to read), RAG_ETOOBIG,
 * RAG_EUNSUPPORTED; or the sink's error. pages: pages of the file, 0 when the format has none. */
int rag_reader_run(const char *ext, struct rag_str file, const struct rag_reader_opts *opts,
                   const struct rag_sink *sink, int *pages, struct rag_err *err);

/* ---- for the readers ---- */

/* Text loses invalid UTF-8, NUL and control characters other than tab and newline, and white space around it;
 * when nothing is left, nothing is emitted. A byte range in place shrinks with the trimmed text. */
int rag_reader_block(struct rag_reader *r, enum rag_block_kind kind, int level, struct rag_str text,
                     const struct rag_place *place);
int rag_reader_title(struct rag_reader *r, struct rag_str title);
int rag_reader_warn(struct rag_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int rag_reader_progress(struct rag_reader *r, int done, int total);

int rag_read_txt(struct rag_reader *r);
int rag_read_markdown(struct rag_reader *r);
int rag_read_html(struct rag_reader *r);
int rag_read_csv(struct rag_reader *r);
int rag_read_jsonl(struct rag_reader *r);
int rag_read_pdf(struct rag_reader *r);

#endif
