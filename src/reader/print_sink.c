/* print_sink.c: the output of pai_rag_parse --print. */
#include "reader/print_sink.h"

#include <stdio.h>

static int on_block(void *ud, const struct rag_block *b)
{
    static const char *const kinds[] = {"text", "heading", "table", "code", "record"};
    const struct rag_place *at = &b->place;
    (void)ud;
    printf("--- %s", kinds[b->kind]);
    if (b->kind == RAG_BLOCK_HEADING)
        printf(" %d", b->level);
    if (at->page)
        printf(", page %d, box %.0f %.0f %.0f %.0f", at->page, at->x0, at->y0, at->x1, at->y1);
    if (at->row)
        printf(", row %d", at->row);
    if (at->end)
        printf(", bytes %lld to %lld", (long long)at->begin, (long long)at->end);
    printf("\n%.*s\n", RAG_STR_ARG(b->text));
    return 0;
}

static int on_title(void *ud, struct rag_str title)
{
    (void)ud;
    printf("--- title\n%.*s\n", RAG_STR_ARG(title));
    return 0;
}

static int on_warning(void *ud, struct rag_str sentence)
{
    (void)ud;
    printf("--- warning\n%.*s\n", RAG_STR_ARG(sentence));
    return 0;
}

static int on_progress(void *ud, int done, int total)
{
    (void)ud;
    (void)done;
    (void)total;
    return 0;
}

struct rag_sink rag_print_sink(void)
{
    return (struct rag_sink){on_block, on_title, on_warning, on_progress, NULL};
}
