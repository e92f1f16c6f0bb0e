/* sha256.h: SHA-256 (FIPS 180-4), incremental. */
#ifndef RAG_BASE_SHA256_H
#define RAG_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rag_sha256 {
    uint32_t h[8];
    uint64_t bytes;
    unsigned char block[64];
};

void rag_sha256_init(struct rag_sha256 *s);
void rag_sha256_add(struct rag_sha256 *s, const void *p, size_t n);
/* 64 lower-case hex digits and NUL. */
void rag_sha256_hex(struct rag_sha256 *s, char out[65]);
int rag_sha256_file(const char *path, char out[65], struct rag_err *err);

#endif
