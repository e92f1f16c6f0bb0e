/* openapi.h: the OpenAPI 3.1 document of a route table. */
#ifndef RAG_API_OPENAPI_H
#define RAG_API_OPENAPI_H

#include "api/routes.h"
#include "base/buf.h"

/* Returns out->err. */
int rag_openapi_write(const struct rag_route *routes, size_t n, struct rag_buf *out);

#endif
