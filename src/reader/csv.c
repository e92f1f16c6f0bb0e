/* csv.c: comma-separated values (RFC 4180, read leniently): one record per row, named by the header row. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "reader/charset.h"
#include "reader/lines.h"
#include "reader/reader.h"

#define MAX_COLUMNS 16384 /* as many as a spreadsheet has */

/* The fields of one row: field i is bytes[ends[i-1], ends[i]). */
struct row {
    struct rag_buf bytes;
    size_t ends[MAX_COLUMNS];
    size_t n;
};

static struct rag_str field(const struct row *row, size_t i)
{
    size_t begin = i ? row->ends[i - 1] : 0;
    if (i >= row->n || !row->bytes.p)
        return RAG_STR("");
    return (struct rag_str){row->bytes.p + begin, row->ends[i] - begin};
}

struct csv {
    struct rag_reader *r;
    struct rag_decoded d;
    char delimiter;
    size_t at; /* where the next row starts */
    struct row header, row;
    bool keep[MAX_COLUMNS];
    struct rag_buf text; /* one row as text, or all of them with concat_csv_rows */
    size_t open_quotes;  /* quoted fields that never end */
};

/* Reads a quoted field that starts at the quote at i. Returns where reading goes on, or 0 when the quote has
 * no partner. */
static size_t read_quoted(struct csv *c, size_t i)
{
    struct rag_str t = c->d.text;
    size_t before = c->row.bytes.n;
    for (i++; i < t.n; i++) {
        if (t.p[i] != '"') {
            rag_buf_addc(&c->row.bytes, t.p[i]);
        } else if (i + 1 < t.n && t.p[i + 1] == '"') {
            rag_buf_addc(&c->row.bytes, '"');
            i++;
        } else {
            return i + 1;
        }
    }
    c->row.bytes.n = before;
    c->open_quotes++;
    return 0;
}

/* Reads the next row into c->row; false at the end of the file. */
static bool read_row(struct csv *c)
{
    struct rag_str t = c->d.text;
    struct row *row = &c->row;
    rag_buf_reset(&row->bytes);
    row->n = 0;
    size_t i = c->at;
    if (i >= t.n)
        return false;
    for (bool more = true; more;) {
        size_t after = i < t.n && t.p[i] == '"' ? read_quoted(c, i) : 0;
        i = after ? after : i;
        size_t begin = i;
        while (i < t.n && t.p[i] != c->delimiter && t.p[i] != '\n' && t.p[i] != '\r')
            i++;
        rag_buf_add(&row->bytes, t.p + begin, i - begin);
        more = i < t.n && t.p[i] == c->delimiter;
        if (row->n < MAX_COLUMNS)
            row->ends[row->n++] = row->bytes.n;
        i += more;
    }
    if (i + 1 < t.n && t.p[i] == '\r' && t.p[i + 1] == '\n')
        i++;
    c->at = i < t.n ? i + 1 : i;
    return true;
}

static bool row_blank(const struct row *row)
{
    return rag_str_trim(rag_buf_str(&row->bytes)).n == 0;
}

/* The candidate that stands most often in the first row outside quotes. */
static char sniff_delimiter(struct rag_str text)
{
    static const char candidates[] = ",;\t|";
    size_t count[sizeof(candidates)] = {0};
    bool quoted = false;
    for (size_t i = 0; i < text.n && i < 65536; i++) {
        char ch = text.p[i];
        if (ch == '"')
            quoted = !quoted;
        else if (!quoted && (ch == '\n' || ch == '\r'))
            break;
        else if (!quoted && ch && strchr(candidates, ch))
            count[strchr(candidates, ch) - candidates]++;
    }
    int best = 0;
    for (int i = 1; candidates[i]; i++)
        if (count[i] > count[best])
            best = i;
    return candidates[best];
}

static void add_column_name(struct csv *c, size_t i)
{
    struct rag_str name = rag_str_trim(field(&c->header, i));
    if (name.n)
        rag_buf_addstr(&c->text, name);
    else
        rag_buf_printf(&c->text, "column %zu", i + 1);
}

/* A string as Python's repr writes it. */
static void add_repr(struct rag_buf *out, struct rag_str s)
{
    char quote = memchr(s.p, '\'', s.n) && !memchr(s.p, '"', s.n) ? '"' : '\'';
    rag_buf_addc(out, quote);
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == '\n' || ch == '\r' || ch == '\t')
            rag_buf_adds(out, ch == '\n' ? "\\n" : ch == '\r' ? "\\r" : "\\t");
        else if (ch == '\\' || ch == quote)
            rag_buf_printf(out, "\\%c", ch);
        else
            rag_buf_addc(out, ch);
    }
    rag_buf_addc(out, quote);
}

