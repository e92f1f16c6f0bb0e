/* guard.c: keeps other sites' pages from changing state through a visitor's browser.
 *
 * Sec-Fetch-Site cannot be set by a page and is believed first. Browsers leave it out on plain http, and old
 * ones always: then Origin must name the host that the request was sent to. X-Forwarded-Host may stand in for
 * Host because a page of another origin cannot add it without a preflight, which is refused. */
#include "api/guard.h"

#include "base/str.h"

#include <strings.h>

static bool equal_nocase(struct rag_str a, struct rag_str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

bool rag_guard_listed(const char *allowed, const char *origin)
{
    struct rag_str want = rag_str_of(origin);
    while (allowed && want.n && *allowed) {
        size_t n = strcspn(allowed, ",");
        struct rag_str one = rag_str_trim((struct rag_str){allowed, n});
        if (rag_str_eqz(one, "*") || equal_nocase(one, want))
            return true;
        allowed += n + (allowed[n] == ',');
    }
    return false;
}

/* Without the port that the scheme implies. */
static struct rag_str strip_port(struct rag_str host, bool https)
{
    struct rag_str port = https ? RAG_STR(":443") : RAG_STR(":80");
    if (host.n > port.n && !memcmp(host.p + host.n - port.n, port.p, port.n))
        host.n -= port.n;
    return host;
}

/* Several proxies make a comma list of which the first is what the browser asked for. */
static struct rag_str first_of_list(const char *list)
{
    return rag_str_trim((struct rag_str){list, strcspn(list, ",")});
}

static bool names_host(const char *origin, const char *host)
{
    bool https = !strncasecmp(origin, "https://", 8);
    if (!https && strncasecmp(origin, "http://", 7) != 0)
        return false; /* "null", extensions, other schemes */
    struct rag_str from = rag_str_of(origin + (https ? 8 : 7));
    return host && equal_nocase(strip_port(from, https), strip_port(first_of_list(host), https));
}

bool rag_guard_ok(const struct rag_guard_origin *o, const char *allowed)
{
    if (!strcmp(o->method, "GET") || !strcmp(o->method, "OPTIONS"))
        return true;
    if (o->origin && rag_guard_listed(allowed, o->origin))
        return true;
    if (o->fetch_site)
        return !strcasecmp(o->fetch_site, "same-origin") || !strcasecmp(o->fetch_site, "none");
    if (!o->origin)
        return true;
    return names_host(o->origin, o->host) || names_host(o->origin, o->forwarded_host);
}
