/* id.h: unguessable identifiers. */
#ifndef RAG_BASE_ID_H
#define RAG_BASE_ID_H

#include <stdbool.h>

enum { RAG_ID_HEX = 32 };

/* 32 lower-case hex digits (128 bits from getrandom) and NUL. */
void rag_id_new(char out[RAG_ID_HEX + 1]);
/* True for exactly 32 lower-case hex digits. Checked before an id is used in a path or a look-up. */
bool rag_id_valid(const char *id);

#endif
