/* wordpiece.c: BERT's basic tokenizer and WordPiece (Devlin et al. 2018), as Hugging Face's BertNormalizer,
 * BertPreTokenizer and WordPiece do it with lowercase = true, whatever the file says: the vocabularies of the
 * uncased and Chinese models hold no upper-case words. */
#include "encoder/wordpiece.h"

#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "text/json.h"
#include "text/utf8.h"

enum {
    WORD_CHARS = 100, /* a longer word is [UNK], as in BERT */
    WORD_BYTES = 4 * WORD_CHARS,
    MAX_VOCABULARY = 1 << 20,
};

/* A piece inside a word ("##ing") is stored without its "##" and starts from another seed. */
enum { SEED_FIRST = 0x811c9dc5u, SEED_INSIDE = 0x01234567u };

struct entry {
    uint32_t hash;
    uint32_t at; /* offset in bytes */
    uint16_t n;
    bool inside;
    int id; /* -1 = free slot */
};

struct rag_wordpiece {
    struct entry *table; /* open addressing, at most half full */
    uint32_t mask;
    char *bytes;
    size_t longest; /* bytes of the longest piece */
    int unk, cls, sep, last;
};

/* FNV-1a, one byte at a time, so that the hashes of all prefixes of a word cost one pass. */
static uint32_t hash_byte(uint32_t h, char c)
{
    return (h ^ (uint8_t)c) * 0x01000193u;
}

static uint32_t slot_of(const struct rag_wordpiece *w, uint32_t hash)
{
    return (hash ^ hash >> 15) & w->mask;
}

static int find(const struct rag_wordpiece *w, const char *p, size_t n, bool inside, uint32_t hash)
{
    for (uint32_t i = slot_of(w, hash);; i = (i + 1) & w->mask) {
        const struct entry *e = &w->table[i];
        if (e->id < 0)
            return -1;
        if (e->hash == hash && e->n == n && e->inside == inside && memcmp(w->bytes + e->at, p, n) == 0)
            return e->id;
    }
}

static int find_whole(const struct rag_wordpiece *w, const char *token)
{
    uint32_t hash = SEED_FIRST;
    for (const char *p = token; *p; p++)
        hash = hash_byte(hash, *p);
    return find(w, token, strlen(token), false, hash);
}

/* ---- loading */

static void insert(struct rag_wordpiece *w, struct rag_str piece, size_t at, int id)
{
    struct entry e = {.at = (uint32_t)at, .n = (uint16_t)piece.n, .id = id, .hash = SEED_FIRST};
    if (piece.n > 2 && piece.p[0] == '#' && piece.p[1] == '#') {
        e = (struct entry){
            .at = (uint32_t)at + 2, .n = e.n - 2, .inside = true, .id = id, .hash = SEED_INSIDE};
    }
    for (size_t i = 0; i < e.n; i++)
        e.hash = hash_byte(e.hash, w->bytes[e.at + i]);
    uint32_t slot = slot_of(w, e.hash);
    while (w->table[slot].id >= 0)
        slot = (slot + 1) & w->mask;
    w->table[slot] = e;
    if (e.n > w->longest)
        w->longest = e.n;
    if (id > w->last)
        w->last = id;
}

static int allocate(struct rag_wordpiece *w, size_t pieces, size_t bytes)
{
    size_t slots = 4;
    while (slots < 2 * pieces)
        slots *= 2;
    w->mask = (uint32_t)slots - 1;
    w->table = malloc(slots * sizeof *w->table);
    w->bytes = malloc(bytes + 1);
    if (!w->table || !w->bytes)
        return RAG_ENOMEM;
    for (size_t i = 0; i < slots; i++)
        w->table[i].id = -1;
    return 0;
}

