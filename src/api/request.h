/* request.h: reads and checks what a request brings: body, form, query parameters. */
#ifndef RAG_API_REQUEST_H
#define RAG_API_REQUEST_H

#include "api/call.h"

/* Fills call->body and call->query as the route wants them. False: the request is wrong and was answered. */
bool rag_request_read(struct rag_call *c);

#endif
