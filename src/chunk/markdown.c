/* markdown.c: which headings stand above a text, and the prefix that tells the reader of a chunk. */
#include "chunk/parts.h"

void rag_headings_push(struct rag_headings *h, const struct rag_block *heading)
{
    while (h->n && h->v[h->n - 1]->level >= heading->level)
        h->n--;
    if (h->n < RAG_HEADINGS_MAX)
        h->v[h->n++] = heading;
}

int rag_headings_prefix(const struct rag_headings *h, int first, struct rag_buf *out)
{
    for (int i = first; i < h->n; i++) {
        struct rag_str title = rag_str_trim(h->v[i]->text);
        if (!title.n)
            continue;
        if (out->n)
            rag_buf_adds(out, " >> ");
        for (size_t k = 0; k < title.n; k++)
            rag_buf_addc(out, title.p[k] == '\n' || title.p[k] == '\r' ? ' ' : title.p[k]);
    }
    if (out->n)
        rag_buf_adds(out, ": ");
    return out->err;
}
