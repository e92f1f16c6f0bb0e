/* parse.c: runs pai_rag_parse on one stored file and checks every byte that it says. */
#include "rag/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "reader/wire.h"
#include "text/utf8.h"

#define MAX_BLOCKS   4000000 /* a block for each short line of the largest text */
#define MAX_WARNINGS 100
#define READ_SIZE    (64 * 1024)
#define STOP_POLL_MS 200 /* how soon a set stop flag is noticed */

enum state { GREETING, FRAMES, ENDED };

struct parse {
    struct rag_arena *a;
    struct rag_blocks *out;
    struct rag_err *err;
    void (*progress)(void *ud, int done, int total);
    void *ud;

    enum state state;
    struct rag_buf in;   /* bytes that came and are not read yet */
    struct rag_buf text; /* text of the block that is still growing */
    bool block_open;     /* out->v[out->n - 1] waits for more text */
    size_t cap;          /* blocks that out->v has room for */
    size_t total;        /* text bytes so far */
    struct rag_buf clean;
};

/* ---- blocks ---- */

static int no_memory(struct parse *p)
{
    return rag_err_set(p->err, RAG_ENOMEM, "not enough memory for the text of this file");
}

static int broken(struct parse *p, const char *what)
{
    return rag_err_set(p->err, RAG_EFORMAT, "parser stopped: it sent %s", what);
}

/* Untrusted text → valid UTF-8 without NUL, in the arena. */
static int take_text(struct parse *p, struct rag_str raw, struct rag_str *out)
{
    p->total += raw.n;
    if (p->total > RAG_LIMIT_DOC_TEXT)
        return rag_err_set(p->err, RAG_ETOOBIG, "the file has more than %zu MiB of text: split it",
                           RAG_LIMIT_DOC_TEXT / RAG_MIB);
    rag_buf_reset(&p->clean);
    if (rag_utf8_clean(&p->clean, raw))
        return no_memory(p);
    *out = rag_arena_str(p->a, rag_buf_str(&p->clean));
    return out->p ? 0 : no_memory(p);
}

/* The latest block is complete when anything but a PART follows it. */
static int close_block(struct parse *p)
{
    if (!p->block_open)
        return 0;
    p->block_open = false;
    int rc = take_text(p, rag_buf_str(&p->text), &p->out->v[p->out->n - 1].text);
    if (!rc && !p->out->v[p->out->n - 1].text.n)
        p->out->n--;
    return rc;
}

static int grow_blocks(struct parse *p)
{
    if (p->out->n < p->cap)
        return 0;
    size_t cap = p->cap ? p->cap * 2 : 64;
    struct rag_block *v = cap <= MAX_BLOCKS * 2 ? rag_arena_array(p->a, cap, sizeof(*v)) : NULL;
    if (!v)
        return no_memory(p);
    if (p->out->n)
        memcpy(v, p->out->v, p->out->n * sizeof(*v));
    p->out->v = v;
    p->cap = cap;
    return 0;
}

/* A number that is used as an index or shown to people must be one: no NaN, nothing negative. */
static float sane(float v)
{
    return isfinite(v) && fabsf(v) < 1e6f ? v : 0;
}

static int on_block(struct parse *p, struct rag_str payload)
{
    const unsigned char *at = (const unsigned char *)payload.p;
    if (payload.n < RAG_WIRE_BLOCK_LEN)
        return broken(p, "a block without a head");
    int rc = grow_blocks(p);
    if (rc)
        return rc;
    struct rag_block b = {.kind = (enum rag_block_kind)rag_wire_get(&at, 1),
                          .level = (int)rag_wire_get(&at, 1)};
    struct rag_place *place = &b.place;
    place->page = (int32_t)rag_wire_get(&at, 4);
    place->x0 = sane(rag_wire_get_float(&at));
    place->y0 = sane(rag_wire_get_float(&at));
    place->x1 = sane(rag_wire_get_float(&at));
    place->y1 = sane(rag_wire_get_float(&at));
    place->begin = (int64_t)rag_wire_get(&at, 8);
    place->end = (int64_t)rag_wire_get(&at, 8);
    place->row = (int32_t)rag_wire_get(&at, 4);
    bool heading = b.kind == RAG_BLOCK_HEADING;
    if (b.kind > RAG_BLOCK_RECORD || (heading ? b.level < 1 || b.level > 6 : b.level != 0) ||
        place->page < 0 || place->row < 0 || place->begin < 0 || place->end < place->begin ||
        place->end > (int64_t)RAG_LIMIT_UPLOAD)
        return broken(p, "a block with impossible numbers");
    p->out->v[p->out->n++] = b;
    p->block_open = true;
    rag_buf_reset(&p->text);
    return rag_buf_add(&p->text, at, payload.n - RAG_WIRE_BLOCK_LEN) ? no_memory(p) : 0;
}

