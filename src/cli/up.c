/* up.c: `pai_rag up`: model, API, page and nginx on this machine; examples, one answered question, and stay.
 */
#include "cli/cli.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/limits.h"
#include "cli/answer_text.h"
#include "cli/args.h"
#include "cli/load.h"
#include "cli/models.h"
#include "cli/remote.h"
#include "cli/supervise.h"
#include "web/web.h"

static const struct rag_cli_flag flags[] = {
    {'p', "port", "PORT", "up.port", NULL, NULL},
    {0, "api-port", "PORT", "server.port", NULL, NULL},
    {0, "ui-port", "PORT", "ui.port", NULL, NULL},
    {'h', "host", "ADDRESS", NULL, "127.0.0.1", "address of API and page; nginx listens on all"},
    {'c', "config-file", "FILE", NULL, NULL,
     "settings; default ./settings.toml, else /etc/pai_rag/settings.toml"},
    {0, "examples", "FOLDER", "up.examples", NULL, NULL},
    {0, "ask", "QUESTION", NULL, NULL, "asked once all is ready, to show that it works"},
};

static const struct rag_cli_command command = {.name = "up",
                                               .summary = "start API, page and nginx on this machine",
                                               .flags = flags,
                                               .n_flags = sizeof flags / sizeof flags[0]};

struct up {
    const struct rag_cli_args *args;
    struct rag_config *config;
    struct rag_arena arena;
    struct rag_supervisor supervisor;
    struct rag_remote api;     /* straight */
    struct rag_remote through; /* by nginx */
    int port, api_port, ui_port;
    const char *host;
};

/* ---- before anything starts ---- */

static int check_port(int port, const char *who, const char *flag, struct rag_err *err)
{
    int rc = 0, on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot open a socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int fault = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 ? 0 : errno;
    if (fault == EADDRINUSE)
        rc = rag_err_set(
            err, RAG_EBUSY,
            "port %d, wanted for %s, is in use. Stop the program that uses it, or choose another port "
            "with %s.",
            port, who, flag);
    else if (fault == EACCES)
        rc = rag_err_set(err, RAG_EFORBIDDEN,
                         "no right to use port %d for %s. Choose one above 1023 with %s.", port, who, flag);
    close(fd);
    return rc;
}

static int check_ports(const struct up *u, struct rag_err *err)
{
    int rc = check_port(u->port, "nginx", "-p", err);
    if (rc == 0)
        rc = check_port(u->api_port, "the API", "--api-port", err);
    return rc ? rc : check_port(u->ui_port, "the page", "--ui-port", err);
}

static const char *find_nginx(struct rag_arena *a)
{
    const char *path = getenv("PATH");
    const char *all = rag_arena_printf(a, "%s:/usr/sbin:/usr/local/sbin", path ? path : "/usr/bin");
    for (size_t n; all && *all; all += n + (all[n] == ':')) {
        n = strcspn(all, ":");
        const char *program = rag_arena_printf(a, "%.*s/nginx", (int)n, all);
        if (program && access(program, X_OK) == 0)
            return program;
    }
    return NULL;
}

static int fetch_model(struct up *u, struct rag_err *err)
{
    struct rag_engine_opts opts;
    int rc = rag_config_engine_opts(u->config, &u->arena, &opts, err);
    if (rc)
        return rc;
    const char *path = rag_arena_printf(&u->arena, "%s/%s", opts.model_dir, opts.embed_model);
    return path && rag_fs_is_dir(path) ? 0 : rag_models_fetch(opts.model_dir, opts.embed_model, err);
}

/* ---- starting ---- */

static const char *number(struct up *u, int n)
{
    return rag_arena_printf(&u->arena, "%d", n);
}

