/* form.h: form fields as JSON members. */
#ifndef RAG_API_FORM_H
#define RAG_API_FORM_H

#include <jansson.h>

#include "net/http_server.h"

/* Adds plain fields of a multipart or urlencoded body to obj as strings (the last of a name wins); files are
 * left out. 0 or RAG_ENOMEM. */
int rag_form_fields(struct rag_http_request *r, json_t *obj);
/* The urlencoded part of it: "a=1&b=%20". Members that are not UTF-8 are left out. */
int rag_form_parse(struct rag_str text, json_t *obj);

#endif
