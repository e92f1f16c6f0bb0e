/* html_table.h: an HTML table as a markdown pipe table. */
#ifndef RAG_READER_HTML_TABLE_H
#define RAG_READER_HTML_TABLE_H

#include <stdbool.h>

#include <gumbo.h>

#include "base/buf.h"
#include "base/err.h"

/* False for a table that only arranges a page: it holds other tables, or has one row or one column. */
bool rag_html_is_data_table(const GumboNode *table);
/* Adds the table's markdown to out. A cell that spans rows or columns stands in each of them. Rows made only
 * of <th> at the top, and rows of <thead>, are header rows; when there are none but the first columns are
 * <th>, the table is turned so that they become header rows. */
int rag_html_table(const GumboNode *table, struct rag_buf *out, struct rag_err *err);

#endif
