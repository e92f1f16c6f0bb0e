/* segment.c: walks over text and hands its words and CJK runs to the parts that make terms of them. */
#include "text/segment.h"

#include <libstemmer.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/fs.h"
#include "text/segment_parts.h"
#include "text/utf8.h"

/* What one call needs and the next one can use again: a stemmer is not thread-safe. */
struct scratch {
    struct scratch *next;
    struct sb_stemmer *stemmer;
    struct rag_word word;
    struct rag_run run;
};

struct rag_segmenter {
    struct rag_dict *dict; /* NULL = bigrams only; set by the loader before `loaded` */
    char *dict_path;       /* NULL = nothing to load */
    pthread_t loader;
    atomic_bool loaded;
    struct rag_err load_err; /* as is this */
    pthread_cond_t changed;
    pthread_mutex_t lock;
    struct scratch *free_list; /* guarded by lock; as many as calls ever ran at once */
};

static void scratch_free(struct scratch *c)
{
    if (!c)
        return;
    sb_stemmer_delete(c->stemmer);
    free(c);
}

static struct scratch *scratch_take(struct rag_segmenter *s)
{
    pthread_mutex_lock(&s->lock);
    struct scratch *c = s->free_list;
    if (c)
        s->free_list = c->next;
    pthread_mutex_unlock(&s->lock);
    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (c)
        c->stemmer = sb_stemmer_new("english", NULL);
    if (c && c->stemmer)
        return c;
    scratch_free(c);
    return NULL;
}

static void scratch_give(struct rag_segmenter *s, struct scratch *c)
{
    pthread_mutex_lock(&s->lock);
    c->next = s->free_list;
    s->free_list = c;
    pthread_mutex_unlock(&s->lock);
}

