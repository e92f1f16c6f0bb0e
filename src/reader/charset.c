/* charset.c: encoding detection (byte order mark, UTF-8, declaration, uchardet) and conversion (iconv). */
#include "reader/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <strings.h>
#include <uchardet/uchardet.h>

#include "base/limits.h"
#include "text/utf8.h"

#define SNIFF_BYTES (1 * RAG_MIB) /* what the statistics are made of */

/* Every charset that can be read, by its iconv name. Superset charsets stand for their subsets: text labelled
 * GB2312 is GB18030 in practice, as browsers assume too. */
static struct converter {
    const char *name;
    iconv_t cd;
    bool tried;
} converters[] = {
    {.name = "GB18030"},      {.name = "BIG5-HKSCS"},  {.name = "EUC-TW"},      {.name = "CP932"},
    {.name = "EUC-JP"},       {.name = "ISO-2022-JP"}, {.name = "CP949"},       {.name = "ISO-2022-KR"},
    {.name = "ISO-2022-CN"},  {.name = "UTF-16LE"},    {.name = "UTF-16BE"},    {.name = "UTF-32LE"},
    {.name = "UTF-32BE"},     {.name = "CP1250"},      {.name = "CP1251"},      {.name = "CP1252"},
    {.name = "CP1253"},       {.name = "CP1254"},      {.name = "CP1255"},      {.name = "CP1256"},
    {.name = "CP1257"},       {.name = "CP1258"},      {.name = "CP874"},       {.name = "ISO-8859-2"},
    {.name = "ISO-8859-3"},   {.name = "ISO-8859-4"},  {.name = "ISO-8859-5"},  {.name = "ISO-8859-6"},
    {.name = "ISO-8859-7"},   {.name = "ISO-8859-8"},  {.name = "ISO-8859-10"}, {.name = "ISO-8859-13"},
    {.name = "ISO-8859-14"},  {.name = "ISO-8859-15"}, {.name = "ISO-8859-16"}, {.name = "KOI8-R"},
    {.name = "KOI8-U"},       {.name = "IBM852"},      {.name = "IBM855"},      {.name = "IBM866"},
    {.name = "MAC-CYRILLIC"}, {.name = "MACINTOSH"},   {.name = "VISCII"},      {.name = "JOHAB"},
};
enum { N_CONVERTERS = sizeof(converters) / sizeof(converters[0]) };

