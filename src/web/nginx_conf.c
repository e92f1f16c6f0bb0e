/* nginx_conf.c: fills the nginx template: ports, upstreams, run folder, and the API's paths. */
#include <ctype.h>

#include "config/proxy_paths.h"
#include "web/nginx_template.h"
#include "web/web.h"

/* "service|api|openapi\.json": the API's paths as the inside of a regular expression. */
static void add_api_paths(struct rag_buf *out)
{
#define XX(prefix) prefix,
    static const char *const prefixes[] = {RAG_PROXY_PATHS(XX)};
#undef XX
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        rag_buf_adds(out, i ? "|" : "");
        for (const char *c = prefixes[i] + 1; *c; c++) {
            if (!isalnum((unsigned char)*c) && *c != '_' && *c != '/')
                rag_buf_addc(out, '\\');
            rag_buf_addc(out, *c);
        }
    }
}

static int add_value(struct rag_buf *out, struct rag_str name, const struct rag_nginx_opts *opts,
                     struct rag_err *err)
{
    if (rag_str_eqz(name, "LISTEN"))
        rag_buf_printf(out, "%d", opts->listen);
    else if (rag_str_eqz(name, "API"))
        rag_buf_adds(out, opts->api);
    else if (rag_str_eqz(name, "UI"))
        rag_buf_adds(out, opts->ui);
    else if (rag_str_eqz(name, "RUN_DIR"))
        rag_buf_adds(out, opts->run_dir);
    else if (rag_str_eqz(name, "API_PATHS"))
        add_api_paths(out);
    else
        return rag_err_set(err, RAG_EINTERNAL, "the nginx template has an unknown placeholder @%.*s@",
                           RAG_STR_ARG(name));
    return 0;
}

/* host:port, so that nothing else can get into the configuration. */
static int check_upstream(const char *what, const char *address, struct rag_err *err)
{
    size_t n = strspn(address, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");
    if (n == 0 || address[n])
        return rag_err_set(err, RAG_EINVAL, "\"%s\" is no address of the %s: expected host:port", address,
                           what);
    return 0;
}

static int check(const struct rag_nginx_opts *opts, struct rag_err *err)
{
    if (opts->listen < 1 || opts->listen > 65535)
        return rag_err_set(err, RAG_EINVAL, "%d is no port for nginx: expected 1 to 65535", opts->listen);
    if (opts->run_dir[0] != '/' || strpbrk(opts->run_dir, "\"\\${};\n"))
        return rag_err_set(err, RAG_EINVAL,
                           "nginx cannot work in %s: expected an absolute path without any of \" \\ $ { } ;",
                           opts->run_dir);
    int rc = check_upstream("API", opts->api, err);
    return rc ? rc : check_upstream("page", opts->ui, err);
}

/* Placeholders are @NAME@ in capitals; the template needs no other @. */
int rag_nginx_conf(const struct rag_nginx_opts *opts, struct rag_buf *out, struct rag_err *err)
{
    int rc = check(opts, err);
    const char *rest = rag_nginx_template;
    while (rc == 0) {
        size_t plain = strcspn(rest, "@");
        rag_buf_add(out, rest, plain);
        rest += plain;
        if (!*rest)
            break;
        size_t name = strspn(rest + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (name && rest[1 + name] == '@') {
            rc = add_value(out, (struct rag_str){rest + 1, name}, opts, err);
            rest += name + 2;
        } else {
            rag_buf_addc(out, *rest++);
        }
    }
    if (rc == 0 && out->err)
        rc = rag_err_set(err, out->err, "the nginx configuration does not fit into %zu bytes", out->max);
    return rc;
}
