/* types.h: the nouns: block, chunk, hit, message. Plain data; everything points into the arena of its request
 * or document unless a comment says otherwise. */
#ifndef RAG_CORE_TYPES_H
#define RAG_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Where a piece of text stands in its source. Unknown numbers are 0; the box is in PDF points, origin top
 * left. */
struct rag_place {
    int page;             /* from 1 */
    float x0, y0, x1, y1; /* box on that page */
    int64_t begin, end;   /* byte range in the original file (text formats) */
    int row;              /* row or line record, from 1 (csv, jsonl) */
};

enum rag_block_kind {
    RAG_BLOCK_TEXT,    /* paragraph(s), to be split by the chunker */
    RAG_BLOCK_HEADING, /* level 1..6 in .level; text without '#' */
    RAG_BLOCK_TABLE,   /* markdown table */
    RAG_BLOCK_CODE,    /* fenced code, '#' is no heading inside */
    RAG_BLOCK_RECORD,  /* one csv row or jsonl line: becomes one chunk, never joined to others */
};

/* One piece of a parsed document, in reading order. */
struct rag_block {
    enum rag_block_kind kind;
    int level;
    struct rag_str text; /* valid UTF-8, no NUL */
    struct rag_place place;
};

struct rag_blocks {
    struct rag_block *v;
    size_t n;
    int pages;                /* pages of the file, 0 when the format has none */
    const char *title;        /* from the file's own metadata, or NULL */
    struct rag_str *warnings; /* sentences for the user */
    size_t n_warnings;
};

/* What is embedded, searched and cited. */
struct rag_chunk {
    struct rag_str text;    /* heading prefix included: exactly what is embedded and shown */
    size_t prefix;          /* bytes of text that are the heading prefix "H1 >> H2: " */
    int tokens;             /* of text, without [CLS] and [SEP] */
    struct rag_place place; /* of the text it was made from; box is the union on the first page */
};

struct rag_chunks {
    struct rag_chunk *v;
    size_t n;
};

/* A retrieved chunk. */
struct rag_hit {
    int64_t chunk_id;
    char doc_id[33];
    const char *file_name;
    const char *file_type; /* MIME type */
    int64_t file_size;
    const char *created, *modified; /* YYYY-MM-DD */
    struct rag_str text;
    size_t prefix; /* bytes of text that are the heading prefix */
    struct rag_place place;
    int ordinal;                  /* running number of the chunk in its document, from 0 */
    double score;                 /* (1 + cosine) / 2, for every hit */
    double rrf_score;             /* fused score, 0 when only one side searched */
    double bm25_score;            /* 0 when the lexical side did not find it */
    int dense_rank, lexical_rank; /* from 1; 0 = not found by that side */
};

struct rag_hits {
    struct rag_hit *v;
    size_t n;
};

enum rag_role { RAG_ROLE_SYSTEM, RAG_ROLE_USER, RAG_ROLE_ASSISTANT };

struct rag_message {
    enum rag_role role;
    struct rag_str text;
};

struct rag_messages {
    struct rag_message *v;
    size_t n;
};

/* Token use of one or more model calls. */
struct rag_usage {
    int prompt_tokens, completion_tokens;
    bool estimated; /* counted by us because the model did not report it */
};

/* Counts tokens as the active embedder does, special tokens not included. Thread-safe. */
struct rag_token_counter {
    int (*count)(void *ud, struct rag_str text);
    void *ud;
    int window; /* most tokens of one text that the embedder takes, special tokens already subtracted */
};

/* Receives streamed text. Return 0 to go on, RAG_ECANCELED to stop the producer (the client left). */
typedef int rag_emit_fn(void *ud, struct rag_str piece);

#endif
