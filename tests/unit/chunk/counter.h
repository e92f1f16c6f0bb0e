/* counter.h: a token counter for tests: one token for each word, CJK character and punctuation mark. */
#ifndef TEST_CHUNK_COUNTER_H
#define TEST_CHUNK_COUNTER_H

#include "core/types.h"
#include "text/utf8.h"

/* ud: NULL, or a size_t that sums up the bytes counted. */
static int count_words(void *ud, struct rag_str text)
{
    int n = 0;
    bool in_word = false;
    for (size_t at = 0; at < text.n;) {
        uint32_t cp = rag_utf8_next(text, &at);
        bool space = rag_utf8_is_space(cp), alone = rag_utf8_is_cjk(cp) || rag_utf8_is_punct(cp);
        n += alone || (!space && !in_word);
        in_word = !alone && !space;
    }
    if (ud)
        *(size_t *)ud += text.n;
    return n;
}

#endif
