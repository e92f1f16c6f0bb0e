/* html_dom.h: walks gumbo's tree without recursion, and the questions that the HTML reader asks of a node. */
#ifndef RAG_READER_HTML_DOM_H
#define RAG_READER_HTML_DOM_H

#include <stdbool.h>

#include <gumbo.h>

#include "base/buf.h"

/* Depth-first walk below a node. Hostile pages nest a million levels deep: the path is kept on the heap. */
struct rag_html_walk {
    struct rag_html_step {
        const GumboNode *node;
        unsigned next; /* child to visit next */
    } * path;
    size_t depth, cap;
    bool skip; /* set by the caller on entering: do not visit the children */
    bool failed;
};

enum rag_html_event { RAG_HTML_DONE, RAG_HTML_ENTER, RAG_HTML_LEAVE };

void rag_html_walk_start(struct rag_html_walk *w, const GumboNode *root);
/* Elements are entered and left, text is entered only. DONE at the end, or when memory ran out (w->failed).
 */
enum rag_html_event rag_html_walk_next(struct rag_html_walk *w, const GumboNode **node);
void rag_html_walk_free(struct rag_html_walk *w);

bool rag_html_is(const GumboNode *node, GumboTag tag);
/* Value of an attribute, "" when it is absent. */
const char *rag_html_attr(const GumboNode *node, const char *name);
/* Scripts, styles, navigation, hidden parts: nothing a reader of the page sees as its text. */
bool rag_html_is_invisible(const GumboNode *node);
/* Elements that start and end on a line of their own. */
bool rag_html_is_block(const GumboNode *node);
bool rag_html_is_text(const GumboNode *node);
/* Adds text with each run of white space turned into one space, none at the start of a line. */
void rag_html_add_text(struct rag_buf *out, const char *text);
/* Adds all visible text below node, on one line; raw keeps its white space (for <pre>). */
void rag_html_add_content(struct rag_buf *out, const GumboNode *node, bool raw);

#endif
