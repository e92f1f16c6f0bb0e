/* extract.c: picks the sentences of the hits that are closest to the question, or says that there is none. */
#include "rag/extract.h"

#include <stdlib.h>

#include "base/limits.h"
#include "rag/cite.h"
#include "text/sentence.h"
#include "text/utf8.h"

enum {
    MAX_SENTENCES = 256, /* looked at */
    CANDIDATES = 16,     /* embedded */
    PICKS = 3,           /* in the answer */
    MIN_BYTES = 12,      /* shorter pieces ("Yes.", "表 1") say nothing alone */
    MAX_BYTES = 1200,
};

/* A sentence that shares no content word with the question must be this close to it to count as an answer:
 * CLOSE when its passage shares none either, NEAR when it does. Measured with the default model on examples/:
 * the best sentences for questions that nothing answers lie at 0.31 to 0.63, answering ones at 0.57 to 0.79,
 * those under 0.65 in passages that share words. */
static const double CLOSE = 0.65, NEAR = 0.55;

static const char NOTHING_EN[] = "Nothing in the documents answers this question.";
static const char NOTHING_ZH[] = "文档中没有找到能回答这个问题的内容。";

struct sentence {
    struct rag_str text;
    size_t hit, order;
    bool shares_words; /* its passage was found by words of the question */
    double terms;      /* share of the question's terms in it */
    double score;      /* terms + cosine; 0 = does not answer */
};

/* A question that the passage asks itself (a heading, the first half of an FAQ entry) is no answer. */
static bool is_question(struct rag_str s)
{
    static const char wide[] = "\xef\xbc\x9f"; /* ？ */
    return s.n && (s.p[s.n - 1] == '?' || (s.n >= 3 && !memcmp(s.p + s.n - 3, wide, 3)));
}

static void add(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str question, struct rag_str s,
                size_t hit, struct sentence *v, size_t *n)
{
    if (s.n > MAX_BYTES)
        s.n = rag_utf8_floor(s, MAX_BYTES);
    for (size_t i = 0; i < *n; i++)
        if (rag_str_eq(v[i].text, s))
            return; /* chunks overlap */
    if (s.n == 0 || *n == MAX_SENTENCES)
        return;
    v[*n] = (struct sentence){.text = s, .hit = hit, .order = *n};
    v[*n].terms = rag_cite_support(seg, a, question, s);
    (*n)++;
}

static void collect(struct rag_segmenter *seg, struct rag_arena *a, struct rag_str question,
                    const struct rag_hits *hits, struct sentence *v, size_t *n)
{
    for (size_t h = 0; h < hits->n; h++) {
        const struct rag_hit *hit = &hits->v[h];
        struct rag_str text = {hit->text.p + hit->prefix, hit->text.n - hit->prefix};
        size_t before = *n;
        if (hit->place.row && text.n <= MAX_BYTES) { /* a record makes sense only as a whole */
            add(seg, a, question, rag_str_trim(text), h, v, n);
            continue;
        }
        for (size_t at = 0; at < text.n;) {
            size_t end = rag_sentence_end(text, at);
            struct rag_str s = rag_str_trim((struct rag_str){text.p + at, end - at});
            at = end;
            if (s.n >= MIN_BYTES && !is_question(s))
                add(seg, a, question, s, h, v, n);
        }
        if (*n == before) /* nothing but short pieces or questions */
            add(seg, a, question, rag_str_trim(text), h, v, n);
    }
}

static int by_terms(const void *pa, const void *pb)
{
    const struct sentence *a = pa, *b = pb;
    if (a->terms != b->terms)
        return a->terms < b->terms ? 1 : -1;
    return (a->order > b->order) - (a->order < b->order);
}

static int by_score(const void *pa, const void *pb)
{
    const struct sentence *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->order > b->order) - (a->order < b->order);
}

/* Adds the cosine to the question; the texts are short, so this is one small batch. */
static int add_cosines(struct rag_encoder *enc, struct rag_arena *a, struct rag_str question,
                       struct sentence *v, size_t n, struct rag_err *err)
{
    int dims = rag_encoder_dims(enc), window = rag_encoder_window(enc);
    struct rag_str texts[CANDIDATES + 1];
    float *vectors = rag_arena_array(a, (n + 1) * (size_t)dims, sizeof *vectors);
    if (!vectors)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    for (size_t i = 0; i <= n; i++) {
        texts[i] = i ? v[i - 1].text : question;
        while (texts[i].n && rag_encoder_count_tokens(enc, texts[i]) > window)
            texts[i].n = rag_utf8_floor(texts[i], texts[i].n - (texts[i].n + 3) / 4);
    }
    int rc = rag_encoder_embed(enc, texts, n + 1, RAG_ENCODER_QUERY, vectors, NULL, NULL, NULL, err);
    for (size_t i = 0; i < n && !rc; i++) {
        double cosine = 0;
        for (int k = 0; k < dims; k++)
            cosine += (double)vectors[k] * vectors[(i + 1) * (size_t)dims + (size_t)k];
        bool answers = v[i].terms > 0 || cosine >= (v[i].shares_words ? NEAR : CLOSE);
        v[i].score = answers ? cosine + 0.5 * v[i].terms : 0;
    }
    return rc;
}

static bool has_cjk(struct rag_str s)
{
    for (size_t at = 0; at < s.n;)
        if (rag_utf8_is_cjk(rag_utf8_next(s, &at)))
            return true;
    return false;
}

int rag_extract_answer(struct rag_engine *e, struct rag_arena *a, struct rag_str question,
                       const struct rag_hits *hits, struct rag_str *out, struct rag_err *err)
{
    struct rag_encoder *enc;
    struct rag_buf b;
    size_t n = 0, picks;
    struct sentence *v = rag_arena_array(a, MAX_SENTENCES, sizeof *v);
    *out = (struct rag_str){"", 0};
    if (!v)
        return rag_err_set(err, RAG_ENOMEM, "out of memory");
    int rc = rag_engine_encoder(e, &enc, err);
    if (rc)
        return rc;
    collect(e->segmenter, a, question, hits, v, &n);
    for (size_t i = 0; i < n; i++)
        v[i].shares_words = hits->v[v[i].hit].bm25_score > 0;
    if (n)
        qsort(v, n, sizeof *v, by_terms);
    if (n > CANDIDATES)
        n = CANDIDATES;
    if ((rc = add_cosines(enc, a, question, v, n, err)))
        return rc;
    if (n)
        qsort(v, n, sizeof *v, by_score);
    if (n == 0 || v[0].score <= 0) {
        *out = rag_str_of(has_cjk(question) ? NOTHING_ZH : NOTHING_EN);
        return 0;
    }
    /* Best first; further sentences only when they are nearly as good. */
    for (picks = 1; picks < n && picks < PICKS && v[picks].score > 0.85 * v[0].score; picks++)
        ;
    rag_buf_init(&b, RAG_LIMIT_ANSWER);
    for (size_t i = 0; i < picks; i++)
        rag_buf_printf(&b, "%s%.*s [%zu]", i ? "\n" : "", RAG_STR_ARG(v[i].text), v[i].hit + 1);
    if (!b.err)
        *out = rag_arena_str(a, rag_buf_str(&b));
    rc = b.err || !out->p ? rag_err_set(err, RAG_ENOMEM, "out of memory") : 0;
    rag_buf_free(&b);
    return rc;
}