static int on_part(struct parse *p, struct rag_str payload)
{
    if (!p->block_open)
        return broken(p, "a part of no block");
    int rc = rag_buf_addstr(&p->text, payload);
    if (rc == RAG_ETOOBIG)
        return rag_err_set(p->err, rc, "the file has more than %zu MiB of text: split it",
                           RAG_LIMIT_DOC_TEXT / RAG_MIB);
    return rc ? no_memory(p) : 0;
}

/* ---- other frames ---- */

static int on_progress(struct parse *p, struct rag_str payload)
{
    const unsigned char *at = (const unsigned char *)payload.p;
    if (payload.n != 8)
        return broken(p, "a malformed progress report");
    int done = (int32_t)rag_wire_get(&at, 4), total = (int32_t)rag_wire_get(&at, 4);
    if (done < 0 || total < 1 || done > total)
        return broken(p, "an impossible progress report");
    if (p->progress)
        p->progress(p->ud, done, total);
    return 0;
}

static int on_warning(struct parse *p, struct rag_str payload)
{
    if (p->out->n_warnings == MAX_WARNINGS)
        return 0;
    if (!p->out->warnings)
        p->out->warnings = rag_arena_array(p->a, MAX_WARNINGS, sizeof(*p->out->warnings));
    return p->out->warnings ? take_text(p, payload, &p->out->warnings[p->out->n_warnings++]) : no_memory(p);
}

static int on_title(struct parse *p, struct rag_str payload)
{
    struct rag_str title = {0};
    int rc = take_text(p, payload, &title);
    p->out->title = rc ? NULL : title.p;
    return rc;
}

/* Only what a reader may say about its file; anything else would let it speak in the server's name. */
static int on_error(struct parse *p, struct rag_str payload)
{
    const unsigned char *at = (const unsigned char *)payload.p;
    struct rag_str sentence = {0};
    if (payload.n < 4)
        return broken(p, "a malformed error");
    int code = (int32_t)rag_wire_get(&at, 4);
    int rc = take_text(p, (struct rag_str){payload.p + 4, payload.n - 4}, &sentence);
    if (rc)
        return rc;
    if (code != RAG_EUNSUPPORTED && code != RAG_ETOOBIG && code != RAG_ENOMEM)
        code = RAG_EFORMAT;
    return rag_err_set(p->err, code, "%s", sentence.n ? sentence.p : "the file cannot be read");
}

static int on_end(struct parse *p, struct rag_str payload)
{
    const unsigned char *at = (const unsigned char *)payload.p;
    if (payload.n != 4)
        return broken(p, "a malformed end");
    p->out->pages = (int32_t)rag_wire_get(&at, 4);
    p->state = ENDED;
    return p->out->pages < 0 ? broken(p, "an impossible number of pages") : 0;
}

static int on_frame(struct parse *p, unsigned type, struct rag_str payload)
{
    static int (*const handlers[])(struct parse *, struct rag_str) = {
        [RAG_WIRE_BLOCK] = on_block,     [RAG_WIRE_PART] = on_part,   [RAG_WIRE_PROGRESS] = on_progress,
        [RAG_WIRE_WARNING] = on_warning, [RAG_WIRE_TITLE] = on_title, [RAG_WIRE_ERROR] = on_error,
        [RAG_WIRE_END] = on_end,
    };
    if (type < RAG_WIRE_BLOCK || type > RAG_WIRE_END)
        return broken(p, "a frame of an unknown type");
    int rc = type == RAG_WIRE_PART ? 0 : close_block(p);
    return rc ? rc : handlers[type](p, payload);
}

/* ---- the stream ---- */

/* Handles every complete frame of p->in. */
static int read_frames(struct parse *p)
{
    size_t used = 0;
    int rc = 0;
    if (p->state == GREETING) {
        size_t n = p->in.n < RAG_WIRE_GREETING_LEN ? p->in.n : RAG_WIRE_GREETING_LEN;
        if (memcmp(p->in.p, RAG_WIRE_GREETING, n) != 0)
            return broken(p, "a format that this server does not know: install both from one build");
        if (n < RAG_WIRE_GREETING_LEN)
            return 0;
        p->state = FRAMES;
        used = n;
    }
    while (!rc && p->state == FRAMES && p->in.n - used >= RAG_WIRE_HEAD_LEN) {
        const unsigned char *at = (const unsigned char *)p->in.p + used;
        unsigned type = (unsigned)rag_wire_get(&at, 1);
        size_t n = (size_t)rag_wire_get(&at, 4);
        if (n > RAG_LIMIT_PARSE_FRAME)
            return broken(p, "a frame that is too large");
        if (p->in.n - used - RAG_WIRE_HEAD_LEN < n)
            break;
        rc = on_frame(p, type, (struct rag_str){(const char *)at, n});
        used += RAG_WIRE_HEAD_LEN + n;
    }
    rag_buf_consume(&p->in, used);
    return rc;
}

struct watch {
    double deadline;
    int seconds;
    const atomic_bool *stop;
};

