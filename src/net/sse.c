/* sse.c: incremental parser of server-sent events (WHATWG HTML, section 9.2.6). */
#include "net/sse.h"

void rag_sse_init(struct rag_sse *s, size_t max)
{
    *s = (struct rag_sse){0};
    rag_buf_init(&s->line, max);
    rag_buf_init(&s->data, max);
}

void rag_sse_free(struct rag_sse *s)
{
    if (!s)
        return;
    rag_buf_free(&s->line);
    rag_buf_free(&s->data);
}

/* The empty line ends an event; one without data lines is dropped. */
static int end_event(struct rag_sse *s, int (*on_data)(void *ud, struct rag_str data), void *ud)
{
    if (s->data.n == 0)
        return 0;
    int rc = on_data(ud, (struct rag_str){s->data.p, s->data.n - 1});
    rag_buf_reset(&s->data);
    return rc;
}

/* Only data matters to us: comments and the fields event, id and retry are skipped. */
static int end_line(struct rag_sse *s, int (*on_data)(void *ud, struct rag_str data), void *ud)
{
    struct rag_str line = rag_buf_str(&s->line);
    if (!s->after_start && line.n >= 3 && memcmp(line.p, "\xEF\xBB\xBF", 3) == 0) {
        line.p += 3;
        line.n -= 3;
    }
    s->after_start = true;
    int rc = 0;
    if (line.n == 0) {
        rc = end_event(s, on_data, ud);
    } else if (line.n >= 4 && memcmp(line.p, "data", 4) == 0 && (line.n == 4 || line.p[4] == ':')) {
        size_t skip = line.n == 4 ? 4 : line.n > 5 && line.p[5] == ' ' ? 6 : 5;
        rag_buf_add(&s->data, line.p + skip, line.n - skip);
        rc = rag_buf_addc(&s->data, '\n');
    }
    rag_buf_reset(&s->line);
    return rc;
}

int rag_sse_feed(struct rag_sse *s, struct rag_str bytes, int (*on_data)(void *ud, struct rag_str data),
                 void *ud)
{
    const char *p = bytes.p, *end = bytes.p + bytes.n;
    int rc = 0;
    while (p < end && rc == 0) {
        if (s->after_cr && *p == '\n') {
            s->after_cr = false;
            p++;
            continue;
        }
        const char *stop = p;
        while (stop < end && *stop != '\r' && *stop != '\n')
            stop++;
        s->after_cr = false;
        rc = rag_buf_add(&s->line, p, (size_t)(stop - p));
        if (stop < end && rc == 0) {
            s->after_cr = *stop == '\r';
            rc = end_line(s, on_data, ud);
            stop++;
        }
        p = stop;
    }
    return rc;
}
