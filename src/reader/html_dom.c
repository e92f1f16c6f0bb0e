/* html_dom.c: tree walk, element classes and white space of HTML. */
#include "reader/html_dom.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

static const GumboVector *children_of(const GumboNode *node)
{
    static const GumboVector none;
    if (node->type == GUMBO_NODE_DOCUMENT)
        return &node->v.document.children;
    if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE)
        return &node->v.element.children;
    return &none;
}

static bool push(struct rag_html_walk *w, const GumboNode *node)
{
    if (w->depth == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 64;
        void *path = realloc(w->path, cap * sizeof(*w->path));
        if (!path) {
            w->failed = true;
            return false;
        }
        w->path = path;
        w->cap = cap;
    }
    w->path[w->depth++] = (struct rag_html_step){node, 0};
    return true;
}

void rag_html_walk_start(struct rag_html_walk *w, const GumboNode *root)
{
    *w = (struct rag_html_walk){0};
    push(w, root);
}

enum rag_html_event rag_html_walk_next(struct rag_html_walk *w, const GumboNode **node)
{
    if (w->failed || !w->depth)
        return RAG_HTML_DONE;
    struct rag_html_step *top = &w->path[w->depth - 1];
    const GumboVector *children = children_of(top->node);
    if (w->skip)
        top->next = children->length;
    w->skip = false;
    if (top->next < children->length) {
        *node = children->data[top->next++];
        if (rag_html_is_text(*node))
            return RAG_HTML_ENTER;
        return push(w, *node) ? RAG_HTML_ENTER : RAG_HTML_DONE;
    }
    *node = top->node;
    w->depth--;
    return w->depth ? RAG_HTML_LEAVE : RAG_HTML_DONE;
}

void rag_html_walk_free(struct rag_html_walk *w)
{
    free(w->path);
    *w = (struct rag_html_walk){0};
}

bool rag_html_is(const GumboNode *node, GumboTag tag)
{
    return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag;
}

bool rag_html_is_text(const GumboNode *node)
{
    return node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
           node->type == GUMBO_NODE_CDATA;
}

const char *rag_html_attr(const GumboNode *node, const char *name)
{
    if (node->type != GUMBO_NODE_ELEMENT)
        return "";
    const GumboAttribute *a = gumbo_get_attribute(&node->v.element.attributes, name);
    return a ? a->value : "";
}

static bool styled_away(const char *style)
{
    const char *p = strcasestr(style, "display");
    if (!p)
        return false;
    p += strlen("display");
    p += strspn(p, " :");
    return !strncasecmp(p, "none", 4);
}

bool rag_html_is_invisible(const GumboNode *node)
{
    if (node->type == GUMBO_NODE_COMMENT || node->type == GUMBO_NODE_TEMPLATE)
        return true;
    if (node->type != GUMBO_NODE_ELEMENT)
        return false;
    if (node->v.element.tag_namespace == GUMBO_NAMESPACE_SVG)
        return true;
    switch (node->v.element.tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_NOSCRIPT:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_NOFRAMES:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_CANVAS:
    case GUMBO_TAG_AUDIO:
    case GUMBO_TAG_VIDEO:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
        return true;
    default:
        return gumbo_get_attribute(&node->v.element.attributes, "hidden") ||
               !strcasecmp(rag_html_attr(node, "aria-hidden"), "true") ||
               !strcasecmp(rag_html_attr(node, "role"), "navigation") ||
               styled_away(rag_html_attr(node, "style"));
    }
}

bool rag_html_is_block(const GumboNode *node)
{
    if (node->type != GUMBO_NODE_ELEMENT)
        return false;
    switch (node->v.element.tag) {
    case GUMBO_TAG_P:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_UL:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_FIGURE:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_FORM:
    case GUMBO_TAG_FIELDSET:
    case GUMBO_TAG_LEGEND:
    case GUMBO_TAG_DETAILS:
    case GUMBO_TAG_SUMMARY:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_BODY:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
        return true;
    default:
        return false;
    }
}

static bool at_line_start(const struct rag_buf *out)
{
    return out->n == 0 || out->p[out->n - 1] == '\n';
}

void rag_html_add_text(struct rag_buf *out, const char *text)
{
    for (const char *p = text; *p;) {
        bool nbsp = !strncmp(p, "\xC2\xA0", 2);
        if (nbsp || strchr(" \t\r\n\f", *p)) {
            if (!at_line_start(out) && out->p[out->n - 1] != ' ')
                rag_buf_addc(out, ' ');
            p += nbsp ? 2 : 1;
        } else {
            size_t n = 1;
            while (p[n] && p[n] != '\xC2' && !strchr(" \t\r\n\f", p[n]))
                n++;
            rag_buf_add(out, p, n);
            p += n;
        }
    }
}

void rag_html_add_content(struct rag_buf *out, const GumboNode *node, bool raw)
{
    struct rag_html_walk w;
    enum rag_html_event event;
    rag_html_walk_start(&w, node);
    while ((event = rag_html_walk_next(&w, &node)) != RAG_HTML_DONE) {
        bool line_break = rag_html_is(node, GUMBO_TAG_BR) && event == RAG_HTML_ENTER;
        if (rag_html_is_text(node) && raw)
            rag_buf_adds(out, node->v.text.text);
        else if (rag_html_is_text(node))
            rag_html_add_text(out, node->v.text.text);
        else if (rag_html_is_invisible(node))
            w.skip = event == RAG_HTML_ENTER;
        else if (raw && (line_break || (rag_html_is_block(node) && !at_line_start(out))))
            rag_buf_addc(out, '\n');
        else if (line_break || rag_html_is_block(node))
            rag_html_add_text(out, " ");
    }
    if (w.failed)
        out->err = RAG_ENOMEM;
    rag_html_walk_free(&w);
}
