/* docs.c: openapi.json and the page that shows it. */
#include "api/handlers.h"

#include "api/docs_page.h"
#include "api/openapi.h"
#include "base/limits.h"

void rag_handle_openapi(struct rag_call *c)
{
    rag_buf_free(&c->out);
    rag_buf_init(&c->out, RAG_MIB);
    rag_openapi_write(rag_routes, rag_routes_n, &c->out);
    rag_call_reply(c, 200);
}

void rag_handle_docs(struct rag_call *c)
{
    rag_http_set_header(
        c->http, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
    rag_http_set_header(c->http, "Referrer-Policy", "no-referrer");
    rag_call_send_static(c, 200, "text/html; charset=utf-8", rag_str_of(rag_docs_html));
}

void rag_handle_docs_script(struct rag_call *c)
{
    rag_call_send_static(c, 200, "text/javascript; charset=utf-8", rag_str_of(rag_docs_js));
}

void rag_handle_docs_style(struct rag_call *c)
{
    rag_call_send_static(c, 200, "text/css; charset=utf-8", rag_str_of(rag_docs_css));
}

/* Relative, for gateways that add a path prefix. */
void rag_handle_root(struct rag_call *c)
{
    rag_http_set_header(c->http, "Location", "./docs");
    rag_call_send(c, 307, "text/plain; charset=utf-8", RAG_STR("./docs\n"));
}
