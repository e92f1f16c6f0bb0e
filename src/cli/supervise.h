/* supervise.h: keeps child processes running until SIGINT or SIGTERM; they never outlive this process. */
#ifndef RAG_CLI_SUPERVISE_H
#define RAG_CLI_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum { RAG_SUPERVISE_MAX = 4, RAG_SUPERVISE_ARGS = 16 };

struct rag_child {
    const char *name; /* for messages */
    const char *argv[RAG_SUPERVISE_ARGS];
    pid_t pid;         /* 0 = not running */
    double started;    /* monotonic seconds */
    double restart_at; /* when to start it again */
    int crashes;       /* in a row */
};

struct rag_supervisor {
    struct rag_child child[RAG_SUPERVISE_MAX];
    size_t n;
    bool settled;  /* set by the caller when all answer: from then on a child that ends is started again */
    bool stopping; /* a signal asked for the end, or a child ended before all was settled */
    const struct rag_child *failed; /* that child, or NULL */
};

/* Blocks the signals that poll waits for: call before any thread starts. */
void rag_supervise_init(struct rag_supervisor *s);
/* Adds and starts a child; argv[0] is its program's path. */
int rag_supervise_start(struct rag_supervisor *s, const char *name, const char *const *argv,
                        struct rag_err *err);
/* Waits for events for at most timeout_ms, starts again what has ended. False once stopping. */
bool rag_supervise_poll(struct rag_supervisor *s, int timeout_ms);
/* SIGTERM to all, SIGKILL to what is left after grace_ms. */
void rag_supervise_stop(struct rag_supervisor *s, int grace_ms);

#endif
