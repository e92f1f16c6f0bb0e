/* txt.c: plain text: one block per paragraph, where blank lines separate paragraphs. */
#include "reader/charset.h"
#include "reader/lines.h"
#include "reader/reader.h"

static int emit(struct rag_reader *r, const struct rag_decoded *d, size_t begin, size_t end)
{
    struct rag_place place = {0};
    rag_decoded_range(d, begin, end, &place.begin, &place.end);
    return rag_reader_block(r, RAG_BLOCK_TEXT, 0, (struct rag_str){d->text.p + begin, end - begin}, &place);
}

int rag_read_txt(struct rag_reader *r)
{
    struct rag_decoded d;
    struct rag_line line;
    int rc = rag_decode(r->file, (struct rag_str){0}, &d, r->err);
    size_t begin = 0, end = 0; /* of the paragraph so far; empty when equal */
    for (size_t at = 0; !rc && rag_line_at(d.text, at, &line); at = line.next) {
        if (!rag_line_blank(&line)) {
            if (begin == end)
                begin = line.begin;
            end = line.begin + line.text.n;
        } else if (begin < end) {
            rc = emit(r, &d, begin, end);
            begin = end;
        }
    }
    if (!rc && begin < end)
        rc = emit(r, &d, begin, end);
    rag_decoded_free(&d);
    return rc;
}
