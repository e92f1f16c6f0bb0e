/* token.c: the token splitter: words, and less where a word is too long. */
#include "chunk/parts.h"

int rag_split_tokens(struct rag_cut *c, size_t begin, size_t end)
{
    static rag_unit_fn *const units[] = {rag_unit_word, rag_unit_characters, NULL};
    return rag_split_by(c, begin, end, units);
}
