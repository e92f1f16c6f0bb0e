/* html.c: HTML: headings, paragraphs, lists, code and tables of the visible page, in document order. */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "reader/charset.h"
#include "reader/html_dom.h"
#include "reader/html_table.h"
#include "reader/html_tree.h"
#include "reader/reader.h"

#define MAX_INDENT 8 /* levels of nested lists that are shown as such */

struct html {
    struct rag_reader *r;
    struct rag_buf text;    /* block so far */
    struct rag_buf special; /* code or table */
    int heading;            /* level of the heading that is open, or 0 */
    int lists;              /* lists that are open */
};

/* Ends the block so far. */
static int flush(struct html *h)
{
    enum rag_block_kind kind = h->heading ? RAG_BLOCK_HEADING : RAG_BLOCK_TEXT;
    if (h->text.err)
        return rag_err_set(h->r->err, h->text.err, "a paragraph of this page is too long");
    if (h->heading)
        for (size_t i = 0; i < h->text.n; i++)
            h->text.p[i] = h->text.p[i] == '\n' ? ' ' : h->text.p[i];
    int rc = rag_reader_block(h->r, kind, h->heading, rag_buf_str(&h->text), NULL);
    rag_buf_reset(&h->text);
    return rc;
}

static void new_line(struct html *h)
{
    while (h->text.n && h->text.p[h->text.n - 1] == ' ')
        h->text.p[--h->text.n] = '\0';
    if (h->text.n && h->text.p[h->text.n - 1] != '\n')
        rag_buf_addc(&h->text, '\n');
}

/* True when the line holds nothing but the mark of its list item. */
static bool after_bullet(const struct html *h)
{
    size_t n = h->text.n;
    return h->lists && n >= 2 && !memcmp(h->text.p + n - 2, "- ", 2) &&
           (n == 2 || h->text.p[n - 3] == '\n' || h->text.p[n - 3] == ' ');
}

/* A whole list is one block with a line per item; elsewhere each block element is a block. */
static int boundary(struct html *h)
{
    if (h->heading)
        rag_html_add_text(&h->text, " ");
    else if (!h->lists)
        return flush(h);
    else if (!after_bullet(h))
        new_line(h);
    return 0;
}

static void start_item(struct html *h)
{
    if (after_bullet(h)) /* a list that opens an item shares its mark */
        return;
    new_line(h);
    for (int i = 1; i < h->lists && i < MAX_INDENT; i++)
        rag_buf_adds(&h->text, "  ");
    rag_buf_adds(&h->text, "- ");
}

static int take_code(struct html *h, const GumboNode *pre)
{
    static const char fence[] = "```\n";
    struct rag_buf *out = &h->special;
    int rc = flush(h);
    rag_buf_reset(out);
    rag_buf_adds(out, fence);
    rag_html_add_content(out, pre, true);
    while (out->n >= sizeof(fence) && strchr("\r\n \t", out->p[out->n - 1]))
        out->p[--out->n] = '\0';
    if (rc || out->n < sizeof(fence))
        return rc;
    rag_buf_adds(out, "\n```");
    if (out->err)
        return rag_err_set(h->r->err, out->err, "a code block of this page is too long");
    return rag_reader_block(h->r, RAG_BLOCK_CODE, 0, rag_buf_str(out), NULL);
}

static int take_table(struct html *h, const GumboNode *table)
{
    int rc = flush(h);
    for (unsigned i = 0; !rc && i < table->v.element.children.length; i++) {
        const GumboNode *child = table->v.element.children.data[i];
        if (rag_html_is(child, GUMBO_TAG_CAPTION)) {
            rag_html_add_content(&h->text, child, false);
            rc = flush(h);
        }
    }
    rag_buf_reset(&h->special);
    if (!rc)
        rc = rag_html_table(table, &h->special, h->r->err);
    if (!rc && h->special.err)
        rc = rag_err_set(h->r->err, h->special.err, "a table of this page is too long");
    return rc ? rc : rag_reader_block(h->r, RAG_BLOCK_TABLE, 0, rag_buf_str(&h->special), NULL);
}

/* The head has nothing to show but its title. */
static int take_head(struct html *h, const GumboNode *head)
{
    int rc = 0;
    for (unsigned i = 0; !rc && i < head->v.element.children.length; i++) {
        const GumboNode *child = head->v.element.children.data[i];
        if (!rag_html_is(child, GUMBO_TAG_TITLE))
            continue;
        rag_buf_reset(&h->special);
        rag_html_add_content(&h->special, child, false);
        rc = rag_reader_title(h->r, rag_buf_str(&h->special));
        break;
    }
    return rc;
}

