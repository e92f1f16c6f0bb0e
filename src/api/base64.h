/* base64.h: RFC 4648 base64. */
#ifndef RAG_API_BASE64_H
#define RAG_API_BASE64_H

#include "base/buf.h"

/* Appends the padded encoding of n bytes. Returns out->err. */
int rag_base64(struct rag_buf *out, const void *p, size_t n);

#endif
