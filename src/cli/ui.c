/* ui.c: `pai_rag ui`: the web page's server, until SIGTERM or SIGINT. */
#include "cli/cli.h"

#include "base/fs.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/signals.h"
#include "web/web.h"

static const struct rag_cli_flag flags[] = {
    {'h', "host", "ADDRESS", "ui.host", NULL, NULL},
    {'p', "port", "PORT", "ui.port", NULL, NULL},
    {'c', "rag-url", "URL", "ui.rag_url", NULL, NULL},
};

static const struct rag_cli_command command = {
    .name = "ui", .summary = "start the web page", .flags = flags, .n_flags = sizeof flags / sizeof flags[0]};

int rag_cli_ui(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct rag_config *config = NULL;
    struct rag_arena arena = {0};
    struct rag_web *web = NULL;
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    rag_signals_block();
    if ((status = rag_cli_config(&args, &config)))
        return status;
    struct rag_web_opts opts = {
        .host = rag_config_str(config, &arena, "ui.host"),
        .port = (int)rag_config_int(config, "ui.port"),
        .listen_fd = -1,
        .api_url = rag_config_str(config, &arena, "ui.rag_url"),
        /* In its own container the page has no state, and its folder may be read-only. */
        .tmp_dir = rag_fs_mkdirs("./localdata/run/ui", NULL) == 0 ? "./localdata/run/ui" : "/tmp",
    };
    size_t n = strlen(opts.api_url);
    if (n && opts.api_url[n - 1] != '/')
        opts.api_url = rag_arena_printf(&arena, "%s/", opts.api_url);
    if (rag_web_open(&opts, &web, &err)) {
        status = rag_cli_fail(command.name, &err);
    } else {
        rag_info("ui", "page on http://%s:%d/, API at %s", opts.host, rag_web_port(web), opts.api_url);
        rag_signals_wait(-1);
        rag_info("ui", "stopping");
    }
    rag_web_close(web, 2000);
    rag_config_close(config);
    rag_arena_free(&arena);
    return status;
}