static int start_nginx(struct up *u, const char *program, struct rag_err *err)
{
    char run_dir[PATH_MAX];
    struct rag_buf conf;
    rag_buf_init(&conf, RAG_LIMIT_CONFIG_FILE);
    int rc = rag_fs_mkdirs("localdata/run", err);
    if (rc == 0 && !realpath("localdata/run", run_dir))
        rc = rag_err_set(err, RAG_EIO, "cannot find localdata/run: %s", strerror(errno));
    if (rc)
        return rc;
    const char *path = rag_arena_printf(&u->arena, "%s/nginx.conf", run_dir);
    const char *log = rag_arena_printf(&u->arena, "%s/nginx-error.log", run_dir);
    struct rag_nginx_opts opts = {.listen = u->port,
                                  .api = rag_arena_printf(&u->arena, "%s:%d", u->host, u->api_port),
                                  .ui = rag_arena_printf(&u->arena, "%s:%d", u->host, u->ui_port),
                                  .run_dir = run_dir};
    rc = rag_nginx_conf(&opts, &conf, err);
    if (rc == 0)
        rc = rag_fs_write_durable(path, conf.p, conf.n, err);
    const char *argv[] = {program, "-c", path, "-e", log, "-p", rag_arena_strdup(&u->arena, run_dir), NULL};
    if (rc == 0)
        rc = rag_supervise_start(&u->supervisor, "nginx", argv, err);
    rag_buf_free(&conf);
    return rc;
}

static int start_all(struct up *u, struct rag_err *err)
{
    char self[PATH_MAX];
    const char *file = rag_cli_value(u->args, "config-file"), *nginx = find_nginx(&u->arena);
    if (!nginx)
        return rag_err_set(err, RAG_ENOTFOUND,
                           "nginx is not installed. On Debian: apt-get install nginx-light");
    if (!realpath("/proc/self/exe", self))
        return rag_err_set(err, RAG_EIO, "cannot find this program's path: %s", strerror(errno));
    const char *serve[] = {self, "serve", "-h", u->host, "-p", number(u, u->api_port), file ? "-c" : NULL,
                           file, NULL};
    const char *ui[] = {self, "ui",
                        "-h", u->host,
                        "-p", number(u, u->ui_port),
                        "-c", rag_arena_printf(&u->arena, "http://%s:%d/", u->host, u->api_port),
                        NULL};
    int rc = rag_supervise_start(&u->supervisor, "the API", serve, err);
    if (rc == 0)
        rc = rag_supervise_start(&u->supervisor, "the page", ui, err);
    return rc ? rc : start_nginx(u, nginx, err);
}

/* ---- once they run ---- */

static int give_up(void *ud)
{
    struct up *u = ud;
    return !rag_supervise_poll(&u->supervisor, 0);
}

static bool keep_going(void *ud, int ms)
{
    struct up *u = ud;
    return rag_supervise_poll(&u->supervisor, ms);
}

/* Why waiting ended early: a child's fault, or the user's wish. */
static int stopped(const struct up *u, struct rag_err *err)
{
    if (u->supervisor.failed)
        return rag_err_set(err, RAG_EINTERNAL, "%s stopped while starting; its message is above",
                           u->supervisor.failed->name);
    return rag_err_set(err, RAG_ECANCELED, "stopped");
}

/* The model answers, and nginx leads to both. */
static int wait_until_ready(struct up *u, struct rag_err *err)
{
    double end = rag_clock_mono_s() + 120;
    for (;;) {
        json_t *health = rag_remote_json(&u->through, "/api/v1/health", NULL, NULL);
        bool ready = json_is_true(json_object_get(health, "ready")) && rag_remote_answers(&u->through, "/");
        json_decref(health);
        if (ready)
            return 0;
        if (!rag_supervise_poll(&u->supervisor, 50))
            return stopped(u, err);
        if (rag_clock_mono_s() > end)
            return rag_err_set(err, RAG_ETIMEOUT, "not all services answered within 120 s");
    }
}

static bool index_is_empty(struct up *u)
{
    json_t *list = rag_remote_json(&u->api, "/api/v1/documents?limit=1", NULL, NULL);
    bool empty = list && json_integer_value(json_object_get(list, "total")) == 0;
    json_decref(list);
    return empty;
}

