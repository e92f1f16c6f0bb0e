/* chunk.h: blocks of a document in, chunks out. No chunk is ever longer than the embedder's window. */
#ifndef RAG_CHUNK_CHUNK_H
#define RAG_CHUNK_CHUNK_H

#include "base/arena.h"
#include "base/err.h"
#include "core/opts.h"
#include "core/types.h"

/* Records become one chunk each (split only when longer than the window). Blocks of a document with headings
 * go through the markdown-aware parser: text of one section is joined, split by the configured splitter, and
 * each chunk gets the prefix "H1 >> H2: ". Effective size = min(chunk_size, window) - tokens(prefix); a
 * prefix longer than half of it is cut from the left. Every chunk keeps the place of the text it covers.
 * Order is reading order. */
int rag_chunk_split(struct rag_arena *a, const struct rag_blocks *blocks, const struct rag_chunk_opts *opts,
                    const struct rag_token_counter *tokens, struct rag_chunks *out, struct rag_err *err);

#endif
