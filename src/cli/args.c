/* args.c: parses flags by table, prints --help. */
#include "cli/args.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/options.h"

extern char **environ;

static bool same_name(const char *typed, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!name[i] || (typed[i] == '_' ? '-' : typed[i]) != (name[i] == '_' ? '-' : name[i]))
            return false;
    return name[n] == '\0';
}

static const struct rag_option *option_of(const struct rag_cli_flag *f)
{
    int row = f->key ? rag_option_find(rag_str_of(f->key), NULL) : -1;
    return row < 0 ? NULL : &rag_options[row];
}

static void print_help(const struct rag_cli_command *c)
{
    printf("pai_rag %s: %s\n\nusage: pai_rag %s [flags]%s%s\n\n", c->name, c->summary, c->name,
           c->operand ? " " : "", c->operand ? c->operand : "");
    for (size_t i = 0; i < c->n_flags; i++) {
        const struct rag_cli_flag *f = &c->flags[i];
        const struct rag_option *o = option_of(f);
        char left[64], letter[8] = "    ";
        if (f->letter)
            snprintf(letter, sizeof letter, "-%c, ", f->letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, f->name, f->arg ? f->arg : "");
        const char *dflt = f->dflt ? f->dflt : o ? o->dflt : NULL;
        printf("  %-32s %s", left, f->help ? f->help : o && o->help ? o->help : "");
        if (dflt && *dflt)
            printf(" (default %s)", dflt);
        putchar('\n');
    }
    printf("      %-28s this text\n", "--help");
}

static bool refuse(const struct rag_cli_command *c, int *status, const char *what, const char *typed)
{
    fprintf(stderr, "pai_rag %s: %s %s. `pai_rag %s --help` lists the flags.\n", c->name, what, typed,
            c->name);
    *status = 2;
    return false;
}

static int find_flag(const struct rag_cli_command *c, const char *arg, const char **attached)
{
    bool is_long = arg[1] == '-';
    size_t n = is_long ? strcspn(arg + 2, "=") : 1;
    *attached = is_long ? (arg[2 + n] ? arg + 3 + n : NULL) : (arg[2] ? arg + 2 : NULL);
    for (size_t i = 0; i < c->n_flags; i++)
        if (is_long ? same_name(arg + 2, n, c->flags[i].name) : c->flags[i].letter == arg[1])
            return (int)i;
    return -1;
}

bool rag_cli_parse(const struct rag_cli_command *c, int argc, char **argv, struct rag_cli_args *out,
                   int *status)
{
    *out = (struct rag_cli_args){.command = c};
    *status = 0;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i], *attached;
        if (strcmp(arg, "--help") == 0) {
            print_help(c);
            return false;
        }
        if (arg[0] != '-' || arg[1] == '\0') {
            if (!c->operand || out->operand)
                return refuse(c, status, "did not expect", arg);
            out->operand = arg;
            continue;
        }
        int f = find_flag(c, arg, &attached);
        if (f < 0)
            return refuse(c, status, "there is no flag", arg);
        bool wants = c->flags[f].arg != NULL;
        if (wants && !attached && i + 1 == argc)
            return refuse(c, status, "a value is missing after", arg);
        if (!wants && attached)
            return refuse(c, status, "no value is taken by", arg);
        out->value[f] = !wants ? "true" : attached ? attached : argv[++i];
    }
    return true;
}

const char *rag_cli_value(const struct rag_cli_args *args, const char *name)
{
    const struct rag_cli_command *c = args->command;
    for (size_t i = 0; i < c->n_flags; i++)
        if (strcmp(c->flags[i].name, name) == 0)
            return args->value[i] ? args->value[i] : c->flags[i].dflt;
    return NULL;
}

int rag_cli_int(const struct rag_cli_args *args, const char *name, int min, int max)
{
    const char *text = rag_cli_value(args, name);
    char *end;
    long v = text ? strtol(text, &end, 10) : -1;
    if (text && *text && !*end && v >= min && v <= max)
        return (int)v;
    fprintf(stderr, "pai_rag %s: --%s must be a whole number from %d to %d, not \"%s\"\n",
            args->command->name, name, min, max, text ? text : "");
    return -1;
}

int rag_cli_fail(const char *command, const struct rag_err *err)
{
    fprintf(stderr, "pai_rag %s: %s\n", command, err->msg);
    return 1;
}

int rag_cli_config(const struct rag_cli_args *args, struct rag_config **out)
{
    struct rag_config_flag flags[RAG_CLI_MAX_FLAGS];
    struct rag_config_sources src = {
        .file = rag_cli_value(args, "config-file"), .environ = environ, .flags = flags};
    for (size_t i = 0; i < args->command->n_flags; i++)
        if (args->command->flags[i].key && args->value[i])
            flags[src.n_flags++] = (struct rag_config_flag){args->command->flags[i].key, args->value[i]};
    struct rag_err err = {0};
    return rag_config_open(&src, out, &err) ? rag_cli_fail(args->command->name, &err) : 0;
}
