/* err.h: the one list of error codes (code, text, HTTP status) and the message that travels with them. */
#ifndef RAG_BASE_ERR_H
#define RAG_BASE_ERR_H

/*      name         value  text                    HTTP */
#define RAG_ERR_MAP(XX)                                                                                      \
    XX(EINVAL, -1, "invalid argument", 400)                                                                  \
    XX(ESCHEMA, -2, "wrong type or missing field", 422)                                                      \
    XX(ENOTFOUND, -3, "not found", 404)                                                                      \
    XX(EEXIST, -4, "already exists", 409)                                                                    \
    XX(ENOMEM, -5, "out of memory", 503)                                                                     \
    XX(ETOOBIG, -6, "too large", 413)                                                                        \
    XX(EIO, -7, "input/output error", 500)                                                                   \
    XX(ENET, -8, "network error", 502)                                                                       \
    XX(EUPSTREAM, -9, "upstream service error", 502)                                                         \
    XX(ETIMEOUT, -10, "timed out", 504)                                                                      \
    XX(ECANCELED, -11, "canceled", 499)                                                                      \
    XX(EFORMAT, -12, "malformed data", 400)                                                                  \
    XX(EUNSUPPORTED, -13, "unsupported", 415)                                                                \
    XX(EAUTH, -14, "not authorized", 401)                                                                    \
    XX(EFORBIDDEN, -15, "forbidden", 403)                                                                    \
    XX(ENOTREADY, -16, "not ready", 503)                                                                     \
    XX(EMISMATCH, -17, "does not match", 409)                                                                \
    XX(EBUSY, -18, "busy", 503)                                                                              \
    XX(EINTERNAL, -19, "internal error", 500)

enum {
#define XX(name, value, text, http) RAG_##name = value,
    RAG_ERR_MAP(XX)
#undef XX
};

/* code 0 means "no error". msg is a whole sentence for the user: what is wrong, both values, what to do. */
struct rag_err {
    int code;
    char msg[512];
};

/* Fills err (NULL allowed) and returns code, so that a function can end with
 * `return rag_err_set(err, RAG_EINVAL, "expected %d dimensions, not %d", a, b);`. Text is cut at a UTF-8
 * boundary. */
int rag_err_set(struct rag_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__ /* clang-tidy sees one file at a time: tell it that the code comes back */
#define rag_err_set(err, code, ...) (rag_err_set(err, code, __VA_ARGS__), (code))
#endif
/* Puts "fmt: " in front of the message that is there. A caller may do so once. Returns err->code. */
int rag_err_prefix(struct rag_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *rag_err_text(int code);
int rag_err_http(int code);

#endif