static int heading_level(const GumboNode *node)
{
    if (node->type != GUMBO_NODE_ELEMENT)
        return 0;
    GumboTag tag = node->v.element.tag;
    return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? (int)(tag - GUMBO_TAG_H1) + 1 : 0;
}

static bool is_list(const GumboNode *node)
{
    return rag_html_is(node, GUMBO_TAG_UL) || rag_html_is(node, GUMBO_TAG_OL) ||
           rag_html_is(node, GUMBO_TAG_DL);
}

static int enter(struct html *h, const GumboNode *node, bool *skip)
{
    int rc = 0;
    *skip = true;
    if (rag_html_is_invisible(node))
        return 0;
    if (rag_html_is(node, GUMBO_TAG_HEAD))
        return take_head(h, node);
    if (rag_html_is(node, GUMBO_TAG_PRE))
        return take_code(h, node);
    if (rag_html_is(node, GUMBO_TAG_TABLE) && rag_html_is_data_table(node))
        return take_table(h, node);
    *skip = false;
    if (rag_html_is_text(node)) {
        rag_html_add_text(&h->text, node->v.text.text);
    } else if (heading_level(node)) {
        rc = flush(h);
        h->heading = heading_level(node);
    } else if (rag_html_is(node, GUMBO_TAG_BR)) {
        new_line(h);
    } else if (rag_html_is_block(node)) {
        rc = boundary(h);
        h->lists += is_list(node);
        if (rag_html_is(node, GUMBO_TAG_LI) || rag_html_is(node, GUMBO_TAG_DT))
            start_item(h);
    }
    return rc;
}

static int leave(struct html *h, const GumboNode *node)
{
    int rc = 0;
    if (rag_html_is_invisible(node))
        return 0;
    if (heading_level(node)) {
        rc = flush(h);
        h->heading = 0;
    } else if (rag_html_is_block(node)) {
        h->lists -= is_list(node);
        rc = boundary(h);
    }
    return rc;
}

static int walk_page(struct html *h, const GumboNode *document)
{
    struct rag_html_walk w;
    enum rag_html_event event;
    const GumboNode *node;
    int rc = 0;
    rag_html_walk_start(&w, document);
    while (!rc && (event = rag_html_walk_next(&w, &node)) != RAG_HTML_DONE) {
        bool skip = false;
        rc = event == RAG_HTML_ENTER ? enter(h, node, &skip) : leave(h, node);
        w.skip = skip;
    }
    if (!rc && w.failed)
        rc = rag_err_set(h->r->err, RAG_ENOMEM, "not enough memory to read this page");
    rag_html_walk_free(&w);
    return rc ? rc : flush(h);
}

/* The label behind "charset=" (or XML's "encoding=") in the first bytes of a page. */
static struct rag_str declared_charset(struct rag_str file)
{
    const char *end = file.p + (file.n < 4096 ? file.n : 4096);
    for (const char *p = file.p; end - p > 9; p++) {
        bool charset = !strncasecmp(p, "charset", 7), encoding = !strncasecmp(p, "encoding", 8);
        if (!charset && !encoding)
            continue;
        const char *from = p + (charset ? 7 : 8);
        while (from < end && *from && strchr(" \t=\"'", *from))
            from++;
        const char *to = from;
        while (to < end && *to && !strchr(" \t\"'/>;?", *to))
            to++;
        return (struct rag_str){from, (size_t)(to - from)};
    }
    return (struct rag_str){0};
}

int rag_read_html(struct rag_reader *r)
{
    struct html h = {.r = r};
    struct rag_decoded d;
    struct rag_html_tree tree = {0};
    rag_buf_init(&h.text, RAG_LIMIT_DOC_TEXT);
    rag_buf_init(&h.special, RAG_LIMIT_DOC_TEXT);
    int rc = rag_decode(r->file, declared_charset(r->file), &d, r->err);
    if (!rc)
        rc = rag_html_parse(&tree, d.text, r->err);
    if (!rc)
        rc = walk_page(&h, tree.out->document);
    rag_html_tree_free(&tree);
    rag_buf_free(&h.text);
    rag_buf_free(&h.special);
    rag_decoded_free(&d);
    return rc;
}
