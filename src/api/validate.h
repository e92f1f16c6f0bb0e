/* validate.h: checks JSON against a schema; faults come out as FastAPI's `detail`. */
#ifndef RAG_API_VALIDATE_H
#define RAG_API_VALIDATE_H

#include <jansson.h>

#include "api/schema.h"
#include "text/json.h"

struct rag_faults {
    struct rag_buf text; /* {"detail":[…]} once finished */
    struct rag_json json;
    int n;
    char first_where[128]; /* "messages.0.role" */
    char first_msg[256];
};

void rag_faults_init(struct rag_faults *f);
void rag_faults_free(struct rag_faults *f);
/* Closes the JSON text. */
struct rag_str rag_faults_finish(struct rag_faults *f);

/* Malformed JSON: byte is where the parser stopped. */
void rag_faults_add_malformed(struct rag_faults *f, int byte, const char *why);
/* One fault of the whole body; input may be NULL. */
void rag_faults_add_body(struct rag_faults *f, const char *type, const char *msg, const json_t *input);

/* root: "body" or "query". Unknown members are ignored. Returns how many faults were added. */
int rag_validate(const struct rag_schema *schema, const json_t *value, const char *root,
                 struct rag_faults *f);

#endif
