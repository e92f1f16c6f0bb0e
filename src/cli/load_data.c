/* load_data.c: `pai_rag load_data`: a file or a folder into the knowledge base, through the running server or
 * the engine in this process. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/id.h"
#include "cli/args.h"
#include "cli/load.h"
#include "cli/local.h"
#include "cli/remote.h"
#include "cli/signals.h"

static const struct rag_cli_flag flags[] = {
    {'c', "config-file", "FILE", NULL, NULL,
     "settings; default ./settings.toml, else /etc/pai_rag/settings.toml"},
    {'d', "data-path", "PATH", NULL, NULL, "file or folder to load"},
    {'o', "oss-path", "oss://…", NULL, NULL, "not available in this version"},
    {'p', "pattern", "GLOB", NULL, "*", "which files of the folder"},
    {'r', "enable-raptor", NULL, NULL, NULL, "not available in this version"},
    {'i', "index", "NAME", NULL, NULL, "knowledge base (default default_index)"},
    {0, "port", "PORT", "server.port", NULL, "port of the running server"},
};

static const struct rag_cli_command command = {.name = "load_data",
                                               .summary = "load files into the knowledge base",
                                               .flags = flags,
                                               .n_flags = sizeof flags / sizeof flags[0]};

static bool keep_going(void *ud, int ms)
{
    (void)ud;
    return rag_signals_wait(ms) == 0;
}

/* ---- through the engine in this process ---- */

struct here {
    struct rag_engine *engine;
    const char *index;
};

/* The engine moves what it is given, so it gets a copy. */
static int copy_file(const char *from, const char *to, struct rag_err *err)
{
    char block[65536];
    int rc = 0, in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    if (in < 0)
        return rag_err_set(err, RAG_EIO, "cannot open %s: %s", from, strerror(errno));
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0)
        rc = rag_err_set(err, RAG_EIO, "cannot create %s: %s", to, strerror(errno));
    for (ssize_t n; rc == 0 && (n = read(in, block, sizeof block)) != 0;) {
        int e = n < 0 ? -errno : rag_fs_write_all(out, block, (size_t)n);
        if (e && e != -EINTR)
            rc = rag_err_set(err, RAG_EIO, "cannot copy %s: %s", from, strerror(-e));
    }
    close(in);
    if (out >= 0)
        close(out);
    return rc;
}

static int submit_here(void *ud, const struct rag_load_file *file, char task_id[33], struct rag_err *err)
{
    struct here *h = ud;
    char id[RAG_ID_HEX + 1], temp[128];
    rag_id_new(id);
    snprintf(temp, sizeof temp, "./localdata/upload_tmp/%s", id);
    struct rag_upload_file upload = {file->name, temp};
    int rc = rag_fs_mkdirs("./localdata/upload_tmp", err);
    if (rc == 0)
        rc = copy_file(file->path, temp, err);
    if (rc == 0)
        rc = rag_ingest_submit(h->engine, h->index, &upload, 1, task_id, err);
    if (rc)
        unlink(temp);
    return rc;
}

static int poll_here(void *ud, const char *task_id, struct rag_load_state *out, struct rag_err *err)
{
    static const char *const stages[] = {"queued", "parse", "chunk", "embed", "store", "done"};
    struct here *h = ud;
    struct rag_arena arena = {0};
    struct rag_task task;
    int rc = rag_task_get(h->engine, &arena, task_id, &task, err);
    if (rc == 0 && task.n == 1) {
        const struct rag_task_file *f = &task.files[0];
        const char *note = f->error ? f->error : f->warning;
        *out = (struct rag_load_state){.finished = f->state != RAG_TASK_PROCESSING,
                                       .failed = f->state == RAG_TASK_FAILED,
                                       .duplicate = f->duplicate,
                                       .progress = f->progress,
                                       .pages = f->pages,
                                       .chunks = f->chunks};
        snprintf(out->stage, sizeof out->stage, "%s", stages[f->stage]);
        snprintf(out->note, sizeof out->note, "%s", note ? note : "");
    }
    rag_arena_free(&arena);
    return rc;
}

static int load_here(struct rag_config *config, const char *index, const struct rag_load_file *files,
                     size_t n, struct rag_load_sum *sum, struct rag_err *err)
{
    struct here h = {.index = index};
    struct rag_loader loader = {.ud = &h, .submit = submit_here, .poll = poll_here, .wait = keep_going};
    int rc = rag_local_open(config, &h.engine, err);
    if (rc == 0)
        rc = rag_load_files(&loader, files, n, sum, err);
    rag_engine_close(h.engine);
    return rc;
}

/* ---- which way ---- */

static int load(struct rag_config *config, const char *index, const struct rag_load_file *files, size_t n,
                struct rag_load_sum *sum, struct rag_err *err)
{
    struct rag_arena arena = {0};
    struct rag_remote remote;
    struct rag_load_remote to = {.remote = &remote, .index = index, .wait = keep_going};
    struct rag_loader loader = rag_load_to_remote(&to);
    int rc = rag_remote_open(&remote, rag_config_str(config, &arena, "server.host"),
                             (int)rag_config_int(config, "server.port"),
                             rag_config_str(config, &arena, "server.api_key"), err);
    if (rc)
        goto out;
    if (!rag_remote_is_up(&remote))
        rc = load_here(config, index, files, n, sum, err);
    else if ((rc = rag_remote_wait_ready(&remote, 120000, err)) == 0)
        rc = rag_load_files(&loader, files, n, sum, err);
    rag_remote_close(&remote);
out:
    rag_arena_free(&arena);
    return rc;
}

static int check(const struct rag_cli_args *args)
{
    const char *data = rag_cli_value(args, "data-path"), *oss = rag_cli_value(args, "oss-path");
    const char *wrong = !data && !oss ? "give the file or folder to load with -d"
                        : data && oss ? "give either -d or -o, not both"
                        : oss         ? "-o is not available in this version; copy the files here and use -d"
                        : rag_cli_value(args, "enable-raptor")
                            ? "-r is not available in this version; leave it out"
                            : NULL;
    if (wrong)
        fprintf(stderr, "pai_rag load_data: %s\n", wrong);
    return wrong ? 2 : 0;
}

int rag_cli_load_data(int argc, char **argv)
{
    struct rag_cli_args args;
    struct rag_err err = {0};
    struct rag_config *config = NULL;
    struct rag_arena arena = {0};
    struct rag_load_file *files = NULL;
    struct rag_load_sum sum = {0};
    size_t n = 0;
    int status;
    if (!rag_cli_parse(&command, argc, argv, &args, &status))
        return status;
    if ((status = check(&args)))
        return status;
    rag_signals_block();
    if ((status = rag_cli_config(&args, &config)))
        return status;
    const char *path = rag_cli_value(&args, "data-path"), *pattern = rag_cli_value(&args, "pattern");
    if (rag_load_collect(path, pattern, &arena, &files, &n, &err)) {
        status = rag_cli_fail(command.name, &err);
    } else if (n == 0) {
        fprintf(stderr, "pai_rag load_data: there is no file that matches \"%s\" in %s\n", pattern, path);
        status = 1;
    } else if (load(config, rag_cli_value(&args, "index"), files, n, &sum, &err)) {
        status = rag_cli_fail(command.name, &err);
    } else {
        printf("%zu files loaded (%zu of them were there already), %zu failed: %lld pages, %lld chunks in "
               "%.1f s\n",
               sum.done - sum.failed, sum.duplicates, sum.failed, sum.pages, sum.chunks, sum.seconds);
        status = sum.failed > 0;
    }
    rag_config_close(config);
    rag_arena_free(&arena);
    return status;
}
