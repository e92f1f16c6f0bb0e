/* absent.c: routes of PAI-RAG that this version does not have; nothing is pretended. */
#include "api/handlers.h"

void rag_handle_absent(struct rag_call *c)
{
    const char *text = rag_arena_printf(c->arena, "%s %s is not available in this version.",
                                        rag_http_method(c->http), rag_http_path(c->http));
    rag_call_error(c, 501, text ? text : "Not available in this version.");
}