/* "{'column': 'value', …}" as PAI-RAG writes it, with every kept column. */
static void add_row_as_dict(struct csv *c)
{
    size_t n = c->row.n > c->header.n ? c->row.n : c->header.n, written = 0;
    rag_buf_addc(&c->text, '{');
    for (size_t i = 0; i < n; i++) {
        if (!c->keep[i])
            continue;
        struct rag_str name = rag_str_trim(field(&c->header, i));
        char unnamed[32];
        if (!name.n)
            name = (struct rag_str){unnamed, (size_t)snprintf(unnamed, sizeof(unnamed), "column %zu", i + 1)};
        rag_buf_adds(&c->text, written++ ? ", " : "");
        add_repr(&c->text, name);
        rag_buf_adds(&c->text, ": ");
        add_repr(&c->text, field(&c->row, i));
    }
    rag_buf_addc(&c->text, '}');
}

/* Lines "column:value". Empty values say nothing and are left out. */
static void add_row_as_lines(struct csv *c)
{
    size_t written = 0;
    for (size_t i = 0; i < c->row.n; i++) {
        struct rag_str value = rag_str_trim(field(&c->row, i));
        if (!c->keep[i] || !value.n)
            continue;
        rag_buf_adds(&c->text, written++ ? "\n" : "");
        add_column_name(c, i);
        rag_buf_addc(&c->text, ':');
        rag_buf_addstr(&c->text, value);
    }
}

static int choose_columns(struct csv *c)
{
    const char *const *filters = c->r->opts->sheet_column_filters;
    size_t kept = 0;
    if (!filters || !filters[0]) {
        memset(c->keep, true, sizeof(c->keep));
        return 0;
    }
    for (size_t i = 0; i < c->header.n; i++)
        for (const char *const *f = filters; *f; f++)
            if (rag_str_eqz(rag_str_trim(field(&c->header, i)), *f)) {
                c->keep[i] = true;
                kept++;
            }
    if (!kept)
        return rag_err_set(c->r->err, RAG_EFORMAT,
                           "no column of this file is in sheet_column_filters; its header row is: %.300s",
                           c->header.bytes.p);
    return 0;
}

static int read_header(struct csv *c)
{
    struct rag_line line;
    if (rag_line_at(c->d.text, 0, &line) && line.text.n == 5 && !memcmp(line.text.p, "sep=", 4)) {
        c->delimiter = line.text.p[4]; /* Excel's own hint */
        c->at = line.next;
    } else {
        c->delimiter = sniff_delimiter(c->d.text);
    }
    while (read_row(c))
        if (!row_blank(&c->row)) {
            rag_buf_add(&c->header.bytes, c->row.bytes.p, c->row.bytes.n);
            memcpy(c->header.ends, c->row.ends, sizeof(c->header.ends));
            c->header.n = c->row.n;
            return c->header.bytes.err;
        }
    return 0;
}

static int emit_rows(struct csv *c)
{
    const struct rag_reader_opts *opts = c->r->opts;
    int number = 0, rc = 0;
    for (size_t begin = c->at; !rc && read_row(c); begin = c->at) {
        if (c->row.n == 1 && row_blank(&c->row)) /* an empty line is no row */
            continue;
        number++;
        if (row_blank(&c->row))
            continue;
        if (!opts->concat_csv_rows)
            rag_buf_reset(&c->text);
        else if (c->text.n)
            rag_buf_addc(&c->text, '\n');
        if (opts->format_sheet_data_to_json)
            add_row_as_dict(c);
        else
            add_row_as_lines(c);
        if (c->text.err || c->row.bytes.err)
            return rag_err_set(c->r->err, RAG_ETOOBIG,
                               "the rows have more than %zu MiB of text: split the file",
                               RAG_LIMIT_DOC_TEXT / RAG_MIB);
        struct rag_place place = {.row = number};
        rag_decoded_range(&c->d, begin, c->at, &place.begin, &place.end);
        if (!opts->concat_csv_rows)
            rc = rag_reader_block(c->r, RAG_BLOCK_RECORD, 0, rag_buf_str(&c->text), &place);
    }
    if (!rc && opts->concat_csv_rows)
        rc = rag_reader_block(c->r, RAG_BLOCK_TEXT, 0, rag_buf_str(&c->text), NULL);
    if (!rc && c->open_quotes)
        rc = rag_reader_warn(c->r, "%zu quoted values never end; their quotes were taken as text",
                             c->open_quotes);
    if (!rc && !number)
        rc = rag_err_set(c->r->err, RAG_EFORMAT, "the file has a header row but no rows below it");
    return rc;
}

int rag_read_csv(struct rag_reader *r)
{
    struct csv *c = calloc(1, sizeof(*c)); /* too large for the stack */
    if (!c)
        return rag_err_set(r->err, RAG_ENOMEM, "not enough memory to read this file");
    c->r = r;
    rag_buf_init(&c->header.bytes, RAG_LIMIT_DOC_TEXT);
    rag_buf_init(&c->row.bytes, RAG_LIMIT_DOC_TEXT);
    rag_buf_init(&c->text, RAG_LIMIT_DOC_TEXT);
    int rc = rag_decode(r->file, (struct rag_str){0}, &c->d, r->err);
    if (!rc)
        rc = read_header(c);
    if (!rc)
        rc = choose_columns(c);
    if (!rc)
        rc = emit_rows(c);
    rag_buf_free(&c->header.bytes);
    rag_buf_free(&c->row.bytes);
    rag_buf_free(&c->text);
    rag_decoded_free(&c->d);
    free(c);
    return rc;
}
