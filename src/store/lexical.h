/* lexical.h: what the two files of the lexical index share. */
#ifndef RAG_STORE_LEXICAL_H
#define RAG_STORE_LEXICAL_H

#include "store/internal.h"

/* Registers rag_bm25(), the ranking function of lexical_search.c. */
int rag_lexical_register_rank(fts5_api *api);

#endif
