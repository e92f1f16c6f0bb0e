/* collect.h: runs a reader on bytes and writes down what it finds as lines that a test can compare.
 *
 * "text 0-12: …", "heading 2 14-19: …", "record row 3 …: …", "title: …", "warning: …"; an error is
 * "error -12: sentence". Byte ranges appear when they are known, boxes never. */
#ifndef TEST_READER_COLLECT_H
#define TEST_READER_COLLECT_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "reader/reader.h"
#include "text/utf8.h"

struct collected {
    struct rag_buf log;
    struct rag_block blocks[64]; /* without their text */
    size_t n;
    int pages, progress_calls;
};

static int collect_block(void *ud, const struct rag_block *b)
{
    static const char *const kinds[] = {"text", "heading", "table", "code", "record"};
    struct collected *c = ud;
    assert_true(b->text.n > 0);
    assert_true(rag_utf8_valid(b->text));
    assert_null(memchr(b->text.p, '\0', b->text.n));
    rag_buf_adds(&c->log, kinds[b->kind]);
    if (b->level)
        rag_buf_printf(&c->log, " %d", b->level);
    if (b->place.page)
        rag_buf_printf(&c->log, " page %d", b->place.page);
    if (b->place.row)
        rag_buf_printf(&c->log, " row %d", b->place.row);
    if (b->place.end)
        rag_buf_printf(&c->log, " %d-%d", (int)b->place.begin, (int)b->place.end);
    rag_buf_printf(&c->log, ": %.*s\n", RAG_STR_ARG(b->text));
    if (c->n < sizeof(c->blocks) / sizeof(c->blocks[0]))
        c->blocks[c->n++] = *b;
    return 0;
}

static int collect_title(void *ud, struct rag_str title)
{
    rag_buf_printf(&((struct collected *)ud)->log, "title: %.*s\n", RAG_STR_ARG(title));
    return 0;
}

static int collect_warning(void *ud, struct rag_str sentence)
{
    rag_buf_printf(&((struct collected *)ud)->log, "warning: %.*s\n", RAG_STR_ARG(sentence));
    return 0;
}

static int collect_progress(void *ud, int done, int total)
{
    (void)done;
    (void)total;
    ((struct collected *)ud)->progress_calls++;
    return 0;
}

static inline void collect(struct collected *c, const char *ext, const void *bytes, size_t n,
                           const struct rag_reader_opts *opts)
{
    static const struct rag_reader_opts none;
    struct rag_err err = {0};
    struct rag_sink sink = {collect_block, collect_title, collect_warning, collect_progress, c};
    *c = (struct collected){0};
    rag_buf_init(&c->log, 4 * RAG_LIMIT_DOC_TEXT);
    /* An exact copy, so that a sanitizer sees a read behind the end. */
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    int rc = rag_reader_run(ext, (struct rag_str){copy, n}, opts ? opts : &none, &sink, &c->pages, &err);
    free(copy);
    if (rc) {
        assert_int_equal(rc, err.code);
        rag_buf_printf(&c->log, "error %d: %s\n", rc, err.msg);
    }
}

/* The log of reading bytes must be exactly expected. */
static inline void expect_log(const char *ext, const char *bytes, size_t n,
                              const struct rag_reader_opts *opts, const char *expected)
{
    struct collected c;
    collect(&c, ext, bytes, n, opts);
    assert_string_equal(rag_buf_str(&c.log).p, expected);
    rag_buf_free(&c.log);
}

#define EXPECT(ext, literal, expected) expect_log(ext, literal, sizeof(literal) - 1, NULL, expected)

#endif
