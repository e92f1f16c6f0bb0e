/* id.c: identifiers from the kernel's random numbers. */
#include "base/id.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void rag_id_new(char out[RAG_ID_HEX + 1])
{
    unsigned char r[RAG_ID_HEX / 2];
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
        abort(); /* cannot happen for 16 bytes on Linux; a guessable id would be worse */
    for (int i = 0; i < RAG_ID_HEX; i++)
        out[i] = "0123456789abcdef"[r[i / 2] >> (i % 2 ? 0 : 4) & 15];
    out[RAG_ID_HEX] = '\0';
}

bool rag_id_valid(const char *id)
{
    return strlen(id) == RAG_ID_HEX && strspn(id, "0123456789abcdef") == RAG_ID_HEX;
}