static int load_vocabulary(struct rag_wordpiece *w, json_t *vocab, const char *path, struct rag_err *err)
{
    const char *piece;
    size_t n;
    json_t *value;
    size_t bytes = 0;
    json_object_keylen_foreach(vocab, piece, n, value)
    {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        if (id < 0 || id >= MAX_VOCABULARY || n > UINT16_MAX)
            return rag_err_set(err, RAG_EFORMAT,
                               "%s: token \"%.40s\" has no valid number; fetch the file again", path, piece);
        bytes += n;
    }
    if (allocate(w, json_object_size(vocab), bytes))
        return rag_err_set(err, RAG_ENOMEM, "out of memory while reading %s", path);
    size_t at = 0;
    json_object_keylen_foreach(vocab, piece, n, value)
    {
        memcpy(w->bytes + at, piece, n);
        insert(w, (struct rag_str){piece, n}, at, (int)json_integer_value(value));
        at += n;
    }
    return 0;
}

int rag_wordpiece_open(struct rag_str json, const char *path, struct rag_wordpiece **out, struct rag_err *err)
{
    int rc = 0;
    json_t *root = NULL;
    struct rag_wordpiece *w = calloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return rag_err_set(err, RAG_ENOMEM, "out of memory while reading %s", path);

    struct rag_err fault;
    root = rag_json_parse(json, &fault);
    if (!root) {
        rc = rag_err_set(err, RAG_EFORMAT, "%s: %s; fetch the file again", path, fault.msg);
        goto out;
    }
    json_t *model = json_object_get(root, "model");
    json_t *vocab = json_object_get(model, "vocab");
    if (!json_is_object(vocab)) {
        rc = rag_err_set(err, RAG_EFORMAT, "%s has no model.vocab; expected a WordPiece tokenizer", path);
        goto out;
    }
    rc = load_vocabulary(w, vocab, path, err);
    if (rc)
        goto out;
    w->unk = find_whole(w, "[UNK]");
    w->cls = find_whole(w, "[CLS]");
    w->sep = find_whole(w, "[SEP]");
    if (w->unk < 0 || w->cls < 0 || w->sep < 0)
        rc = rag_err_set(err, RAG_EFORMAT, "%s: the vocabulary lacks one of [UNK], [CLS], [SEP]", path);
out:
    json_decref(root);
    if (rc)
        rag_wordpiece_close(w);
    else
        *out = w;
    return rc;
}

void rag_wordpiece_close(struct rag_wordpiece *w)
{
    if (!w)
        return;
    free(w->table);
    free(w->bytes);
    free(w);
}

int rag_wordpiece_cls(const struct rag_wordpiece *w)
{
    return w->cls;
}

int rag_wordpiece_sep(const struct rag_wordpiece *w)
{
    return w->sep;
}

int rag_wordpiece_last(const struct rag_wordpiece *w)
{
    return w->last;
}

/* ---- encoding */

/* The word being collected and the tokens found so far. */
struct run {
    const struct rag_wordpiece *w;
    int *ids;
    size_t cap, n;
    char word[WORD_BYTES];
    uint16_t ends[WORD_CHARS]; /* ends[i]: offset after character i */
    int chars;
    bool too_long;
};

static void emit(struct run *r, int id)
{
    if (r->n < r->cap)
        r->ids[r->n] = id;
    r->n++;
}

static void add_bytes(struct run *r, const char *p, int n)
{
    if (r->chars == WORD_CHARS) {
        r->too_long = true;
        return;
    }
    int at = r->chars ? r->ends[r->chars - 1] : 0;
    memcpy(r->word + at, p, (size_t)n);
    r->ends[r->chars++] = (uint16_t)(at + n);
}

/* Longest piece that starts at character first; *after: the character behind it. */
static int longest_piece(const struct run *r, int first, int *after)
{
    uint32_t hashes[WORD_CHARS];
    const bool inside = first > 0;
    const int begin = inside ? r->ends[first - 1] : 0;
    uint32_t hash = inside ? SEED_INSIDE : SEED_FIRST;
    int end = first, at = begin;
    while (end < r->chars && (size_t)(r->ends[end] - begin) <= r->w->longest) {
        for (; at < r->ends[end]; at++)
            hash = hash_byte(hash, r->word[at]);
        hashes[end++] = hash;
    }
    for (; end > first; end--) {
        int id = find(r->w, r->word + begin, (size_t)(r->ends[end - 1] - begin), inside, hashes[end - 1]);
        if (id >= 0) {
            *after = end;
            return id;
        }
    }
    return -1;
}