static int load_examples(struct up *u, struct rag_err *err)
{
    const char *dir = rag_config_str(u->config, &u->arena, "up.examples");
    struct rag_load_remote to = {.remote = &u->api, .wait = keep_going, .wait_ud = u};
    struct rag_loader loader = rag_load_to_remote(&to);
    struct rag_load_file *files;
    struct rag_load_sum sum;
    size_t n;
    if (!*dir || !rag_fs_is_dir(dir) || !index_is_empty(u))
        return 0;
    int rc = rag_load_collect(dir, "*", &u->arena, &files, &n, err);
    if (rc || n == 0)
        return rc;
    printf("loading the examples in %s\n", dir);
    rc = rag_load_files(&loader, files, n, &sum, err);
    if (rc == 0)
        printf("%zu documents, %lld passages in %.1f s\n", sum.done - sum.failed, sum.chunks, sum.seconds);
    return u->supervisor.stopping ? stopped(u, err) : rc;
}

static int show_piece(void *ud, struct rag_str piece)
{
    (void)ud;
    fwrite(piece.p, 1, piece.n, stdout);
    fflush(stdout);
    return 0;
}

/* A model that does not answer is the user's to repair on the page: it does not end the services. */
static void ask(struct up *u, const char *question)
{
    struct rag_err err = {0};
    json_t *last = NULL;
    printf("\n? %s\n\n", question);
    if (rag_remote_ask(&u->api, question, NULL, show_piece, NULL, &last, &err)) {
        printf("no answer: %s\n", err.msg);
    } else {
        putchar('\n');
        rag_answer_print_sources(stdout, last);
    }
    json_decref(last);
}

static int run(struct up *u, struct rag_err *err)
{
    const char *question = rag_cli_value(u->args, "ask");
    int rc = start_all(u, err);
    if (rc == 0)
        rc = wait_until_ready(u, err);
    if (rc)
        return rc;
    u->supervisor.settled = true;
    if ((rc = load_examples(u, err)))
        return rc;
    if (question && *question)
        ask(u, question);
    printf("\nready: http://127.0.0.1:%d/   (Ctrl-C stops everything)\n", u->port);
    const char *key = rag_config_str(u->config, &u->arena, "server.api_key");
    if (!key || !*key)
        printf("Everybody who can reach port %d may read and change everything; set PAI_RAG_API_KEY to ask "
               "for a key.\n",
               u->port);
    fflush(stdout);
    while (rag_supervise_poll(&u->supervisor, 1000))
        ;
    return 0;
}

static int prepare(struct up *u, struct rag_err *err)
{
    const char *key = rag_config_str(u->config, &u->arena, "server.api_key");
    u->port = (int)rag_config_int(u->config, "up.port");
    u->api_port = (int)rag_config_int(u->config, "server.port");
    u->ui_port = (int)rag_config_int(u->config, "ui.port");
    u->host = rag_cli_value(u->args, "host");
    int rc = check_ports(u, err);
    if (rc == 0)
        rc = fetch_model(u, err);
    if (rc == 0)
        rc = rag_remote_open(&u->api, u->host, u->api_port, key, err);
    if (rc == 0)
        rc = rag_remote_open(&u->through, "127.0.0.1", u->port, key, err);
    u->api.on_idle = u->through.on_idle = give_up;
    u->api.ud = u->through.ud = u;
    return rc;
}

int rag_cli_up(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct up u = {.args = &args};
    int status, rc;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    if ((status = rag_cli_config(&args, &u.config)))
        return status;
    rc = prepare(&u, &err);
    if (rc == 0) {
        /* One line per request would hide what is printed here; PAI_RAG_LOG=info brings them back. */
        setenv("PAI_RAG_LOG", "warn", 0);
        rag_supervise_init(&u.supervisor);
        rc = run(&u, &err);
        rag_supervise_stop(&u.supervisor, 15000);
    }
    if (rc && rc != RAG_ECANCELED)
        status = rag_cli_fail(command.name, &err);
    rag_remote_close(&u.api);
    rag_remote_close(&u.through);
    rag_config_close(u.config);
    rag_arena_free(&u.arena);
    return status;
}
