/* proxy_paths.h: which URL prefixes belong to the API. nginx's configuration and the UI server's proxy are
 * both made from this list; everything else belongs to the page. */
#ifndef RAG_CONFIG_PROXY_PATHS_H
#define RAG_CONFIG_PROXY_PATHS_H

#define RAG_PROXY_PATHS(XX)                                                                                  \
    XX("/service")                                                                                           \
    XX("/api")                                                                                               \
    XX("/v1")                                                                                                \
    XX("/rerank")                                                                                            \
    XX("/docs")                                                                                              \
    XX("/redoc")                                                                                             \
    XX("/openapi.json")

#endif
