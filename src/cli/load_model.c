/* load_model.c: `pai_rag load_model`: fetches the models of the manifest into the model folder. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/args.h"
#include "cli/models.h"

static const struct rag_cli_flag flags[] = {
    {'m', "model-name", "NAME", NULL, NULL, "one model; default all"},
    {'c', "config-file", "FILE", NULL, NULL,
     "settings; default ./settings.toml, else /etc/pai_rag/settings.toml"},
};

static const struct rag_cli_command command = {.name = "load_model",
                                               .summary = "fetch models into the model folder",
                                               .flags = flags,
                                               .n_flags = sizeof flags / sizeof flags[0]};

int rag_cli_load_model(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct rag_config *config = NULL;
    struct rag_arena arena = {0};
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    if ((status = rag_cli_config(&args, &config)))
        return status;
    const char *dir = rag_config_model_dir(rag_config_str(config, &arena, "server.model_dir"));
    if (rag_models_fetch(dir, rag_cli_value(&args, "model-name"), &err))
        status = rag_cli_fail(command.name, &err);
    else
        fprintf(stderr, "models are in %s\n", dir);
    rag_config_close(config);
    rag_arena_free(&arena);
    return status;
}
