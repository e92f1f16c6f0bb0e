/* print_config.c: `pai_rag print_config template|markdown`: writes docs/settings.example.toml and
 * docs/config.md. */
#include "cli/cli.h"

#include <stdio.h>

#include "base/limits.h"
#include "cli/args.h"

static const struct rag_cli_command command = {.name = "print_config",
                                               .summary =
                                                   "print all settings as settings.toml or as documentation",
                                               .operand = "template|markdown"};

int rag_cli_print_config(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_buf text;
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    bool page = args.operand && strcmp(args.operand, "markdown") == 0;
    if (args.operand && !page && strcmp(args.operand, "template") != 0) {
        fprintf(stderr, "pai_rag print_config: expected template or markdown, not %s\n", args.operand);
        return 2;
    }
    rag_buf_init(&text, RAG_LIMIT_CONFIG_FILE);
    status = (page ? rag_config_markdown : rag_config_template)(&text) != 0;
    if (!status)
        status = fwrite(text.p, 1, text.n, stdout) != text.n;
    rag_buf_free(&text);
    return status;
}
