/* segment_fold.h: reads text as folded characters that remember where they came from. */
#ifndef RAG_TEXT_SEGMENT_FOLD_H
#define RAG_TEXT_SEGMENT_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* A folded character and the bytes of the text that it came from. */
struct rag_glyph {
    uint32_t cp;
    size_t begin, end;
};

/* Set text, zero the rest. */
struct rag_fold {
    struct rag_str text;
    size_t at;         /* next byte to read */
    int32_t ready[18]; /* what the last character folded to: at most 18 (U+FDFA) */
    int n_ready, i_ready;
    size_t begin;
};

/* NFKC, lower case, accents of letters and invisible characters removed. False at the end. */
bool rag_fold_next(struct rag_fold *f, struct rag_glyph *out);

#endif
