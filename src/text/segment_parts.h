/* segment_parts.h: what the files of the segmenter share: the sink of terms, words and CJK runs. */
#ifndef RAG_TEXT_SEGMENT_PARTS_H
#define RAG_TEXT_SEGMENT_PARTS_H

#include "text/segment.h"
#include "text/segment_dict.h"
#include "text/segment_fold.h"

struct sb_stemmer;

/* Where terms go. */
struct rag_term_sink {
    rag_term_fn *fn;
    void *ud;
    bool drop_stops; /* leave out stop words */
    size_t emitted;
    size_t dropped; /* stop words left out */
};
/* Non-zero from fn stops everything and is returned by all of these. */
int rag_term_emit(struct rag_term_sink *k, struct rag_str term, size_t begin, size_t end);

/* word: folded, as written (not stemmed). */
bool rag_stopword(struct rag_str word);

/* ---- words of letters and digits: segment_word.c ---- */

enum { RAG_WORD_MAX = 96, RAG_WORD_PARTS = 16 };

/* Parts joined by - _ . or & ("user_id" has two; "3.14" and "don't" are one). Offsets are into text. */
struct rag_word_part {
    int from, to;
    size_t begin, end;
    bool letters;    /* nothing but a-z and ' */
    bool digit_last; /* ends in 0-9 */
};
struct rag_word {
    char text[RAG_WORD_MAX];
    int n, parts;
    struct rag_word_part part[RAG_WORD_PARTS];
};
/* False when the character does not fit any more: flush and add again. join: the connector in front, 0 for
 * none. */
bool rag_word_add(struct rag_word *w, const struct rag_glyph *g, char join);
/* Emits the word, its parts and stems, and empties it. source is the whole text. */
int rag_word_flush(struct rag_word *w, struct sb_stemmer *stemmer, struct rag_str source,
                   struct rag_term_sink *k);

/* ---- CJK runs: segment_cjk.c ---- */

enum { RAG_RUN_MAX = 512 };

struct rag_run {
    int n;
    bool carried; /* g[0] was the last of the piece before it, kept for the bigram across */
    struct rag_glyph g[RAG_RUN_MAX];
};
/* Emits dictionary words and bigrams of the run, which ends here, and empties it. dict may be NULL. */
int rag_run_flush(struct rag_run *r, const struct rag_dict *dict, struct rag_term_sink *k);
/* Adds a character; a run longer than RAG_RUN_MAX is worked on in pieces. */
int rag_run_add(struct rag_run *r, const struct rag_glyph *g, const struct rag_dict *dict,
                struct rag_term_sink *k);

#endif
