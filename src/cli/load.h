/* load.h: loads many files through whoever takes them, with a progress line. */
#ifndef RAG_CLI_LOAD_H
#define RAG_CLI_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct rag_load_file {
    const char *path;
    const char *name; /* the document's name: the file's, with its folders where two files share one */
    long long size;
};

/* Regular files at or below path whose name matches the glob pattern; hidden ones are left out. Sorted by
 * name. */
int rag_load_collect(const char *path, const char *pattern, struct rag_arena *a, struct rag_load_file **out,
                     size_t *n, struct rag_err *err);

struct rag_load_state {
    bool finished, failed, duplicate;
    double progress; /* 0..1 */
    int pages, chunks;
    char stage[16];
    char note[512]; /* why it failed, or a warning; "" = nothing */
};

/* Who takes the files: the engine in this process, or a server. */
struct rag_loader {
    void *ud;
    int (*submit)(void *ud, const struct rag_load_file *file, char task_id[33], struct rag_err *err);
    int (*poll)(void *ud, const char *task_id, struct rag_load_state *out, struct rag_err *err);
    bool (*wait)(void *ud, int ms); /* false: stop was asked for */
};

struct rag_load_sum {
    size_t done, failed, duplicates;
    long long pages, chunks;
    double seconds;
};

/* Files that cannot be read are counted as failed with a line on stderr; an error of the loader itself ends
 * all. */
int rag_load_files(const struct rag_loader *loader, const struct rag_load_file *files, size_t n,
                   struct rag_load_sum *sum, struct rag_err *err);
/* The loader for a server. */
struct rag_remote;
struct rag_load_remote {
    struct rag_remote *remote;
    const char *index; /* NULL = default_index */
    bool (*wait)(void *ud, int ms);
    void *wait_ud;
};
struct rag_loader rag_load_to_remote(struct rag_load_remote *to);

#endif
