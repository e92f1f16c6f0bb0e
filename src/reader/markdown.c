/* markdown.c: markdown, line by line: headings, fenced code and tables become blocks of their own kind. */
#include "reader/charset.h"
#include "reader/lines.h"
#include "reader/reader.h"

struct markdown {
    struct rag_reader *r;
    struct rag_decoded d;
    size_t begin, end;    /* paragraph so far; empty when equal */
    struct rag_line last; /* its last line */
    struct rag_buf scratch;
};

static int emit(struct markdown *m, enum rag_block_kind kind, int level, size_t begin, size_t end)
{
    struct rag_place place = {0};
    rag_decoded_range(&m->d, begin, end, &place.begin, &place.end);
    return rag_reader_block(m->r, kind, level, (struct rag_str){m->d.text.p + begin, end - begin}, &place);
}

/* Pictures written into the text as base64 ("![alt](data:…)") are no text: their targets are left out. */
static int emit_without_data(struct markdown *m, size_t begin, size_t end)
{
    static const char mark[] = "](data:";
    const char *p = m->d.text.p + begin, *stop = m->d.text.p + end, *found;
    struct rag_place place = {0};
    rag_buf_reset(&m->scratch);
    while ((found = memmem(p, (size_t)(stop - p), mark, sizeof(mark) - 1))) {
        rag_buf_add(&m->scratch, p, (size_t)(found - p) + 2);
        const char *close = memchr(found, ')', (size_t)(stop - found));
        p = close ? close : stop;
    }
    rag_buf_add(&m->scratch, p, (size_t)(stop - p));
    if (m->scratch.err)
        return rag_err_set(m->r->err, m->scratch.err, "a paragraph is too long");
    rag_decoded_range(&m->d, begin, end, &place.begin, &place.end);
    return rag_reader_block(m->r, RAG_BLOCK_TEXT, 0, rag_buf_str(&m->scratch), &place);
}

static int flush_paragraph(struct markdown *m)
{
    size_t begin = m->begin, end = m->end;
    m->begin = m->end;
    if (begin == end)
        return 0;
    if (memmem(m->d.text.p + begin, end - begin, "](data:", 7))
        return emit_without_data(m, begin, end);
    return emit(m, RAG_BLOCK_TEXT, 0, begin, end);
}

static size_t indent_of(struct rag_str s)
{
    size_t n = 0;
    while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
        n++;
    return n;
}

static size_t run_of(struct rag_str s, size_t at, char c)
{
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] == c)
        n++;
    return n;
}

/* ---- headings ---- */

/* Level 1..6, or 0. Chinese writers leave out the space behind '#'; "#include" and "#1" are no headings. */
static int atx_level(struct rag_str line)
{
    size_t indent = indent_of(line), n = run_of(line, indent, '#');
    if (indent > 3 || n < 1 || n > 6)
        return 0;
    size_t at = indent + n;
    bool opens = at == line.n || line.p[at] == ' ' || line.p[at] == '\t' || (unsigned char)line.p[at] >= 0x80;
    return opens ? (int)n : 0;
}

static struct rag_str drop(struct rag_str s, size_t front, size_t back)
{
    return rag_str_trim((struct rag_str){s.p + front, s.n - front - back});
}

/* The title of a heading line: no '#', no anchor ("{#id}", "{: #id}", "<a name=…></a>"), no "**" around it.
 */
static struct rag_str heading_text(struct rag_str s)
{
    s = rag_str_trim(s);
    s = drop(s, run_of(s, 0, '#'), 0);
    while (s.n > 3 && !memcmp(s.p, "<a ", 3)) {
        const char *close = memmem(s.p, s.n, "></a>", 5);
        if (!close)
            break;
        s = drop(s, (size_t)(close - s.p) + 5, 0);
    }
    const char *brace = s.n && s.p[s.n - 1] == '}' ? memrchr(s.p, '{', s.n) : NULL;
    if (brace && (brace[1] == '#' || brace[1] == ':'))
        s = drop(s, 0, s.n - (size_t)(brace - s.p));
    size_t closing = 0; /* "## Title ##" */
    while (closing < s.n && s.p[s.n - 1 - closing] == '#')
        closing++;
    if (closing && (closing == s.n || s.p[s.n - 1 - closing] == ' '))
        s = drop(s, 0, closing);
    if (s.n > 4 && (!memcmp(s.p, "**", 2) || !memcmp(s.p, "__", 2)) && !memcmp(s.p, s.p + s.n - 2, 2))
        s = drop(s, 2, 2);
    return s;
}

static int emit_heading(struct markdown *m, int level, struct rag_str line)
{
    struct rag_str title = heading_text(line);
    size_t begin = (size_t)(title.p - m->d.text.p);
    return emit(m, RAG_BLOCK_HEADING, level, begin, begin + title.n);
}

/* 1 for "===", 2 for "---" below a line of text, else 0. */
static int setext_level(const struct markdown *m, struct rag_str line)
{
    struct rag_str s = rag_str_trim(line);
    if (m->begin == m->end || s.n < 2 || (s.p[0] != '=' && s.p[0] != '-') || run_of(s, 0, s.p[0]) != s.n)
        return 0;
    return s.p[0] == '=' ? 1 : 2;
}

/* The last line of the paragraph turns out to be a heading. */
static int take_setext(struct markdown *m, int level)
{
    struct rag_line title = m->last;
    m->end = title.begin;
    int rc = flush_paragraph(m);
    return rc ? rc : emit_heading(m, level, title.text);
}

