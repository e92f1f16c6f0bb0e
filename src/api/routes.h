/* routes.h: the one table of routes; the router, the documentation and the tests all read it. */
#ifndef RAG_API_ROUTES_H
#define RAG_API_ROUTES_H

#include <stdbool.h>

#include "api/schema.h"
#include "base/arena.h"

struct rag_call;

/* Where a route is mounted. */
enum { RAG_AT_SERVICE = 1, RAG_AT_API = 2, RAG_AT_ROOT = 4 };

/* The shape of a route's errors. */
enum rag_style {
    RAG_STYLE_COMPAT, /* user errors 400 {"message"}, wrong types 422 {"detail"} */
    RAG_STYLE_PLAIN,  /* {"message"} with the fitting status */
    RAG_STYLE_OPENAI, /* {"error": {…}} */
};

enum {
    RAG_ROUTE_OPEN = 1,   /* needs no API key */
    RAG_ROUTE_UPLOAD = 2, /* multipart with files */
    RAG_ROUTE_ABSENT = 4, /* of PAI-RAG, not built yet: 501 */
    RAG_ROUTE_HIDDEN = 8, /* a page, not part of the documented API */
};

struct rag_route {
    const char *method;
    const char *path; /* below the prefix; at most one {param}, a whole segment */
    unsigned at;
    enum rag_style style;
    unsigned flags;
    void (*handle)(struct rag_call *c);
    const char *summary;
    const struct rag_schema *query;  /* query parameters, or NULL */
    const struct rag_schema *body;   /* request body, or NULL */
    const struct rag_schema *reply;  /* of status 200, or NULL */
    const struct rag_schema *stream; /* messages of a streamed reply, or NULL */
};

extern const struct rag_route rag_routes[];
extern const size_t rag_routes_n;

/* Text of one prefix bit: "/service", "/api/v1" or "". */
const char *rag_route_prefix(unsigned at);

struct rag_match {
    const struct rag_route *route; /* NULL: no route for this method, or none at all */
    unsigned at;                   /* the prefix it was reached by */
    const char *param;             /* value of {…}, or NULL */
    char allow[64];                /* methods of this path, "" when the path is unknown */
};

/* path is decoded. */
void rag_router_match(const struct rag_route *routes, size_t n, const char *method, const char *path,
                      struct rag_arena *a, struct rag_match *out);

#endif
