/* sentence.c: the sentence splitter: paragraphs, sentences, and less where a sentence is too long. */
#include "chunk/parts.h"

static rag_unit_fn *const units[] = {rag_unit_sentence, rag_unit_line,       rag_unit_phrase,
                                     rag_unit_word,     rag_unit_characters, NULL};

/* Where the next paragraph starts: at a separator, which stays with the paragraph that it starts. */
static size_t paragraph_end(struct rag_str text, size_t at, size_t end, struct rag_str separator)
{
    if (separator.n == 0 || end - at <= separator.n)
        return end;
    const char *p = memmem(text.p + at + 1, end - at - 1, separator.p, separator.n);
    return p ? (size_t)(p - text.p) : end;
}

int rag_split_sentences(struct rag_cut *c, size_t begin, size_t end)
{
    struct rag_str separator = rag_str_of(c->opts->paragraph_separator);
    struct rag_str text = rag_buf_str(&c->section.text);
    int rc = 0;
    for (size_t at = begin, next; at < end && !rc; at = next) {
        next = paragraph_end(text, at, end, separator);
        bool part = at > begin || next < end;
        int cost = part ? rag_cut_cost(c, at, next) : 0;
        if (cost < 0)
            rc = cost;
        else if (part && cost <= c->size)
            rc = rag_cut_add(c, at, next, cost);
        else
            rc = rag_split_by(c, at, next, units);
    }
    return rc;
}
