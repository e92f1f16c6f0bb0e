/* parts.h: what the files of the chunker share: a section of text, the pieces it is cut into, the run. */
#ifndef RAG_CHUNK_PARTS_H
#define RAG_CHUNK_PARTS_H

#include "base/buf.h"
#include "chunk/chunk.h"

/* ---- section.c: text under one heading, joined from blocks, that remembers where it came from ---- */

struct rag_span {
    size_t begin, end; /* of the section's text */
    const struct rag_block *block;
};
struct rag_section {
    struct rag_buf text; /* block texts with an empty line between */
    struct rag_span *spans;
    size_t n, cap;
};
int rag_section_add(struct rag_section *s, const struct rag_block *block);
void rag_section_reset(struct rag_section *s);
void rag_section_free(struct rag_section *s);
/* Where bytes [begin, end) of the section stand in the source. */
struct rag_place rag_section_place(const struct rag_section *s, size_t begin, size_t end);

/* ---- markdown.c: the stack of headings ---- */

enum { RAG_HEADINGS_MAX = 16 };

struct rag_headings {
    const struct rag_block *v[RAG_HEADINGS_MAX];
    int n;
};
void rag_headings_push(struct rag_headings *h, const struct rag_block *heading);
/* "H1 >> H2: " of the headings from first on; nothing when there is none. */
int rag_headings_prefix(const struct rag_headings *h, int first, struct rag_buf *out);

/* ---- merge.c: pieces into chunks ---- */

/* The smallest thing that is never cut: a sentence, or less where a sentence is too long. */
struct rag_piece {
    size_t begin, end; /* of the section's text, white space after it included */
    int tokens;
    /* What a chunk repeats in front when this is its first piece: the header of a table. */
    struct rag_str lead;
    int lead_tokens;
};

/* One call of rag_chunk_split. */
struct rag_cut {
    struct rag_arena *a;
    const struct rag_chunk_opts *opts;
    const struct rag_token_counter *tokens;
    struct rag_err *err;
    int limit; /* tokens of a chunk, all included */
    int size;  /* limit less the prefix: what the pieces of a chunk may have */
    struct rag_section section;
    struct rag_buf prefix;
    struct rag_buf draft; /* the chunk being measured: prefix, lead, text */

    struct rag_str lead; /* of the pieces that are being added */
    int lead_tokens;
    struct rag_piece *pieces; /* of the chunk being filled */
    size_t n_pieces, cap_pieces;
    int sum;      /* of their tokens, without leads */
    size_t fresh; /* pieces before this one are overlap: the chunk before has them, too */

    struct rag_chunk *chunks;
    size_t n_chunks, cap_chunks;
};

/* Tokens of section bytes [begin, end), at least one per RAG_CHUNK_TOKEN_BYTES bytes: a tokenizer may call a
 * 100 KB word one unknown token, which is no reason to make it one chunk. Counts nothing when the bytes alone
 * are more than size allows. Negative: an error of the counter. */
enum { RAG_CHUNK_TOKEN_BYTES = 24 };
int rag_cut_cost(struct rag_cut *c, size_t begin, size_t end);

/* Takes the next piece, closing chunks on the way. */
int rag_cut_add(struct rag_cut *c, size_t begin, size_t end, int tokens);
/* Closes the last chunk: nothing after this shares a chunk with what was added before. */
int rag_cut_flush(struct rag_cut *c);
/* ---- split.c: from coarse to fine ---- */

/* End of the unit that starts at at, at most end. at < end. */
typedef size_t rag_unit_fn(struct rag_str text, size_t at, size_t end);
/* Adds [begin, end) as units of units[0]; a unit that is too long is cut by the next of units, which ends
 * with NULL. */
int rag_split_by(struct rag_cut *c, size_t begin, size_t end, rag_unit_fn *const *units);
size_t rag_unit_line(struct rag_str text, size_t at, size_t end);
size_t rag_unit_phrase(struct rag_str text, size_t at, size_t end);
size_t rag_unit_word(struct rag_str text, size_t at, size_t end);
size_t rag_unit_characters(struct rag_str text, size_t at, size_t end);
/* First byte in [at, end) that is not white space. */
size_t rag_skip_space(struct rag_str text, size_t at, size_t end);
size_t rag_unit_sentence(struct rag_str text, size_t at, size_t end);

/* ---- splitters: cut section bytes [begin, end) of prose into pieces ---- */

typedef int rag_split_fn(struct rag_cut *c, size_t begin, size_t end);
int rag_split_sentences(struct rag_cut *c, size_t begin, size_t end);
int rag_split_tokens(struct rag_cut *c, size_t begin, size_t end);
/* Tables are cut between rows, and every chunk gets the header; code is cut between lines. */
int rag_split_table(struct rag_cut *c, size_t begin, size_t end);
int rag_split_code(struct rag_cut *c, size_t begin, size_t end);

#endif
