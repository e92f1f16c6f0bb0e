/* sandbox.h: starts a child process for one untrusted file and locks it down. */
#ifndef RAG_BASE_SANDBOX_H
#define RAG_BASE_SANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* AddressSanitizer reserves terabytes of address space and reports through stderr: such builds get
 * no limit on it and keep the child's stderr. */
#if defined(__SANITIZE_ADDRESS__)
#define RAG_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RAG_UNDER_ASAN 1
#endif
#endif
#ifndef RAG_UNDER_ASAN
#define RAG_UNDER_ASAN 0
#endif

struct rag_sandbox_child {
    pid_t pid;
    int out_fd; /* frames from the child; close with rag_sandbox_end */
};

/* Parent side: starts program (argv NULL-terminated, empty environment) with in_fd as descriptor 3, a pipe as
 * descriptor 4, everything else closed, in a session of its own, killed when the parent dies.
 * Async-signal-safe between fork and exec. Thread-safe. */
int rag_sandbox_start(const char *program, char *const argv[], int in_fd, struct rag_sandbox_child *out,
                      struct rag_err *err);
/* Kills the child if it still runs, reaps it, closes out_fd. status as from waitpid. */
void rag_sandbox_end(struct rag_sandbox_child *child, int *status);
/* Child side, before the first byte of the file is read: rlimits (address space, CPU, file size 0,
 * descriptors, no core), no new privileges, seccomp filter without exec, fork, socket and open. max_memory is
 * address space beyond what is mapped already. Ends the process when it cannot. */
void rag_sandbox_lock(uint64_t max_memory, unsigned cpu_seconds);

#endif
