/* wire.h: the format in which pai_rag_parse reports: written by reader/wire_sink.c, checked by rag/parse.c.
 */
#ifndef RAG_READER_WIRE_H
#define RAG_READER_WIRE_H

#include <stdint.h>
#include <string.h>

#include "core/types.h"

/* A stream is the greeting, then frames of "type, length of the payload (4 bytes), payload". Numbers are
 * little-endian. The last frame is END or ERROR; a stream that stops without one comes from a parser that
 * died. The parent believes nothing: it checks the greeting, every length, every number and every byte of
 * text. */
#define RAG_WIRE_GREETING     "pai_rag_parse 1\n" /* the number is the version of this format */
#define RAG_WIRE_GREETING_LEN (sizeof(RAG_WIRE_GREETING) - 1)
#define RAG_WIRE_HEAD_LEN     5

enum rag_wire_type {
    RAG_WIRE_BLOCK = 1, /* block head, then the first bytes of its text */
    RAG_WIRE_PART,      /* more text of the latest block */
    RAG_WIRE_PROGRESS,  /* pages done (4), pages of all (4) */
    RAG_WIRE_WARNING,   /* sentence */
    RAG_WIRE_TITLE,     /* text */
    RAG_WIRE_ERROR,     /* code (4), sentence */
    RAG_WIRE_END,       /* pages (4) */
};

/* Block head: kind (1), level (1), page (4), box (4 × 4), begin (8), end (8), row (4). */
#define RAG_WIRE_BLOCK_LEN 42

static inline unsigned char *rag_wire_put(unsigned char *to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (unsigned char)(v >> (8 * i));
    return to;
}

static inline uint64_t rag_wire_get(const unsigned char **from, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)(*from)[i] << (8 * i);
    *from += bytes;
    return v;
}

static inline unsigned char *rag_wire_put_float(unsigned char *to, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return rag_wire_put(to, bits, 4);
}

static inline float rag_wire_get_float(const unsigned char **from)
{
    uint32_t bits = (uint32_t)rag_wire_get(from, 4);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

/* The extension of a file name in lower case, which names the reader: "pdf". "" when there is none, or one
 * that is not up to 15 letters and digits. Returns ext. */
#define RAG_WIRE_EXT_MAX 16
static inline const char *rag_wire_ext(const char *name, char ext[RAG_WIRE_EXT_MAX])
{
    const char *dot = strrchr(name, '.');
    size_t n = 0;
    for (const char *p = dot ? dot + 1 : ""; *p; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if (n + 1 == RAG_WIRE_EXT_MAX || !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            n = 0;
            break;
        }
        ext[n++] = c;
    }
    ext[n] = '\0';
    return ext;
}

#endif
