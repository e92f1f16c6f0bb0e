/* charset.h: finds out which encoding a text file is in and turns it into UTF-8. */
#ifndef RAG_READER_CHARSET_H
#define RAG_READER_CHARSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Opens every converter, because a locked process cannot load one. Optional elsewhere. */
void rag_charset_prepare(void);

struct rag_decoded {
    struct rag_str text; /* UTF-8, possibly with invalid bytes; points into the file or into buf */
    size_t skipped;      /* bytes of a byte order mark left out in front */
    bool original;       /* text is the file's own bytes: text[i] is file[skipped + i] */
    const char *charset; /* what it was read as */
    struct rag_buf buf;  /* converted text; free with rag_decoded_free */
};

/* In this order: byte order mark, valid UTF-8, the declared charset (NULL = none; a label as HTML has it),
 * zero bytes (UTF-16), what the statistics of the bytes say, GB18030. Bytes that do not fit become U+FFFD. */
int rag_decode(struct rag_str file, struct rag_str declared, struct rag_decoded *out, struct rag_err *err);
void rag_decoded_free(struct rag_decoded *d);

/* Byte range in the file of text[begin, end), or 0, 0 when the text was converted. */
static inline void rag_decoded_range(const struct rag_decoded *d, size_t begin, size_t end,
                                     int64_t *file_begin, int64_t *file_end)
{
    *file_begin = d->original ? (int64_t)(d->skipped + begin) : 0;
    *file_end = d->original ? (int64_t)(d->skipped + end) : 0;
}

#endif
