/* view.c: the value in force of each option, from the layers, the defaults by source and the key variables.
 */
#include "config/layers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/log.h"

size_t rag_option_row(const char *key)
{
    int row = rag_option_find(rag_str_of(key), NULL);
    if (row < 0) {
        rag_error("config", "bug: no option is called %s", key);
        abort();
    }
    return (size_t)row;
}

void rag_config_host(const char *url, char *buf, size_t cap)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme ? scheme + 3 : url;
    size_t end = (size_t)(host - url) + strcspn(host, "/?#");
    /* A user part would hide the host: "http://good.com@evil.com". It stays in, so that it counts as a
     * change. */
    snprintf(buf, cap, "%.*s", (int)end, url);
    for (char *p = buf; *p; p++)
        *p = (char)tolower((unsigned char)*p);
}

static bool is_empty(const json_t *v)
{
    return (json_is_string(v) && !json_string_length(v)) || (json_is_array(v) && !json_array_size(v));
}

/* Topmost value, or NULL when there is none; null and, for options without default, "" and [] count as none.
 */
static json_t *stored(const struct rag_config_view *view, size_t i, enum rag_layer *from)
{
    for (int layer = RAG_LAYERS - 1; layer >= 0; layer--) {
        json_t *v = view->layer[layer].v ? view->layer[layer].v[i] : NULL;
        if (!v)
            continue;
        *from = (enum rag_layer)layer;
        bool none = json_is_null(v) || (!rag_options[i].dflt && is_empty(v));
        return none ? NULL : v;
    }
    *from = RAG_LAYER_DEFAULT;
    return NULL;
}

static json_t *by_source(const struct rag_config_view *view, size_t i, const char *list)
{
    int source = list ? rag_option_source(i) : -1;
    if (source < 0)
        return NULL;
    struct rag_str text = rag_option_pick(list, rag_str_of(rag_view_text(view, (size_t)source)));
    return text.n ? json_object_getn(view->texts, text.p, text.n) : NULL;
}

/* A secret that the operator fixed goes to the host that the operator chose, never to one set by PATCH:
 * otherwise whoever may call PATCH could have it sent to himself. */
static bool may_send(const struct rag_config_view *view, size_t i)
{
    if (!rag_options[i].host)
        return true;
    size_t row = rag_option_row(rag_options[i].host);
    char now[512], chosen[512];
    struct rag_config_view operator_only = *view;
    operator_only.layer[RAG_LAYER_PATCH].v = NULL;
    rag_config_host(rag_view_text(view, row), now, sizeof now);
    rag_config_host(rag_view_text(&operator_only, row), chosen, sizeof chosen);
    return strcmp(now, chosen) == 0;
}

/* DASHSCOPE_API_KEY belongs to its source, so that source may be chosen by PATCH; the address may not. */
static json_t *general_key(const struct rag_config_view *view, size_t i)
{
    enum rag_layer from;
    json_t *key = by_source(view, i, rag_options[i].by_source_env);
    if (key && stored(view, rag_option_row(rag_options[i].host), &from) && from == RAG_LAYER_PATCH)
        return NULL;
    return key;
}

json_t *rag_view_value(const struct rag_config_view *view, size_t i)
{
    enum rag_layer from;
    const struct rag_option *o = &rag_options[i];
    json_t *v = stored(view, i, &from);
    if (v && o->type == RAG_OPT_SECRET && from == RAG_LAYER_FIXED && !may_send(view, i))
        return json_null();
    if (!v)
        v = o->type == RAG_OPT_SECRET ? general_key(view, i) : by_source(view, i, o->by_source);
    return v ? v : json_null();
}

const char *rag_view_text(const struct rag_config_view *view, size_t i)
{
    const char *text = json_string_value(rag_view_value(view, i));
    return text ? text : "";
}

void rag_config_mask(const char *secret, char *buf, size_t cap)
{
    size_t n = strlen(secret);
    snprintf(buf, cap, "****%s", n >= 16 ? secret + n - 4 : "");
}
