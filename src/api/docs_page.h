/* docs_page.h: the texts of the documentation page. */
#ifndef RAG_API_DOCS_PAGE_H
#define RAG_API_DOCS_PAGE_H

extern const char rag_docs_html[], rag_docs_css[], rag_docs_js[];

#endif