static void end_word(struct run *r)
{
    int pieces[WORD_CHARS], n = 0, at = 0;
    if (!r->chars)
        return;
    while (at < r->chars && !r->too_long) {
        int id = longest_piece(r, at, &at);
        if (id < 0)
            break;
        pieces[n++] = id;
    }
    if (at == r->chars && !r->too_long) {
        for (int i = 0; i < n; i++)
            emit(r, pieces[i]);
    } else {
        emit(r, r->w->unk);
    }
    r->chars = 0;
    r->too_long = false;
}

static void add_ascii(struct run *r, char c)
{
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        end_word(r);
    } else if (c >= 'A' && c <= 'Z') {
        add_bytes(r, &(char){(char)(c | 0x20)}, 1);
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        add_bytes(r, &c, 1);
    } else if (c > ' ' && c < 0x7f) { /* BERT counts every ASCII symbol as punctuation */
        end_word(r);
        add_bytes(r, &c, 1);
        end_word(r);
    } /* else a control character: left out */
}

/* The ideograph blocks that BERT sets apart; kana and hangul are words like any other. */
static bool is_ideograph(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2ceaf) || (c >= 0x2f800 && c <= 0x2fa1f);
}

static bool is_punctuation(utf8proc_category_t c)
{
    return c == UTF8PROC_CATEGORY_PC || c == UTF8PROC_CATEGORY_PD || c == UTF8PROC_CATEGORY_PS ||
           c == UTF8PROC_CATEGORY_PE || c == UTF8PROC_CATEGORY_PI || c == UTF8PROC_CATEGORY_PF ||
           c == UTF8PROC_CATEGORY_PO;
}

/* A character of the canonical decomposition: accents go, the rest is lower-cased. */
static void add_decomposed(struct run *r, utf8proc_int32_t c)
{
    char bytes[4];
    if (c < 0x80) {
        add_ascii(r, (char)c);
        return;
    }
    utf8proc_category_t category = utf8proc_category(c);
    if (category == UTF8PROC_CATEGORY_MN)
        return;
    int n = rag_utf8_put((uint32_t)utf8proc_tolower(c), bytes);
    if (is_punctuation(category)) {
        end_word(r);
        add_bytes(r, bytes, n);
        end_word(r);
    } else {
        add_bytes(r, bytes, n);
    }
}

static void add_decomposition(struct run *r, uint32_t c)
{
    utf8proc_int32_t parts[8]; /* canonical decompositions have at most four characters */
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, 8, UTF8PROC_DECOMPOSE, NULL);
    for (utf8proc_ssize_t i = 0; i < n && i < 8; i++)
        add_decomposed(r, parts[i]);
}

static void add_wide(struct run *r, uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
        return;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        end_word(r);
        return;
    default:
        break;
    }
    if (is_ideograph(c)) {
        end_word(r);
        add_decomposition(r, c);
        end_word(r);
    } else if (c != 0xfffd) {
        add_decomposition(r, c);
    }
}

size_t rag_wordpiece_encode(const struct rag_wordpiece *w, struct rag_str text, int *ids, size_t cap)
{
    struct run r;
    r.w = w, r.ids = ids, r.cap = cap, r.n = 0, r.chars = 0,
    r.too_long = false; /* the buffers stay as they are */
    for (size_t at = 0; at < text.n;) {
        const char *p = text.p + at;
        if (!(*p & 0x80)) {
            add_ascii(&r, *p);
            at++;
            continue;
        }
        uint32_t c = rag_utf8_next(text, &at);
        if (c >= 0x4e00 && c <= 0x9fff) { /* most of Chinese text: no properties to look up */
            end_word(&r);
            add_bytes(&r, p, 3);
            end_word(&r);
        } else {
            add_wide(&r, c);
        }
    }
    end_word(&r);
    return r.n;
}
