/* router.c: finds the row of the route table that a method and a path belong to. */
#include "api/routes.h"

#include <stdio.h>

const char *rag_route_prefix(unsigned at)
{
    return at == RAG_AT_SERVICE ? "/service" : at == RAG_AT_API ? "/api/v1" : "";
}

/* Compares path with a pattern that may hold one {param}; its value is left in *param. */
static bool match_path(const char *pattern, const char *path, struct rag_str *param)
{
    *param = (struct rag_str){0};
    while (*pattern && *pattern != '{') {
        if (*pattern++ != *path++)
            return false;
    }
    if (!*pattern)
        return !*path;
    *param = (struct rag_str){path, strcspn(path, "/")};
    pattern = strchr(pattern, '}') + 1;
    return param->n && !strcmp(pattern, path + param->n);
}

static bool match_mounted(const struct rag_route *route, unsigned at, const char *path, struct rag_str *param)
{
    const char *prefix = rag_route_prefix(at);
    size_t n = strlen(prefix);
    return (route->at & at) && !strncmp(path, prefix, n) && match_path(route->path, path + n, param);
}

static void add_allow(struct rag_match *m, const char *method)
{
    size_t n = strlen(m->allow);
    snprintf(m->allow + n, sizeof m->allow - n, "%s%s", n ? ", " : "", method);
}

void rag_router_match(const struct rag_route *routes, size_t n, const char *method, const char *path,
                      struct rag_arena *a, struct rag_match *out)
{
    *out = (struct rag_match){0};
    for (size_t i = 0; i < n; i++) {
        for (unsigned at = RAG_AT_SERVICE; at <= RAG_AT_ROOT; at <<= 1) {
            struct rag_str param;
            if (!match_mounted(&routes[i], at, path, &param))
                continue;
            add_allow(out, routes[i].method);
            if (out->route || strcmp(method, routes[i].method) != 0)
                continue;
            out->route = &routes[i];
            out->at = at;
            out->param = param.p ? rag_arena_strndup(a, param.p, param.n) : NULL;
        }
    }
}
