/* main.c: the table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help; /* NULL = not listed */
} commands[] = {
    {"serve", rag_cli_serve, "start the API (port 8001)"},
    {"ui", rag_cli_ui, "start the web page (port 8002)"},
    {"up", rag_cli_up, "start all on this machine: API, page and nginx (port 8000)"},
    {"load_data", rag_cli_load_data, "load files or a folder into the knowledge base"},
    {"load_model", rag_cli_load_model, "fetch the embedding model"},
    {"ask", rag_cli_ask, "ask one question and print the cited answer"},
    {"nginx_conf", rag_cli_nginx_conf, "print the configuration for nginx"},
    {"print_config", rag_cli_print_config, NULL},
};

static void print_help(FILE *to)
{
    fputs("pai_rag: documents in, cited answers out\n\nusage: pai_rag COMMAND [flags]\n\n", to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (commands[i].help)
            fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].help);
    fputs("\n  -V, --version   print the version\n  --help          this text\n\n"
          "`pai_rag COMMAND --help` lists the flags of a command. All settings: docs/config.md.\n",
          to);
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("pai_rag " RAG_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "pai_rag: there is no command %s. `pai_rag --help` lists them.\n", argv[1]);
    return 2;
}