/* Waits until fd can be read. */
static int wait_readable(struct parse *p, int fd, const struct watch *w)
{
    for (;;) {
        double left = w->deadline - rag_clock_mono_s();
        if (w->stop && atomic_load(w->stop))
            return rag_err_set(p->err, RAG_ECANCELED, "reading was stopped");
        if (left <= 0)
            return rag_err_set(p->err, RAG_ETIMEOUT, "parser stopped: it took more than %d seconds",
                               w->seconds);
        int ms = w->stop && left * 1000 > STOP_POLL_MS ? STOP_POLL_MS : (int)(left * 1000) + 1;
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        int n = poll(&pfd, 1, ms);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return rag_err_set(p->err, RAG_EIO, "cannot wait for the parser: %s", strerror(errno));
    }
}

/* Reads until END, ERROR or the end of the stream; p->state tells which. */
static int read_stream(struct parse *p, int fd, const struct watch *w)
{
    int rc = 0;
    while (!rc && p->state != ENDED) {
        rc = wait_readable(p, fd, w);
        char *to = rc ? NULL : rag_buf_reserve(&p->in, READ_SIZE);
        if (!to)
            return rc ? rc : no_memory(p);
        ssize_t n = read(fd, to, READ_SIZE);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return rag_err_set(p->err, RAG_EIO, "cannot read from the parser: %s", strerror(errno));
        p->in.n += n > 0 ? (size_t)n : 0;
        rc = n > 0 ? read_frames(p) : 0;
    }
    return rc;
}

static int died(struct parse *p, int status)
{
    if (!WIFSIGNALED(status))
        return rag_err_set(p->err, RAG_EFORMAT, "parser stopped: it ended early with status %d",
                           WEXITSTATUS(status));
    int sig = WTERMSIG(status);
    const char *why = sig == SIGSYS    ? "it tried something that a parser may not do"
                      : sig == SIGXCPU ? "it used too much processor time"
                      : sig == SIGKILL ? "it was killed"
                                       : "it crashed";
    const char *name = sigabbrev_np(sig);
    return rag_err_set(p->err, RAG_EFORMAT, "parser stopped: %s (SIG%s)", why, name ? name : "?");
}

/* ---- starting it ---- */

/* argv for the parser, in the arena. */
static char **make_argv(struct rag_arena *a, const char *program, const char *ext,
                        const struct rag_reader_opts *opts)
{
    size_t filters = 0, n = 0;
    while (opts->sheet_column_filters && opts->sheet_column_filters[filters])
        filters++;
    char **argv = rag_arena_array(a, 5 + 2 * filters, sizeof(*argv));
    if (!argv)
        return NULL;
    argv[n++] = rag_arena_strdup(a, program);
    argv[n++] = rag_arena_strdup(a, ext);
    if (opts->concat_csv_rows)
        argv[n++] = rag_arena_strdup(a, "--concat-csv-rows");
    if (opts->format_sheet_data_to_json)
        argv[n++] = rag_arena_strdup(a, "--sheet-json");
    for (size_t i = 0; i < filters; i++) {
        argv[n++] = rag_arena_strdup(a, "--column");
        argv[n++] = rag_arena_strdup(a, opts->sheet_column_filters[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (!argv[i])
            return NULL;
    return argv;
}

static int run(struct parse *p, const char *program, char **argv, int file, const struct watch *w)
{
    struct rag_sandbox_child child;
    int status = 0;
    int rc = rag_sandbox_start(program, argv, file, &child, p->err);
    if (rc)
        return rc;
    rc = read_stream(p, child.out_fd, w);
    rag_sandbox_end(&child, &status);
    if (!rc && p->state != ENDED)
        rc = died(p, status);
    return rc;
}

int rag_parse_file(const char *parse_program, struct rag_arena *a, const char *path, const char *name,
                   const struct rag_reader_opts *opts, int seconds, const atomic_bool *stop,
                   void (*progress)(void *ud, int done, int total), void *ud, struct rag_blocks *out,
                   struct rag_err *err)
{
    struct parse p = {.a = a, .out = out, .err = err, .progress = progress, .ud = ud};
    struct watch w = {rag_clock_mono_s() + seconds, seconds, stop};
    char ext[RAG_WIRE_EXT_MAX];
    *out = (struct rag_blocks){0};
    rag_buf_init(&p.in, RAG_LIMIT_PARSE_FRAME + RAG_WIRE_HEAD_LEN + READ_SIZE);
    rag_buf_init(&p.text, RAG_LIMIT_DOC_TEXT);
    rag_buf_init(&p.clean, 3 * RAG_LIMIT_DOC_TEXT); /* an invalid byte becomes three */

    int rc = 0, file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char **argv = make_argv(a, parse_program, rag_wire_ext(name, ext), opts);
    if (file < 0)
        rc = rag_err_set(err, RAG_EIO, "cannot open %s: %s", path, strerror(errno));
    else if (!argv)
        rc = no_memory(&p);
    else
        rc = run(&p, parse_program, argv, file, &w);
    if (file >= 0)
        close(file);
    rag_buf_free(&p.in);
    rag_buf_free(&p.text);
    rag_buf_free(&p.clean);
    if (rc)
        *out = (struct rag_blocks){0};
    return rc;
}
