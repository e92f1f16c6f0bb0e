/* html_tree.h: parses HTML with gumbo, and frees what gumbo would free by recursion. */
#ifndef RAG_READER_HTML_TREE_H
#define RAG_READER_HTML_TREE_H

#include <gumbo.h>

#include "base/err.h"
#include "base/str.h"

struct rag_html_tree {
    GumboOutput *out;
    struct rag_html_piece *pieces; /* every allocation of gumbo */
    size_t used;
};

/* RAG_ETOOBIG when the tree takes more memory than a parser has. */
int rag_html_parse(struct rag_html_tree *t, struct rag_str text, struct rag_err *err);
void rag_html_tree_free(struct rag_html_tree *t);

#endif
