/* assets.c: serves the page from memory: hashed files for ever, index.html checked each time. */
#include "web/assets.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define CONTENT_SECURITY_POLICY                                                                              \
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "                  \
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
#define NOT_FOUND                                                                                            \
    "<!doctype html><meta charset=\"utf-8\"><title>Not found</title>"                                        \
    "<p>There is nothing at this address. The page is at the root of the service.</p>\n"

const struct rag_web_asset *rag_web_find_asset(const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    for (size_t i = 0; i < rag_web_n_assets; i++)
        if (strcmp(rag_web_assets[i].path, path) == 0)
            return &rag_web_assets[i];
    return NULL;
}

/* Cuts the next element off a comma-separated header value. */
static bool next_element(const char **list, struct rag_str *element)
{
    if (!*list || !**list)
        return false;
    size_t n = strcspn(*list, ",");
    *element = rag_str_trim((struct rag_str){*list, n});
    *list += n + ((*list)[n] == ',');
    return true;
}

/* ";q=0" and ";q=0.000" forbid, any other weight allows. */
static bool allowed_by_weight(struct rag_str parameters)
{
    const char *q = memmem(parameters.p, parameters.n, "q=", 2);
    return !q || strtod(q + 2, NULL) > 0;
}

bool rag_web_accepts_gzip(const char *accept_encoding)
{
    struct rag_str element;
    while (next_element(&accept_encoding, &element)) {
        const char *semicolon = element.n ? memchr(element.p, ';', element.n) : NULL;
        size_t n = semicolon ? (size_t)(semicolon - element.p) : element.n;
        struct rag_str name = rag_str_trim((struct rag_str){element.p, n});
        if (name.n == 4 && strncasecmp(name.p, "gzip", 4) == 0)
            return allowed_by_weight((struct rag_str){element.p + n, element.n - n});
    }
    return false;
}

bool rag_web_etag_matches(const char *if_none_match, const char *etag)
{
    struct rag_str element;
    while (next_element(&if_none_match, &element)) {
        if (rag_str_eqz(element, "*"))
            return true;
        if (element.n > 2 && memcmp(element.p, "W/", 2) == 0)
            element.p += 2, element.n -= 2;
        if (rag_str_eqz(element, etag))
            return true;
    }
    return false;
}

void rag_web_set_security_headers(struct rag_http_request *r)
{
    rag_http_set_header(r, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
    rag_http_set_header(r, "X-Content-Type-Options", "nosniff");
    rag_http_set_header(r, "Referrer-Policy", "no-referrer");
}

void rag_web_serve_page(struct rag_http_request *r)
{
    const char *method = rag_http_method(r), *path = rag_http_path(r);
    rag_web_set_security_headers(r);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        rag_http_set_header(r, "Allow", "GET, HEAD");
        rag_http_reply(r, 405, "text/plain; charset=utf-8", RAG_STR("Only GET and HEAD.\n"));
        return;
    }
    const struct rag_web_asset *asset = rag_web_find_asset(path);
    if (!asset) {
        rag_http_set_header(r, "Cache-Control", "no-cache");
        rag_http_reply_static(r, 404, "text/html; charset=utf-8", RAG_STR(NOT_FOUND));
        return;
    }
    /* vite puts a hash of the content into the names under assets/; the same name never changes. */
    bool hashed = strncmp(asset->path, "/assets/", 8) == 0;
    rag_http_set_header(r, "Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
    rag_http_set_header(r, "Vary", "Accept-Encoding");
    /* Weak, because one tag stands for both encodings. */
    rag_http_set_header(r, "ETag", rag_arena_printf(rag_http_arena(r), "W/%s", asset->etag));
    if (rag_web_etag_matches(rag_http_header(r, "If-None-Match"), asset->etag)) {
        rag_http_reply_static(r, 304, asset->type, (struct rag_str){"", 0});
    } else if (asset->gzip.n && rag_web_accepts_gzip(rag_http_header(r, "Accept-Encoding"))) {
        rag_http_set_header(r, "Content-Encoding", "gzip");
        rag_http_reply_static(r, 200, asset->type, asset->gzip);
    } else {
        rag_http_reply_static(r, 200, asset->type, asset->plain);
    }
}
