/* multipart.c: incremental parser of multipart/form-data. */
#include "net/multipart.h"

#include <stdio.h>
#include <strings.h>

enum { MAX_HEADERS = 8192 }; /* bytes of one part's header block */

/* ---- parameters of a header value: ; name=token or "quoted" ---- */

static bool is_token_end(char c)
{
    return c == ';' || c == ' ' || c == '\t' || c == '\0' || c == '\r' || c == '\n';
}

/* Reads a value at *p into out (cut at cap) and moves *p behind it. A backslash escapes only a quote or
 * itself: older browsers send Windows paths unescaped. Returns the length. */
static size_t take_value(const char **p, char *out, size_t cap)
{
    size_t n = 0;
    const char *s = *p;
    bool quoted = *s == '"';
    if (quoted)
        s++;
    while (*s && (quoted ? *s != '"' : !is_token_end(*s))) {
        if (quoted && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
            s++;
        if (n + 1 < cap)
            out[n++] = *s;
        s++;
    }
    if (quoted && *s == '"')
        s++;
    out[n] = '\0';
    *p = s;
    return n;
}

/* Finds a parameter of a header value such as `form-data; name="x"`. */
static bool find_parameter(const char *value, const char *name, char *out, size_t cap, size_t *n)
{
    const char *p = strchr(value, ';');
    while (p && *p) {
        p += strspn(p, "; \t");
        size_t len = strcspn(p, "=; \t");
        bool wanted = strlen(name) == len && strncasecmp(p, name, len) == 0;
        p += len;
        if (*p != '=')
            continue;
        p++;
        char skipped[2];
        *n = take_value(&p, wanted ? out : skipped, wanted ? cap : sizeof skipped);
        if (wanted)
            return true;
    }
    return false;
}

/* ---- boundary ---- */

int rag_multipart_init(struct rag_multipart *m, const char *content_type, struct rag_err *err)
{
    *m = (struct rag_multipart){.state = RAG_MULTIPART_PREAMBLE};
    rag_buf_init(&m->headers, MAX_HEADERS);
    char boundary[RAG_MULTIPART_BOUNDARY + 2];
    size_t n = 0;
    if (!find_parameter(content_type, "boundary", boundary, sizeof boundary, &n) || n == 0)
        return rag_err_set(err, RAG_EFORMAT, "the multipart Content-Type names no boundary");
    if (n > RAG_MULTIPART_BOUNDARY)
        return rag_err_set(err, RAG_EFORMAT, "the multipart boundary is longer than %d characters",
                           RAG_MULTIPART_BOUNDARY);
    for (size_t i = 0; i < n; i++)
        if (boundary[i] < 0x20 || boundary[i] == 0x7F)
            return rag_err_set(err, RAG_EFORMAT, "the multipart boundary holds an invalid character");
    m->delimiter_n =
        (size_t)snprintf(m->delimiter, sizeof m->delimiter, "\r\n--%.*s", RAG_MULTIPART_BOUNDARY, boundary);
    m->matched = 2; /* the first boundary needs no line break before it */
    return 0;
}

void rag_multipart_free(struct rag_multipart *m)
{
    if (m)
        rag_buf_free(&m->headers);
}

/* ---- headers of a part ---- */

/* Value of the header line "name:" in the block, or NULL. Lines end in NUL here. */
static const char *header_value(const struct rag_buf *block, const char *name)
{
    size_t name_n = strlen(name);
    for (const char *line = block->p; line && line < block->p + block->n; line += strlen(line) + 1)
        if (strncasecmp(line, name, name_n) == 0 && line[name_n] == ':')
            return line + name_n + 1 + strspn(line + name_n + 1, " \t");
    return NULL;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* RFC 5987 value in place: UTF-8''%E4%B8%AD.txt → 中.txt. False for another charset. */
static bool decode_extended(char *value, size_t *n)
{
    if (strncasecmp(value, "utf-8'", 6) != 0)
        return false;
    const char *p = strchr(value + 6, '\'');
    if (!p)
        return false;
    size_t out = 0;
    for (p++; *p; p++) {
        int high = *p == '%' ? hex_digit(p[1]) : -1, low = high >= 0 ? hex_digit(p[2]) : -1;
        if (low >= 0)
            p += 2;
        value[out++] = low >= 0 ? (char)(high << 4 | low) : *p;
    }
    *n = out;
    return true;
}

static int begin_part(struct rag_multipart *m, struct rag_err *err)
{
    for (size_t i = 0; i < m->headers.n; i++) {
        if (m->headers.p[i] == '\0')
            return rag_err_set(err, RAG_EFORMAT, "a header in the multipart body holds a NUL byte");
        if (m->headers.p[i] == '\r' || m->headers.p[i] == '\n')
            m->headers.p[i] = '\0';
    }
    const char *disposition = header_value(&m->headers, "Content-Disposition");
    char name[1024], file_name[MAX_HEADERS];
    size_t name_n = 0, file_n = 0;
    if (!disposition || !find_parameter(disposition, "name", name, sizeof name, &name_n))
        return rag_err_set(err, RAG_EFORMAT,
                           "a part of the multipart body has no Content-Disposition with a name");
    bool is_file = find_parameter(disposition, "filename*", file_name, sizeof file_name, &file_n) &&
                   decode_extended(file_name, &file_n);
    if (!is_file)
        is_file = find_parameter(disposition, "filename", file_name, sizeof file_name, &file_n);
    rag_buf_reset(&m->headers);
    m->state = RAG_MULTIPART_DATA;
    m->matched = 0;
    return m->on_part(m->ud, (struct rag_str){name, name_n},
                      (struct rag_str){is_file ? file_name : NULL, is_file ? file_n : 0}, err);
}

/* ---- the states; each consumes part of data and returns how much, or a negative code ---- */

static int emit(struct rag_multipart *m, const char *p, size_t n, struct rag_err *err)
{
    if (m->state != RAG_MULTIPART_DATA || n == 0)
        return 0;
    return m->on_data(m->ud, (struct rag_str){p, n}, err);
}

/* Up to the next delimiter. Only its first byte is a CR, so a mismatch can only start again at the byte at
 * hand. What had matched is data after all; when it came with earlier input, it equals the delimiter's
 * beginning. Data is handed over in one piece per call: a file full of line breaks must not cost a write
 * each. */
static ssize_t scan(struct rag_multipart *m, struct rag_str data, struct rag_err *err)
{
    size_t i = 0, carried = m->matched; /* matched bytes that are not in data */
    int rc = 0;
    while (i < data.n && m->matched < m->delimiter_n) {
        if (m->matched == 0) {
            const char *cr = memchr(data.p + i, '\r', data.n - i);
            if (!cr) {
                i = data.n;
                break;
            }
            i = (size_t)(cr - data.p);
        }
        if (data.p[i] == m->delimiter[m->matched]) {
            m->matched++;
            i++;
            continue;
        }
        if (carried && (rc = emit(m, m->delimiter, carried, err)) != 0)
            return rc;
        carried = m->matched = 0;
    }
    if (!carried && (rc = emit(m, data.p, i - m->matched, err)) != 0)
        return rc;
    if (m->matched == m->delimiter_n) {
        m->matched = 0;
        m->state = RAG_MULTIPART_BOUNDARY_TAIL;
    }
    return (ssize_t)i;
}

/* Judges the last byte of an unfinished line: the first of two dashes, or white space. */
static bool may_follow_boundary(struct rag_str tail)
{
    char c = tail.p[tail.n - 1];
    return tail.p[0] == '-' ? tail.n == 1 : c == ' ' || c == '\t' || c == '\r';
}

/* What follows a boundary on its line: "--" after the last part, else only white space. */
static ssize_t boundary_tail(struct rag_multipart *m, struct rag_str data, struct rag_err *err)
{
    for (size_t i = 0; i < data.n; i++) {
        rag_buf_addc(&m->headers, data.p[i]);
        struct rag_str tail = rag_buf_str(&m->headers);
        if (rag_str_eqz(tail, "--")) {
            m->state = RAG_MULTIPART_EPILOGUE;
            return (ssize_t)i + 1;
        }
        if (data.p[i] == '\n' && tail.n >= 2 && tail.p[tail.n - 2] == '\r') {
            rag_buf_reset(&m->headers);
            m->state = RAG_MULTIPART_HEADERS;
            return (ssize_t)i + 1;
        }
        if (m->headers.err || !may_follow_boundary(tail))
            return rag_err_set(err, RAG_EFORMAT, "a boundary line of the multipart body is malformed");
    }
    return (ssize_t)data.n;
}

/* Collects lines until the empty one. */
static ssize_t part_headers(struct rag_multipart *m, struct rag_str data, struct rag_err *err)
{
    const char *end = memchr(data.p, '\n', data.n);
    size_t n = end ? (size_t)(end - data.p) + 1 : data.n;
    if (rag_buf_add(&m->headers, data.p, n) != 0)
        return rag_err_set(err, RAG_EFORMAT,
                           "the headers of a part of the multipart body are larger than %d bytes: is a file "
                           "name too long?",
                           MAX_HEADERS);
    const char *block = m->headers.p;
    size_t len = m->headers.n;
    bool empty_line =
        end && ((len == 2 && block[0] == '\r') || (len >= 4 && memcmp(block + len - 4, "\r\n\r\n", 4) == 0));
    if (empty_line) {
        int rc = begin_part(m, err);
        if (rc != 0)
            return rc;
    }
    return (ssize_t)n;
}

int rag_multipart_feed(struct rag_multipart *m, struct rag_str data, struct rag_err *err)
{
    while (data.n) {
        ssize_t used;
        switch (m->state) {
        case RAG_MULTIPART_PREAMBLE:
        case RAG_MULTIPART_DATA:
            used = scan(m, data, err);
            break;
        case RAG_MULTIPART_BOUNDARY_TAIL:
            used = boundary_tail(m, data, err);
            break;
        case RAG_MULTIPART_HEADERS:
            used = part_headers(m, data, err);
            break;
        default:
            return 0; /* the epilogue is ignored */
        }
        if (used < 0)
            return (int)used;
        data.p += used;
        data.n -= (size_t)used;
    }
    return 0;
}

int rag_multipart_finish(const struct rag_multipart *m, struct rag_err *err)
{
    if (m->state == RAG_MULTIPART_EPILOGUE)
        return 0;
    return rag_err_set(err, RAG_EFORMAT, "the multipart body ends before its final boundary");
}
