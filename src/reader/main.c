/* main.c of pai_rag_parse: reads one untrusted file in a locked process and reports what is in it.
 *
 * Started by the server: pai_rag_parse EXT [options], with the file as descriptor 3 and a pipe for frames
 * (reader/wire.h) as descriptor 4. For people: pai_rag_parse --print FILE [options]. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/sandbox.h"
#include "reader/print_sink.h"
#include "reader/reader.h"
#include "reader/wire.h"
#include "reader/wire_sink.h"

enum { FILE_FD = 3, FRAMES_FD = 4, MAX_FILTERS = 256 };

static const char usage[] =
    "usage: pai_rag_parse --print FILE [--concat-csv-rows] [--sheet-json] [--column NAME]...\n"
    "Prints the text blocks of FILE as the server would index them.\n";

/* Fills opts from argv[2..]; false on an unknown option. */
static bool read_options(int argc, char **argv, struct rag_reader_opts *opts, const char **filters)
{
    int n = 0;
    for (int i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "--concat-csv-rows"))
            opts->concat_csv_rows = true;
        else if (!strcmp(argv[i], "--sheet-json"))
            opts->format_sheet_data_to_json = true;
        else if (!strcmp(argv[i], "--column") && i + 1 < argc && n < MAX_FILTERS)
            filters[n++] = argv[++i];
        else
            return false;
    }
    opts->sheet_column_filters = n ? filters : NULL;
    return true;
}

/* Mapping is no reading: its bytes come in when the reader touches them, long after the lock. */
static int map_file(int fd, struct rag_str *file, struct rag_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return rag_err_set(err, RAG_EIO, "the stored file cannot be read");
    if ((uint64_t)st.st_size > RAG_LIMIT_UPLOAD)
        return rag_err_set(err, RAG_ETOOBIG, "the file has %lld MiB, more than the %zu that are read",
                           (long long)st.st_size >> 20, RAG_LIMIT_UPLOAD / RAG_MIB);
    *file = (struct rag_str){"", (size_t)st.st_size};
    if (!st.st_size)
        return 0;
    void *bytes = mmap(NULL, file->n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for a file of %zu MiB", file->n / RAG_MIB);
    file->p = bytes;
    return 0;
}

/* Everything that opens files happens before the lock, everything that looks at the file behind it. */
static int read_locked(const char *ext, int fd, const struct rag_reader_opts *opts,
                       const struct rag_sink *sink, int *pages, struct rag_err *err)
{
    struct rag_str file = {0};
    int rc = rag_reader_prepare(ext, err);
    rag_sandbox_lock(RAG_LIMIT_PARSE_MEMORY, RAG_LIMIT_PARSE_CPU);
    rc = rc ? rc : map_file(fd, &file, err);
    return rc ? rc : rag_reader_run(ext, file, opts, sink, pages, err);
}

static int serve(const char *ext, const struct rag_reader_opts *opts)
{
    struct rag_wire_sink wire;
    struct rag_err err = {0};
    int pages = 0;
    rag_wire_open(&wire, FRAMES_FD);
    struct rag_sink sink = rag_wire_sink(&wire);
    int rc = read_locked(ext, FILE_FD, opts, &sink, &pages, &err);
    rc = rc ? rag_wire_error(&wire, rc, err.msg) : rag_wire_end(&wire, pages);
    rag_wire_close(&wire);
    return rc ? 1 : 0;
}

static int print(const char *path, const struct rag_reader_opts *opts)
{
    struct rag_err err = {0};
    struct rag_sink sink = rag_print_sink();
    int pages = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "pai_rag_parse: cannot open %s: %s\n", path, strerror(errno));
        return 1;
    }
    struct stat out;
    if (fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(out.st_mode)) {
        fputs("pai_rag_parse: a locked process cannot write to a file: append '| cat'\n", stderr);
        return 2;
    }
    char ext[RAG_WIRE_EXT_MAX];
    int rc = read_locked(rag_wire_ext(path, ext), fd, opts, &sink, &pages, &err);
    if (rc)
        fprintf(stderr, "pai_rag_parse: %s: %s\n", path, err.msg);
    fflush(stdout);
    return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
    const char *filters[MAX_FILTERS + 1] = {0};
    struct rag_reader_opts opts = {0};
    bool for_people = argc > 2 && !strcmp(argv[1], "--print");
    if (argc < 2 || !read_options(argc - for_people, argv + for_people, &opts, filters)) {
        fputs(usage, stderr);
        return 2;
    }
    /* No exit handlers: the sandbox forbids what a sanitizer's would do, and nothing is left to free. */
    _exit(for_people ? print(argv[2], &opts) : serve(argv[1], &opts));
}
