/* html_tree.c: gumbo with an allocator of ours. gumbo neither checks for exhausted memory nor frees deep
 * trees without recursion, so its memory is a list that is freed as a whole, and exhaustion leaves by
 * longjmp. */
#include "reader/html_tree.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"

#define MAX_TREE (RAG_LIMIT_PARSE_MEMORY / 4 * 3)

struct rag_html_piece {
    struct rag_html_piece *prev, *next;
    size_t size;
    max_align_t memory[];
};

struct parse {
    struct rag_html_tree *tree;
    jmp_buf exhausted;
};

static void *allocate(void *ud, size_t size)
{
    struct parse *p = ud;
    struct rag_html_tree *t = p->tree;
    struct rag_html_piece *piece = NULL;
    if (size <= MAX_TREE && t->used <= MAX_TREE - size)
        piece = malloc(sizeof(*piece) + size);
    if (!piece)
        longjmp(p->exhausted, 1);
    *piece = (struct rag_html_piece){.next = t->pieces, .size = size};
    if (t->pieces)
        t->pieces->prev = piece;
    t->pieces = piece;
    t->used += size;
    return piece->memory;
}

static void release(void *ud, void *memory)
{
    struct rag_html_tree *t = ((struct parse *)ud)->tree;
    if (!memory)
        return;
    struct rag_html_piece *piece = (void *)((char *)memory - offsetof(struct rag_html_piece, memory));
    if (piece->prev)
        piece->prev->next = piece->next;
    else
        t->pieces = piece->next;
    if (piece->next)
        piece->next->prev = piece->prev;
    t->used -= piece->size;
    free(piece);
}

int rag_html_parse(struct rag_html_tree *t, struct rag_str text, struct rag_err *err)
{
    *t = (struct rag_html_tree){0};
    struct parse p = {.tree = t};
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = allocate;
    options.deallocator = release;
    options.userdata = &p;
    options.max_errors = 0;
    if (setjmp(p.exhausted))
        return rag_err_set(err, RAG_ETOOBIG,
                           "the HTML needs more than %zu MiB of memory to be read: split it",
                           MAX_TREE / RAG_MIB);
    t->out = gumbo_parse_with_options(&options, text.p, text.n);
    return 0;
}

void rag_html_tree_free(struct rag_html_tree *t)
{
    if (!t)
        return;
    for (struct rag_html_piece *piece = t->pieces, *next; piece; piece = next) {
        next = piece->next;
        free(piece);
    }
    *t = (struct rag_html_tree){0};
}
