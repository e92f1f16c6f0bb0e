/* guard.h: which requests from other web pages are let in (cross-origin rules). */
#ifndef RAG_API_GUARD_H
#define RAG_API_GUARD_H

#include <stdbool.h>

/* What a browser says about where a request comes from; members NULL when absent. */
struct rag_guard_origin {
    const char *method;
    const char *origin;         /* Origin */
    const char *fetch_site;     /* Sec-Fetch-Site */
    const char *host;           /* Host */
    const char *forwarded_host; /* X-Forwarded-Host */
};

/* allowed: comma list of origins ("https://a.example,http://b.example:8080"), "*" = any, NULL = none. */
bool rag_guard_listed(const char *allowed, const char *origin);
/* False for a state-changing request that another site's page sent. Programs that are no browsers send
 * neither header and pass. */
bool rag_guard_ok(const struct rag_guard_origin *o, const char *allowed);

#endif
