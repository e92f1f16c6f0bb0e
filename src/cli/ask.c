/* ask.c: `pai_rag ask`: one question to the running server, or to the engine in this process. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/wire.h"
#include "base/limits.h"
#include "cli/answer_text.h"
#include "cli/args.h"
#include "cli/local.h"
#include "cli/remote.h"

static const struct rag_cli_flag flags[] = {
    {'p', "port", "PORT", "server.port", NULL, "port of the running server"},
    {'c', "config-file", "FILE", NULL, NULL,
     "settings; default ./settings.toml, else /etc/pai_rag/settings.toml"},
    {'i', "index", "NAME", NULL, NULL, "knowledge base (default default_index)"},
    {'j', "json", NULL, NULL, NULL, "print the whole answer as JSON"},
};

static const struct rag_cli_command command = {.name = "ask",
                                               .summary = "ask one question and print the cited answer",
                                               .operand = "QUESTION",
                                               .flags = flags,
                                               .n_flags = sizeof flags / sizeof flags[0]};

struct asked {
    bool quiet;          /* --json: nothing while it is made */
    struct rag_buf text; /* of the answer */
};

static int show_piece(void *ud, struct rag_str piece)
{
    struct asked *a = ud;
    rag_buf_addstr(&a->text, piece);
    if (a->quiet)
        return 0;
    fwrite(piece.p, 1, piece.n, stdout);
    return fflush(stdout) ? RAG_ECANCELED : 0;
}

/* The same members as the API's last stream message. */
static json_t *as_json(const struct rag_answer *a, struct rag_err *err)
{
    struct rag_buf text;
    struct rag_json j;
    rag_buf_init(&text, 64 * RAG_MIB);
    rag_json_init(&j, &text);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "session_id", a->session_id);
    rag_wire_docs(&j, "docs", &a->hits);
    rag_json_cstr(&j, "new_query", a->new_query);
    rag_wire_answer_extras(&j, a);
    rag_json_end_obj(&j);
    json_t *out = rag_json_parse(rag_buf_str(&text), err);
    rag_buf_free(&text);
    return out;
}

static int ask_here(struct rag_config *config, const struct rag_cli_args *args, struct asked *shown,
                    json_t **last, struct rag_err *err)
{
    struct rag_engine *engine = NULL;
    struct rag_arena arena = {0};
    struct rag_answer answer = {0};
    struct rag_query q = {.question = rag_str_of(args->operand),
                          .index = rag_cli_value(args, "index"),
                          .temperature = -1,
                          .citation = true,
                          .mode = RAG_ANSWER_RAG};
    int rc = rag_local_open(config, &engine, err);
    if (rc == 0)
        rc = rag_answer(engine, &arena, &q, show_piece, shown, &answer, err);
    if (rc == 0 && !(*last = as_json(&answer, err)))
        rc = RAG_EFORMAT;
    rag_engine_close(engine);
    rag_arena_free(&arena);
    return rc;
}

static int ask_server_or_here(struct rag_config *config, const struct rag_cli_args *args, struct asked *shown,
                              json_t **last, struct rag_err *err)
{
    struct rag_arena arena = {0};
    struct rag_remote remote;
    int rc = rag_remote_open(&remote, rag_config_str(config, &arena, "server.host"),
                             (int)rag_config_int(config, "server.port"),
                             rag_config_str(config, &arena, "server.api_key"), err);
    if (rc)
        goto out;
    if (!rag_remote_is_up(&remote))
        rc = ask_here(config, args, shown, last, err);
    else if ((rc = rag_remote_wait_ready(&remote, 120000, err)) == 0)
        rc = rag_remote_ask(&remote, args->operand, rag_cli_value(args, "index"), show_piece, shown, last,
                            err);
    rag_remote_close(&remote);
out:
    rag_arena_free(&arena);
    return rc;
}

static void print_json(const struct asked *shown, json_t *last)
{
    json_object_del(last, "delta");
    json_object_del(last, "is_finished");
    json_t *whole = json_pack("{s:s%}", "answer", shown->text.p ? shown->text.p : "", shown->text.n);
    json_object_update(whole, last);
    json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(whole);
}

int rag_cli_ask(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct rag_config *config = NULL;
    struct asked shown = {0};
    json_t *last = NULL;
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    if (!args.operand) {
        fputs("pai_rag ask: what is the question? Example: pai_rag ask \"How long is the warranty?\"\n",
              stderr);
        return 2;
    }
    if ((status = rag_cli_config(&args, &config)))
        return status;
    shown.quiet = rag_cli_value(&args, "json") != NULL;
    rag_buf_init(&shown.text, RAG_LIMIT_ANSWER);
    if (ask_server_or_here(config, &args, &shown, &last, &err)) {
        status = rag_cli_fail(command.name, &err);
    } else if (shown.quiet) {
        print_json(&shown, last);
    } else {
        puts(shown.text.n ? "" : "Nothing in the documents answers this.");
        rag_answer_print_sources(stdout, last);
    }
    json_decref(last);
    rag_buf_free(&shown.text);
    rag_config_close(config);
    return status;
}