/* Reading takes 60 to 100 ms: too long for a service that wants to listen at once. */
static void *load(void *arg)
{
    struct rag_segmenter *s = arg;
    struct rag_err err = {0};
    struct rag_dict *dict = NULL;
    rag_dict_open(s->dict_path, &dict, &err);
    pthread_mutex_lock(&s->lock);
    s->dict = dict;
    s->load_err = err;
    atomic_store(&s->loaded, true);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int rag_segmenter_open(const char *dict_path, struct rag_segmenter **out, struct rag_err *err)
{
    *out = NULL;
    if (dict_path && !rag_fs_exists(dict_path))
        return rag_err_set(err, RAG_ENOTFOUND, "the word list %s is not there", dict_path);
    struct rag_segmenter *s = calloc(1, sizeof *s);
    if (!s)
        return rag_err_set(err, RAG_ENOMEM, "no memory for the segmenter");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    atomic_init(&s->loaded, !dict_path);
    s->dict_path = dict_path ? strdup(dict_path) : NULL;
    if (dict_path && (!s->dict_path || pthread_create(&s->loader, NULL, load, s) != 0)) {
        free(s->dict_path);
        s->dict_path = NULL;
        rag_segmenter_close(s);
        return rag_err_set(err, RAG_ENOMEM, "no memory for the segmenter");
    }
    *out = s;
    return 0;
}

int rag_segmenter_ready(struct rag_segmenter *s, struct rag_err *err)
{
    if (!atomic_load(&s->loaded)) {
        pthread_mutex_lock(&s->lock);
        while (!atomic_load(&s->loaded))
            pthread_cond_wait(&s->changed, &s->lock);
        pthread_mutex_unlock(&s->lock);
    }
    return s->load_err.code ? rag_err_set(err, s->load_err.code, "%s", s->load_err.msg) : 0;
}

void rag_segmenter_close(struct rag_segmenter *s)
{
    if (!s)
        return;
    if (s->dict_path)
        pthread_join(s->loader, NULL);
    free(s->dict_path);
    while (s->free_list) {
        struct scratch *c = s->free_list;
        s->free_list = c->next;
        scratch_free(c);
    }
    rag_dict_close(s->dict);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int rag_term_emit(struct rag_term_sink *k, struct rag_str term, size_t begin, size_t end)
{
    k->emitted++;
    return k->fn(k->ud, term, begin, end);
}

enum kind { OTHER, WORD, CJK };

/* Scripts that put no spaces between words; Thai, Lao, Burmese and Khmer get bigrams like CJK. */
static bool is_unspaced(uint32_t cp)
{
    return rag_utf8_is_cjk(cp) || (cp >= 0x0E00 && cp <= 0x0EFF) || (cp >= 0x1000 && cp <= 0x109F) ||
           (cp >= 0x1780 && cp <= 0x17FF);
}

static enum kind kind_of(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9') ? WORD : OTHER;
    utf8proc_category_t c = utf8proc_category((int32_t)cp);
    bool letter = (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO);
    return !letter ? OTHER : is_unspaced(cp) ? CJK : WORD;
}

/* Characters that hold a word together when letters or digits stand on both sides; 0 for others. */
static char connector(uint32_t cp)
{
    switch (cp) {
    case '-':
    case '_':
    case '.':
    case '&':
    case '\'':
        return (char)cp;
    case 0x2019: /* ’ */
        return '\'';
    case 0x2010: /* hyphen */
    case 0x2011: /* non-breaking hyphen */
        return '-';
    default:
        return 0;
    }
}

static bool is_digit(const struct rag_str s, size_t at)
{
    return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

/* The comma of 1,000: a digit before it, exactly three after it. */
static bool groups_digits(const struct rag_str s, const struct rag_glyph *g)
{
    return g->cp == ',' && g->begin > 0 && is_digit(s, g->begin - 1) && is_digit(s, g->end) &&
           is_digit(s, g->end + 1) && is_digit(s, g->end + 2) && !is_digit(s, g->end + 3);
}

static int add_to_word(struct rag_segmenter *s, struct scratch *c, const struct rag_glyph *g, char join,
                       struct rag_str text, struct rag_term_sink *k)
{
    int rc = rag_run_flush(&c->run, s->dict, k);
    if (rc || rag_word_add(&c->word, g, join))
        return rc;
    rc = rag_word_flush(&c->word, c->stemmer, text, k);
    rag_word_add(&c->word, g, 0);
    return rc;
}

static int add_to_run(struct rag_segmenter *s, struct scratch *c, const struct rag_glyph *g,
                      struct rag_str text, struct rag_term_sink *k)
{
    int rc = rag_word_flush(&c->word, c->stemmer, text, k);
    return rc ? rc : rag_run_add(&c->run, g, s->dict, k);
}

static int walk(struct rag_segmenter *s, struct scratch *c, struct rag_str text, struct rag_term_sink *k)
{
    struct rag_fold f = {.text = text};
    struct rag_glyph g;
    char join = 0; /* a connector stands between the word and g */
    int rc = 0;
    c->word.n = c->word.parts = c->run.n = 0;
    c->run.carried = false;
    while (rc == 0 && rag_fold_next(&f, &g)) {
        enum kind kind = kind_of(g.cp);
        if (kind == WORD) {
            rc = add_to_word(s, c, &g, join, text, k);
            join = 0;
        } else if (kind == CJK) {
            rc = add_to_run(s, c, &g, text, k);
            join = 0;
        } else if (c->word.n && !join && connector(g.cp)) {
            join = connector(g.cp);
        } else if (!groups_digits(text, &g)) {
            rc = rag_word_flush(&c->word, c->stemmer, text, k);
            if (!rc)
                rc = rag_run_flush(&c->run, s->dict, k);
            join = 0;
        }
    }
    if (!rc)
        rc = rag_word_flush(&c->word, c->stemmer, text, k);
    return rc ? rc : rag_run_flush(&c->run, s->dict, k);
}

int rag_segment(struct rag_segmenter *s, struct rag_str text, bool for_query, rag_term_fn *fn, void *ud)
{
    int loaded = rag_segmenter_ready(s, NULL);
    struct scratch *c = loaded ? NULL : scratch_take(s);
    if (!c)
        return loaded ? loaded : RAG_ENOMEM;
    struct rag_term_sink k = {.fn = fn, .ud = ud, .drop_stops = for_query};
    int rc = walk(s, c, text, &k);
    if (!rc && k.emitted == 0 && k.dropped > 0) {
        k.drop_stops = false;
        rc = walk(s, c, text, &k);
    }
    scratch_give(s, c);
    return rc;
}