static bool is_rule(struct rag_str line)
{
    struct rag_str s = rag_str_trim(line);
    size_t marks = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == s.p[0])
            marks++;
        else if (s.p[i] != ' ')
            return false;
    }
    return marks >= 3 && strchr("-*_", s.p[0]) && s.p[0];
}

/* ---- code, tables, comments: each takes its lines and moves *at behind them ---- */

/* Length of the fence that opens code here ("```", "~~~"), or 0. */
static size_t fence_of(struct rag_str line)
{
    size_t at = indent_of(line);
    if (at == line.n || (line.p[at] != '`' && line.p[at] != '~'))
        return 0;
    size_t n = run_of(line, at, line.p[at]);
    if (n < 3 || (line.p[at] == '`' && memchr(line.p + at + n, '`', line.n - at - n)))
        return 0;
    return n;
}

static int take_code(struct markdown *m, struct rag_line open, size_t *at)
{
    size_t fence = fence_of(open.text), end = open.begin + open.text.n;
    char mark = open.text.p[indent_of(open.text)];
    struct rag_line line;
    for (*at = open.next; rag_line_at(m->d.text, *at, &line);) {
        *at = line.next;
        end = line.begin + line.text.n;
        size_t indent = indent_of(line.text), n = run_of(line.text, indent, mark);
        if (n >= fence && rag_str_trim(line.text).n == n)
            break;
    }
    int rc = flush_paragraph(m);
    return rc ? rc : emit(m, RAG_BLOCK_CODE, 0, open.begin, end);
}

/* "| --- | :---: |": only these characters, with at least one '-' and one '|'. */
static bool is_table_rule(struct rag_str line)
{
    struct rag_str s = rag_str_trim(line);
    bool dash = false, bar = false;
    for (size_t i = 0; i < s.n; i++) {
        dash |= s.p[i] == '-';
        bar |= s.p[i] == '|';
        if (!strchr("-|: \t", s.p[i]) || !s.p[i])
            return false;
    }
    return dash && bar;
}

static bool is_table_start(const struct markdown *m, const struct rag_line *line)
{
    struct rag_line next;
    return memchr(line->text.p, '|', line->text.n) && rag_line_at(m->d.text, line->next, &next) &&
           is_table_rule(next.text);
}

static int take_table(struct markdown *m, struct rag_line head, size_t *at)
{
    size_t end = head.begin + head.text.n;
    struct rag_line line;
    for (*at = head.next; rag_line_at(m->d.text, *at, &line) && memchr(line.text.p, '|', line.text.n);) {
        *at = line.next;
        end = line.begin + line.text.n;
    }
    int rc = flush_paragraph(m);
    return rc ? rc : emit(m, RAG_BLOCK_TABLE, 0, head.begin, end);
}

/* "<!-- … -->" at the start of a line. */
static int take_comment(struct markdown *m, struct rag_line open, size_t *at)
{
    const char *from = m->d.text.p + open.begin;
    const char *close = memmem(from, m->d.text.n - open.begin, "-->", 3);
    *at = close ? (size_t)(close - m->d.text.p) + 3 : m->d.text.n;
    return flush_paragraph(m);
}

static bool is_comment(struct rag_str line)
{
    struct rag_str s = rag_str_trim(line);
    return s.n >= 4 && !memcmp(s.p, "<!--", 4);
}

/* YAML between two "---" lines at the very top is data about the text; its title is worth keeping. Returns
 * where the text starts. */
static size_t front_matter(struct markdown *m, int *rc)
{
    struct rag_line line;
    struct rag_str title = {0};
    if (!rag_line_at(m->d.text, 0, &line) || !rag_str_eqz(rag_str_trim(line.text), "---"))
        return 0;
    while (rag_line_at(m->d.text, line.next, &line)) {
        if (line.text.n > 6 && !memcmp(line.text.p, "title:", 6))
            title = drop(line.text, 6, 0);
        else if (rag_str_eqz(rag_str_trim(line.text), "---")) {
            if (title.n > 1 && (title.p[0] == '"' || title.p[0] == '\'') &&
                title.p[title.n - 1] == title.p[0])
                title = drop(title, 1, 1);
            *rc = title.n ? rag_reader_title(m->r, title) : 0;
            return line.next;
        } else if (rag_line_blank(&line)) {
            return 0;
        }
    }
    return 0;
}

static int read_line(struct markdown *m, struct rag_line line, size_t *at)
{
    int level, rc = 0;
    *at = line.next;
    if (rag_line_blank(&line))
        return flush_paragraph(m);
    if (fence_of(line.text))
        return take_code(m, line, at);
    if (is_comment(line.text))
        return take_comment(m, line, at);
    if ((level = atx_level(line.text))) {
        rc = flush_paragraph(m);
        return rc ? rc : emit_heading(m, level, line.text);
    }
    if ((level = setext_level(m, line.text)))
        return take_setext(m, level);
    if (is_rule(line.text))
        return flush_paragraph(m);
    if (is_table_start(m, &line))
        return take_table(m, line, at);
    if (m->begin == m->end)
        m->begin = line.begin;
    m->end = line.begin + line.text.n;
    m->last = line;
    return 0;
}

int rag_read_markdown(struct rag_reader *r)
{
    struct markdown m = {.r = r};
    struct rag_line line;
    rag_buf_init(&m.scratch, r->file.n * 4 + 1);
    int rc = rag_decode(r->file, (struct rag_str){0}, &m.d, r->err);
    size_t at = rc ? 0 : front_matter(&m, &rc);
    while (!rc && rag_line_at(m.d.text, at, &line))
        rc = read_line(&m, line, &at);
    if (!rc)
        rc = flush_paragraph(&m);
    rag_buf_free(&m.scratch);
    rag_decoded_free(&m.d);
    return rc;
}
