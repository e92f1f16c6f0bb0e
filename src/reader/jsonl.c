/* jsonl.c: JSON lines: one record per line, kept as it stands. */
#include "reader/charset.h"
#include "reader/lines.h"
#include "reader/reader.h"
#include "text/json.h"

int rag_read_jsonl(struct rag_reader *r)
{
    struct rag_decoded d;
    struct rag_line line;
    int rc = rag_decode(r->file, (struct rag_str){0}, &d, r->err);
    int row = 0, broken = 0, first_broken = 0;
    for (size_t at = 0; !rc && rag_line_at(d.text, at, &line); at = line.next) {
        row++;
        if (rag_line_blank(&line))
            continue;
        json_t *value = rag_json_parse(line.text, NULL);
        if (!value && !broken++)
            first_broken = row;
        json_decref(value);
        struct rag_place place = {.row = row};
        rag_decoded_range(&d, line.begin, line.begin + line.text.n, &place.begin, &place.end);
        rc = rag_reader_block(r, RAG_BLOCK_RECORD, 0, line.text, &place);
    }
    if (!rc && broken)
        rc = rag_reader_warn(
            r, "%d of %d lines are not valid JSON (the first is line %d); they were kept as text", broken,
            row, first_broken);
    rag_decoded_free(&d);
    return rc;
}