/* Labels of HTML and names of uchardet that differ from the names above. */
static const struct {
    const char *label, *name;
} aliases[] = {
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"chinese", "GB18030"},
    {"x-gbk", "GB18030"},
    {"hz-gb-2312", "ISO-2022-CN"},
    {"big5", "BIG5-HKSCS"},
    {"big5-eten", "BIG5-HKSCS"},
    {"x-x-big5", "BIG5-HKSCS"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"ms_kanji", "CP932"},
    {"x-euc-jp", "EUC-JP"},
    {"euc-kr", "CP949"},
    {"uhc", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"korean", "CP949"},
    {"windows-949", "CP949"},
    {"utf-16", "UTF-16LE"},
    {"us-ascii", "CP1252"},
    {"ascii", "CP1252"},
    {"iso-8859-1", "CP1252"},
    {"iso8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"l1", "CP1252"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"windows-1252", "CP1252"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"iso-8859-9", "CP1254"},
    {"windows-1255", "CP1255"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
    {"windows-874", "CP874"},
    {"tis-620", "CP874"},
    {"iso-8859-11", "CP874"},
    {"x-mac-cyrillic", "MAC-CYRILLIC"},
};

static bool open_converter(struct converter *c)
{
    if (!c->tried)
        c->cd = iconv_open("UTF-8", c->name);
    c->tried = true;
    return c->cd != (iconv_t)-1; /* NOLINT(performance-no-int-to-ptr): as iconv_open(3) says */
}

void rag_charset_prepare(void)
{
    for (int i = 0; i < N_CONVERTERS; i++)
        open_converter(&converters[i]);
}

static struct converter *find_converter(struct rag_str label)
{
    char name[32];
    label = rag_str_trim(label);
    if (label.n == 0 || label.n >= sizeof(name))
        return NULL;
    memcpy(name, label.p, label.n);
    name[label.n] = '\0';
    const char *want = name;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (!strcasecmp(name, aliases[i].label))
            want = aliases[i].name;
    for (int i = 0; i < N_CONVERTERS; i++)
        if (!strcasecmp(want, converters[i].name))
            return open_converter(&converters[i]) ? &converters[i] : NULL;
    return NULL;
}

/* bad: bytes that did not fit and became U+FFFD. */
static int convert(struct converter *c, struct rag_str in, struct rag_buf *out, size_t *bad)
{
    char *from = (char *)in.p; /* iconv does not write there, its prototype is old */
    size_t left = in.n;
    *bad = 0;
    iconv(c->cd, NULL, NULL, NULL, NULL);
    while (left) {
        char piece[16384], *to = piece;
        size_t room = sizeof(piece);
        size_t rc = iconv(c->cd, &from, &left, &to, &room);
        int why = errno;
        if (rag_buf_add(out, piece, sizeof(piece) - room))
            return out->err;
        if (rc != (size_t)-1 || why == E2BIG)
            continue;
        rag_buf_adds(out, "\xEF\xBF\xBD");
        from++, left--;
        ++*bad;
    }
    return out->err;
}

static bool has_prefix(struct rag_str s, const char *bytes, size_t n)
{
    return s.n >= n && !memcmp(s.p, bytes, n);
}

/* The charset a byte order mark stands for; *len is the mark's length. */
static const char *by_mark(struct rag_str file, size_t *len)
{
    static const struct {
        const char *mark;
        size_t n;
        const char *charset;
    } marks[] = {
        {"\xEF\xBB\xBF", 3, "UTF-8"}, {"\xFF\xFE\0\0", 4, "UTF-32LE"}, {"\0\0\xFE\xFF", 4, "UTF-32BE"},
        {"\xFF\xFE", 2, "UTF-16LE"},  {"\xFE\xFF", 2, "UTF-16BE"},     {"\x84\x31\x95\x33", 4, "GB18030"},
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (has_prefix(file, marks[i].mark, marks[i].n)) {
            *len = marks[i].n;
            return marks[i].charset;
        }
    *len = 0;
    return NULL;
}

/* UTF-16 and UTF-32 without a mark: Latin letters and line ends have zeros at fixed places, and no other text
 * has zeros at all. */
static const char *by_zeros(struct rag_str file)
{
    size_t n = (file.n < 4096 ? file.n : 4096) & ~(size_t)3, zeros[4] = {0};
    for (size_t i = 0; i < n; i++)
        zeros[i & 3] += file.p[i] == '\0';
    size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3];
    if (n && zeros[3] == n / 4 && zeros[2] > n / 8)
        return "UTF-32LE";
    if (n && zeros[0] == n / 4 && zeros[1] > n / 8)
        return "UTF-32BE";
    if (odd > n / 8 && even < odd / 8)
        return "UTF-16LE";
    if (even > n / 8 && odd < even / 8)
        return "UTF-16BE";
    return NULL;
}

/* Text that is UTF-8 but for a few broken bytes (cut in the middle of a character, say) stays UTF-8. */
static bool nearly_utf8(struct rag_str s)
{
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t cp = rag_utf8_next(s, &i);
        if (i - at > 1)
            good++;
        else if (cp == 0xFFFD)
            bad++;
    }
    return bad * 10 <= good;
}

static bool has_escapes(struct rag_str s)
{
    struct rag_str head = {s.p, s.n < SNIFF_BYTES ? s.n : SNIFF_BYTES};
    return memmem(head.p, head.n, "\x1B$", 2) || memmem(head.p, head.n, "\x1B(", 2);
}

