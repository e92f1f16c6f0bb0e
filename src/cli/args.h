/* args.h: command-line flags from one table per subcommand: parsing, --help, and the settings they stand for.
 */
#ifndef RAG_CLI_ARGS_H
#define RAG_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { RAG_CLI_MAX_FLAGS = 16 };

struct rag_cli_flag {
    char letter;      /* 0 = none */
    const char *name; /* long name; '-' and '_' are the same */
    const char *arg;  /* "PORT"; NULL = a switch */
    const char *key;  /* option of the settings that it sets: default and help come from there; or NULL */
    const char *dflt; /* shown, and the value when not given; NULL = none */
    const char *help;
};

struct rag_cli_command {
    const char *name, *summary;
    const char *operand; /* "QUESTION", or NULL when none is taken */
    const struct rag_cli_flag *flags;
    size_t n_flags;
};

struct rag_cli_args {
    const struct rag_cli_command *command;
    const char *value[RAG_CLI_MAX_FLAGS]; /* NULL = not given; "true" for switches */
    const char *operand;                  /* operands joined by nothing: exactly one is taken */
};

/* False: nothing more to do, exit with *status (0 after --help, 2 after a wrong flag). */
bool rag_cli_parse(const struct rag_cli_command *command, int argc, char **argv, struct rag_cli_args *out,
                   int *status);
/* Value of a flag by long name, its default when not given; NULL when it has none. */
const char *rag_cli_value(const struct rag_cli_args *args, const char *name);
/* Whole number within the range, or -1 after a sentence on stderr. */
int rag_cli_int(const struct rag_cli_args *args, const char *name, int min, int max);
/* Opens the settings: file from the flag config-file, environment, and the flags with a key. 0, or the exit
 * status after the error was printed. */
int rag_cli_config(const struct rag_cli_args *args, struct rag_config **out);
/* Prints "pai_rag serve: <message>" and returns 1. */
int rag_cli_fail(const char *command, const struct rag_err *err);

#endif
