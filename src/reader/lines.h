/* lines.h: walks text line by line. */
#ifndef RAG_READER_LINES_H
#define RAG_READER_LINES_H

#include <stdbool.h>

#include "base/str.h"

struct rag_line {
    struct rag_str text; /* without its line end (LF, CRLF or CR) */
    size_t begin, next;  /* offsets of its first byte and of the next line */
};

/* The line that starts at offset at; false at the end of text. */
static inline bool rag_line_at(struct rag_str text, size_t at, struct rag_line *line)
{
    if (at >= text.n)
        return false;
    size_t i = at;
    while (i < text.n && text.p[i] != '\n' && text.p[i] != '\r')
        i++;
    line->text = (struct rag_str){text.p + at, i - at};
    line->begin = at;
    if (i + 1 < text.n && text.p[i] == '\r' && text.p[i + 1] == '\n')
        i++;
    line->next = i < text.n ? i + 1 : i;
    return true;
}

static inline bool rag_line_blank(const struct rag_line *line)
{
    return rag_str_trim(line->text).n == 0;
}

#endif
