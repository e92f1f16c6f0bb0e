/* err.c: texts and HTTP statuses of the error codes; formats the message where a fault is known. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut must not leave half a UTF-8 sequence: the text ends up in JSON. */
static void trim_utf8(char *s)
{
    size_t n = strlen(s), back = 0;
    while (back < 4 && back < n && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back < n) {
        unsigned char lead = (unsigned char)s[n - 1 - back];
        size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
        if (need > back)
            s[n - 1 - back] = '\0';
    }
}

#undef rag_err_set
int rag_err_set(struct rag_err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    /* The arguments may point into err->msg itself. */
    char text[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    trim_utf8(text);
    memcpy(err->msg, text, strlen(text) + 1);
    err->code = code;
    return code;
}

int rag_err_prefix(struct rag_err *err, const char *fmt, ...)
{
    if (!err)
        return RAG_EINTERNAL;
    char prefix[sizeof err->msg], text[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    size_t room = sizeof text - 1, n = strnlen(prefix, room - 2), rest = strnlen(err->msg, room - 2 - n);
    memcpy(text, prefix, n);
    memcpy(text + n, ": ", 2);
    memcpy(text + n + 2, err->msg, rest);
    text[n + 2 + rest] = '\0';
    trim_utf8(text);
    memcpy(err->msg, text, strlen(text) + 1);
    return err->code;
}

const char *rag_err_text(int code)
{
    switch (code) {
#define XX(name, value, text, http)                                                                          \
    case value:                                                                                              \
        return text;
        RAG_ERR_MAP(XX)
#undef XX
    }
    return code == 0 ? "ok" : "unknown error";
}

int rag_err_http(int code)
{
    switch (code) {
#define XX(name, value, text, http)                                                                          \
    case value:                                                                                              \
        return http;
        RAG_ERR_MAP(XX)
#undef XX
    }
    return code == 0 ? 200 : 500;
}
