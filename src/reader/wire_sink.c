/* wire_sink.c: encodes what a reader finds as frames. */
#include "reader/wire_sink.h"

#include "base/fs.h"
#include "base/limits.h"
#include "reader/wire.h"
#include "text/utf8.h"

/* Small frames are gathered and written together. */
#define WRITE_AT (64 * 1024)

static int write_out(struct rag_wire_sink *w)
{
    int rc = w->frame.err ? w->frame.err : rag_fs_write_all(w->fd, w->frame.p, w->frame.n);
    rag_buf_reset(&w->frame);
    return rc ? RAG_EIO : 0;
}

static int add_frame(struct rag_wire_sink *w, enum rag_wire_type type, const unsigned char *fixed,
                     size_t n_fixed, struct rag_str text)
{
    unsigned char head[RAG_WIRE_HEAD_LEN];
    rag_wire_put(rag_wire_put(head, type, 1), n_fixed + text.n, 4);
    rag_buf_add(&w->frame, head, sizeof(head));
    rag_buf_add(&w->frame, fixed, n_fixed);
    rag_buf_addstr(&w->frame, text);
    return w->frame.n >= WRITE_AT || w->frame.err ? write_out(w) : 0;
}

static int on_block(void *ud, const struct rag_block *b)
{
    struct rag_wire_sink *w = ud;
    unsigned char head[RAG_WIRE_BLOCK_LEN], *p = head;
    const struct rag_place *at = &b->place;
    p = rag_wire_put(p, b->kind, 1);
    p = rag_wire_put(p, (uint64_t)b->level, 1);
    p = rag_wire_put(p, (uint64_t)at->page, 4);
    p = rag_wire_put_float(p, at->x0);
    p = rag_wire_put_float(p, at->y0);
    p = rag_wire_put_float(p, at->x1);
    p = rag_wire_put_float(p, at->y1);
    p = rag_wire_put(p, (uint64_t)at->begin, 8);
    p = rag_wire_put(p, (uint64_t)at->end, 8);
    rag_wire_put(p, (uint64_t)at->row, 4);

    const size_t most = RAG_LIMIT_PARSE_FRAME - RAG_WIRE_BLOCK_LEN;
    struct rag_str text = b->text;
    text.n = rag_utf8_floor(text, text.n < most ? text.n : most);
    int rc = add_frame(w, RAG_WIRE_BLOCK, head, sizeof(head), text);
    for (size_t at_byte = text.n; !rc && at_byte < b->text.n; at_byte += text.n) {
        text = (struct rag_str){b->text.p + at_byte, b->text.n - at_byte};
        text.n = rag_utf8_floor(text, text.n < most ? text.n : most);
        rc = add_frame(w, RAG_WIRE_PART, NULL, 0, text);
    }
    return rc;
}

static int on_title(void *ud, struct rag_str title)
{
    return add_frame(ud, RAG_WIRE_TITLE, NULL, 0, title);
}

static int on_warning(void *ud, struct rag_str sentence)
{
    return add_frame(ud, RAG_WIRE_WARNING, NULL, 0, sentence);
}

static int on_progress(void *ud, int done, int total)
{
    unsigned char numbers[8];
    rag_wire_put(rag_wire_put(numbers, (uint64_t)done, 4), (uint64_t)total, 4);
    int rc = add_frame(ud, RAG_WIRE_PROGRESS, numbers, sizeof(numbers), RAG_STR(""));
    return rc ? rc : write_out(ud); /* somebody watches */
}

int rag_wire_open(struct rag_wire_sink *w, int fd)
{
    *w = (struct rag_wire_sink){.fd = fd};
    rag_buf_init(&w->frame, WRITE_AT + 2 * RAG_LIMIT_PARSE_FRAME);
    return rag_buf_adds(&w->frame, RAG_WIRE_GREETING);
}

struct rag_sink rag_wire_sink(struct rag_wire_sink *w)
{
    return (struct rag_sink){on_block, on_title, on_warning, on_progress, w};
}

int rag_wire_end(struct rag_wire_sink *w, int pages)
{
    unsigned char number[4];
    rag_wire_put(number, (uint64_t)pages, 4);
    int rc = add_frame(w, RAG_WIRE_END, number, sizeof(number), RAG_STR(""));
    return rc ? rc : write_out(w);
}

int rag_wire_error(struct rag_wire_sink *w, int code, const char *sentence)
{
    unsigned char number[4];
    rag_wire_put(number, (uint32_t)code, 4);
    int rc = add_frame(w, RAG_WIRE_ERROR, number, sizeof(number), rag_str_of(sentence));
    return rc ? rc : write_out(w);
}

void rag_wire_close(struct rag_wire_sink *w)
{
    rag_buf_free(&w->frame);
}