static struct converter *by_statistics(struct rag_str file)
{
    struct converter *c = NULL;
    uchardet_t ud = uchardet_new();
    if (uchardet_handle_data(ud, file.p, file.n < SNIFF_BYTES ? file.n : SNIFF_BYTES) == 0) {
        uchardet_data_end(ud);
        c = find_converter(rag_str_of(uchardet_get_charset(ud)));
    }
    uchardet_delete(ud);
    return c;
}

static bool is_single_byte(const struct converter *c)
{
    static const char *const families[] = {"CP125", "CP874", "ISO-8859-", "KOI8-", "IBM", "MAC", "VISCII"};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (!strncmp(c->name, families[i], strlen(families[i])))
            return true;
    return false;
}

/* Short Chinese text is often taken for a European charset. But its high bytes come in pairs, most of which
 * are common characters (0xB0 to 0xD7 first) or punctuation (0xA1 to 0xA3), and European text has no such
 * pairs. */
static bool looks_chinese(struct rag_str s)
{
    size_t pairs = 0, common = 0, n = s.n < SNIFF_BYTES ? s.n : SNIFF_BYTES;
    for (size_t i = 0; i < n; i++) {
        unsigned char first = (unsigned char)s.p[i], second = i + 1 < n ? (unsigned char)s.p[i + 1] : 0;
        if (first < 0x80)
            continue;
        bool mark = first >= 0xA1 && first <= 0xA3, hanzi = first >= 0xB0 && first <= 0xD7;
        common += (mark || hanzi) && second >= 0xA1;
        pairs++;
        i += second >= 0x80;
    }
    return pairs >= 2 && common * 10 >= pairs * 9;
}

static bool has_c1(struct rag_str s)
{
    for (size_t i = 0; i < s.n && i < SNIFF_BYTES; i++)
        if ((unsigned char)s.p[i] >= 0x80 && (unsigned char)s.p[i] < 0xA0)
            return true;
    return false;
}

static struct converter *choose(struct rag_str file, struct rag_str declared)
{
    const char *zeros = by_zeros(file);
    if (zeros)
        return find_converter(rag_str_of(zeros));
    struct converter *c = find_converter(declared);
    if (c)
        return c;
    c = by_statistics(file);
    if (!c || (is_single_byte(c) && looks_chinese(file)))
        return find_converter(RAG_STR("GB18030"));
    /* No text holds C1 controls: it is the Windows charset that has quotes and dashes there. */
    if (!strncmp(c->name, "ISO-8859-", 9) && has_c1(file))
        return find_converter(RAG_STR("CP1252"));
    return c;
}

int rag_decode(struct rag_str file, struct rag_str declared, struct rag_decoded *out, struct rag_err *err)
{
    *out = (struct rag_decoded){0};
    const char *mark = by_mark(file, &out->skipped);
    struct rag_str body = {file.p + out->skipped, file.n - out->skipped};
    bool utf8 = mark ? !strcmp(mark, "UTF-8")
                     : !by_zeros(body) && (rag_utf8_valid(body) ? !has_escapes(body) : nearly_utf8(body));
    if (utf8) {
        out->text = body;
        out->original = true;
        out->charset = "UTF-8";
        return 0;
    }
    struct converter *c = mark ? find_converter(rag_str_of(mark)) : choose(body, declared);
    if (!c)
        return rag_err_set(err, RAG_EUNSUPPORTED,
                           "the text is not UTF-8, and this system lacks the tables "
                           "to convert it: save the file as UTF-8");
    rag_buf_init(&out->buf, 4 * RAG_LIMIT_DOC_TEXT);
    size_t bad;
    int rc = convert(c, body, &out->buf, &bad);
    if (rc)
        return rag_err_set(err, rc, "the text is longer than %zu MiB when converted to UTF-8",
                           4 * RAG_LIMIT_DOC_TEXT / RAG_MIB);
    out->text = rag_buf_str(&out->buf);
    out->charset = c->name;
    return 0;
}

void rag_decoded_free(struct rag_decoded *d)
{
    if (d)
        rag_buf_free(&d->buf);
}
