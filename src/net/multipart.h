/* multipart.h: incremental parser of multipart/form-data (RFC 7578). libmicrohttpd's own moves its whole
 * buffer for every skipped byte, which a hostile preamble or header turns into minutes of CPU. */
#ifndef RAG_NET_MULTIPART_H
#define RAG_NET_MULTIPART_H

#include "base/buf.h"
#include "base/err.h"

enum { RAG_MULTIPART_BOUNDARY = 70 }; /* RFC 2046, section 5.1.1 */

enum rag_multipart_state {
    RAG_MULTIPART_PREAMBLE,
    RAG_MULTIPART_BOUNDARY_TAIL,
    RAG_MULTIPART_HEADERS,
    RAG_MULTIPART_DATA,
    RAG_MULTIPART_EPILOGUE,
};

struct rag_multipart {
    char delimiter[RAG_MULTIPART_BOUNDARY + 5]; /* CR LF - - boundary NUL */
    size_t delimiter_n;
    size_t matched; /* bytes of the delimiter that the input so far ends with */
    enum rag_multipart_state state;
    struct rag_buf headers; /* of the current part; or what follows a boundary on its line */

    /* Non-zero from either ends the parse and is returned. file_name.p is NULL for a plain field. */
    int (*on_part)(void *ud, struct rag_str name, struct rag_str file_name, struct rag_err *err);
    int (*on_data)(void *ud, struct rag_str data, struct rag_err *err);
    void *ud;
};

/* content_type: the header's value. RAG_EFORMAT without a usable boundary. The caller sets the callbacks. */
int rag_multipart_init(struct rag_multipart *m, const char *content_type, struct rag_err *err);
void rag_multipart_free(struct rag_multipart *m);
/* Feeds any split of the body. RAG_EFORMAT, or what a callback returned. */
int rag_multipart_feed(struct rag_multipart *m, struct rag_str data, struct rag_err *err);
/* RAG_EFORMAT when the final boundary is missing. */
int rag_multipart_finish(const struct rag_multipart *m, struct rag_err *err);

#endif
