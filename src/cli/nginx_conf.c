/* nginx_conf.c: `pai_rag nginx_conf`: prints the configuration for nginx in front of the API and the page. */
#include "cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/args.h"
#include "web/web.h"

static const struct rag_cli_flag flags[] = {
    {'p', "port", "PORT", NULL, "8000", "port that nginx listens on"},
    {'a', "api", "HOST:PORT", NULL, "127.0.0.1:8001", "the API"},
    {'u', "ui", "HOST:PORT", NULL, "127.0.0.1:8002", "the web page's server"},
    {'r', "run-dir", "FOLDER", NULL, "./localdata/run", "for nginx's pid, logs and temporary files"},
};

static const struct rag_cli_command command = {.name = "nginx_conf",
                                               .summary = "print the configuration for nginx",
                                               .flags = flags,
                                               .n_flags = sizeof flags / sizeof flags[0]};

int rag_cli_nginx_conf(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct rag_buf conf;
    char run_dir[PATH_MAX], cwd[PATH_MAX];
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    int port = rag_cli_int(&args, "port", 1, 65535);
    if (port < 0)
        return 2;
    const char *dir = rag_cli_value(&args, "run-dir");
    /* The folder need not exist here: the text may be meant for another machine. */
    if (*dir == '/' || !getcwd(cwd, sizeof cwd))
        snprintf(run_dir, sizeof run_dir, "%s", dir);
    else if ((size_t)snprintf(run_dir, sizeof run_dir, "%s/%s", cwd, strncmp(dir, "./", 2) ? dir : dir + 2) >=
             sizeof run_dir)
        return 2;
    struct rag_nginx_opts opts = {.listen = port,
                                  .api = rag_cli_value(&args, "api"),
                                  .ui = rag_cli_value(&args, "ui"),
                                  .run_dir = run_dir};
    rag_buf_init(&conf, RAG_LIMIT_CONFIG_FILE);
    if (rag_nginx_conf(&opts, &conf, &err))
        status = rag_cli_fail(command.name, &err);
    else
        fwrite(conf.p, 1, conf.n, stdout);
    rag_buf_free(&conf);
    return status;
}
