/* serve.c: `pai_rag serve`: the API with the engine behind it, until SIGTERM or SIGINT. */
#include "cli/cli.h"

#include <stdio.h>

#include "api/api.h"
#include "base/fs.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/signals.h"

static const struct rag_cli_flag flags[] = {
    {'h', "host", "ADDRESS", "server.host", NULL, NULL},
    {'p', "port", "PORT", "server.port", NULL, NULL},
    {'c', "config-file", "FILE", NULL, NULL,
     "settings; default ./settings.toml, else /etc/pai_rag/settings.toml"},
    {'w', "workers", "N", "server.workers", NULL, NULL},
    {'e', "enable-example", "BOOL", NULL, NULL, "accepted as in PAI-RAG, no effect"},
    {'s', "skip-download-models", NULL, NULL, NULL, "accepted as in PAI-RAG: serve never downloads"},
};

static const struct rag_cli_command command = {
    .name = "serve", .summary = "start the API", .flags = flags, .n_flags = sizeof flags / sizeof flags[0]};

/* Everything that runs, so that one place takes it down. */
struct service {
    struct rag_config *config;
    struct rag_engine *engine;
    struct rag_api *api;
    struct rag_arena arena;
};

static int start(struct service *s, struct rag_err *err)
{
    struct rag_engine_opts opts;
    int rc = rag_config_engine_opts(s->config, &s->arena, &opts, err);
    if (rc)
        return rc;
    const char *uploads = rag_arena_printf(&s->arena, "%s/upload_tmp", opts.data_dir);
    if ((rc = rag_engine_open(&opts, &s->engine, err)) || (rc = rag_fs_mkdirs(uploads, err)))
        return rc;
    struct rag_api_opts api = {
        .host = rag_config_str(s->config, &s->arena, "server.host"),
        .port = (int)rag_config_int(s->config, "server.port"),
        .listen_fd = -1,
        .upload_dir = uploads,
        .api_key = rag_config_str(s->config, &s->arena, "server.api_key"),
        .cors_origins = rag_config_str(s->config, &s->arena, "server.cors_origins"),
    };
    if ((rc = rag_api_open(s->engine, s->config, &api, &s->api, err)))
        return rc;
    rag_info("serve", "API on http://%s:%d/", api.host, rag_api_port(s->api));
    if (opts.llm.source == RAG_LLM_NONE)
        rag_info("serve", "no LLM is configured: answers are made of sentences of the documents. Set "
                          "DASHSCOPE_API_KEY or rag.llm in settings.toml.");
    return 0;
}

/* Until asked to stop. A model that cannot be loaded ends the service: it could answer nothing. */
static int run(struct service *s, struct rag_err *err)
{
    int rc;
    while ((rc = rag_engine_ready(s->engine, err)) == RAG_ENOTREADY)
        if (rag_signals_wait(20))
            return 0;
    if (rc)
        return rc;
    rag_info("serve", "ready");
    rag_signals_wait(-1);
    return 0;
}

int rag_cli_serve(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct service s = {0};
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    rag_signals_block();
    if ((status = rag_cli_config(&args, &s.config)))
        return status;
    if (start(&s, &err) || run(&s, &err))
        status = rag_cli_fail(command.name, &err);
    else
        rag_info("serve", "stopping");
    rag_api_close(s.api, status ? 0 : (int)rag_config_int(s.config, "server.drain_seconds") * 1000);
    rag_engine_close(s.engine);
    rag_config_close(s.config);
    rag_arena_free(&s.arena);
    return status;
}
