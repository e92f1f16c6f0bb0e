/* sandbox.c: starts a child process for one untrusted file (parent side) and locks it down (child side). */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_IN = 3, CHILD_OUT = 4, CHILD_FIRST_FREE = 5, ABOVE_CHILD = 16 };

/* ---- parent side ---- */

struct launch {
    const char *program;
    char *const *argv;
    int in, out, null, report; /* all >= ABOVE_CHILD, so that dup2 to 0..4 cannot overwrite one of them */
    pid_t parent;
};

/* Everything above the child's own descriptors closes at exec; kernels before 5.11 lack the one call. */
static void close_rest_on_exec(void)
{
    if (close_range(CHILD_FIRST_FREE, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit files;
    int end = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 65536 ? (int)files.rlim_cur : 65536;
    for (int fd = CHILD_FIRST_FREE; fd < end; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Between fork and exec in a copy of a process with many threads: async-signal-safe calls only. */
static void exec_child(const struct launch *l)
{
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != l->parent) /* it died before the line above */
        _exit(127);
    dup2(l->null, 0);
    dup2(l->null, 1);
    if (!RAG_UNDER_ASAN)
        dup2(l->null, 2);
    dup2(l->in, CHILD_IN);
    dup2(l->out, CHILD_OUT);
    close_rest_on_exec();

    char *const no_environment[] = {NULL};
    execve(l->program, l->argv, no_environment);
    int why = errno;
    (void)!write(l->report, &why, sizeof(why));
    _exit(127);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Moves fd out of the way of 0..4. */
static int raise_fd(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, ABOVE_CHILD);
}

static pid_t fork_quietly(const struct launch *l)
{
    /* No handler of the parent may run in the child: it would act on the parent's locks and descriptors. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t pid = fork();
    if (pid == 0)
        exec_child(l);
    int why = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = why;
    return pid;
}

int rag_sandbox_start(const char *program, char *const argv[], int in_fd, struct rag_sandbox_child *out,
                      struct rag_err *err)
{
    int frames[2] = {-1, -1}, report[2] = {-1, -1}, null = -1, rc = 0;
    struct launch l = {program, argv, -1, -1, -1, -1, getpid()};
    *out = (struct rag_sandbox_child){.pid = -1, .out_fd = -1};

    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || pipe2(frames, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0 ||
        (l.in = raise_fd(in_fd)) < 0 || (l.out = raise_fd(frames[1])) < 0 || (l.null = raise_fd(null)) < 0 ||
        (l.report = raise_fd(report[1])) < 0) {
        rc = rag_err_set(err, RAG_EIO, "cannot prepare the parser's descriptors: %s", strerror(errno));
        goto out;
    }
    pid_t pid = fork_quietly(&l);
    if (pid < 0) {
        rc = rag_err_set(err, RAG_EIO, "cannot start a process for %s: %s", program, strerror(errno));
        goto out;
    }
    /* The report pipe closes without a word when exec succeeds. */
    close_fd(&report[1]);
    close_fd(&l.report);
    int why = 0;
    ssize_t n;
    do {
        n = read(report[0], &why, sizeof(why));
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(why)) {
        waitpid(pid, NULL, 0);
        rc = rag_err_set(err, RAG_EIO, "cannot run %s: %s", program, strerror(why));
        goto out;
    }
    out->pid = pid;
    out->out_fd = frames[0];
    frames[0] = -1;
out:
    close_fd(&null);
    close_fd(&frames[0]);
    close_fd(&frames[1]);
    close_fd(&report[0]);
    close_fd(&report[1]);
    close_fd(&l.in);
    close_fd(&l.out);
    close_fd(&l.null);
    close_fd(&l.report);
    return rc;
}

void rag_sandbox_end(struct rag_sandbox_child *child, int *status)
{
    int st = 0;
    close_fd(&child->out_fd);
    if (child->pid > 0) {
        /* Harmless when it has ended: its status is fixed by then, and its id is ours until waitpid. */
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, &st, 0) < 0 && errno == EINTR)
            ;
    }
    child->pid = -1;
    if (status)
        *status = st;
}

/* ---- child side ---- */

static void give_up(const char *what)
{
    fprintf(stderr, "sandbox: %s: %s\n", what, strerror(errno));
    _exit(126);
}

static void limit(int resource, rlim_t soft, rlim_t hard, const char *name)
{
    struct rlimit old;
    if (getrlimit(resource, &old) == 0 && old.rlim_max < hard)
        hard = old.rlim_max;
    struct rlimit r = {soft < hard ? soft : hard, hard};
    if (setrlimit(resource, &r) != 0)
        give_up(name);
}

/* Address space in use. PDFium reserves 1 GiB for its own allocator, of which it uses little. */
static rlim_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%lu", &pages) != 1)
        give_up("/proc/self/statm");
    fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* What a parser needs once its file and its pipe are open. All else kills the process. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrusage),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
};

/* What libraries try and live without: they get an error instead of death. */
static const int refused[] = {
    SCMP_SYS(open),    SCMP_SYS(openat),    SCMP_SYS(openat2),    SCMP_SYS(stat),
    SCMP_SYS(lstat),   SCMP_SYS(access),    SCMP_SYS(faccessat),  SCMP_SYS(statx),
    SCMP_SYS(ioctl),   SCMP_SYS(readlink),  SCMP_SYS(prctl),      SCMP_SYS(readlinkat),
    SCMP_SYS(sysinfo), SCMP_SYS(prlimit64), SCMP_SYS(faccessat2), SCMP_SYS(getcwd),
};

static int add_rules(scmp_filter_ctx filter)
{
    int rc = 0;
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    /* fstat of glibc 2.33 and later is newfstatat with AT_EMPTY_PATH. */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                           SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 1,
                           SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
    /* Memory yes, new code no. */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc;
}

void rag_sandbox_lock(uint64_t max_memory, unsigned cpu_seconds)
{
    if (!RAG_UNDER_ASAN) {
        rlim_t most = mapped_bytes() + max_memory;
        limit(RLIMIT_AS, most, most, "RLIMIT_AS");
    }
    limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + 1, "RLIMIT_CPU");
    limit(RLIMIT_FSIZE, 0, 0, "RLIMIT_FSIZE");
    limit(RLIMIT_NOFILE, CHILD_FIRST_FREE, CHILD_FIRST_FREE, "RLIMIT_NOFILE");
    limit(RLIMIT_CORE, 0, 0, "RLIMIT_CORE");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0) != 0)
        give_up("prctl");

    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        give_up("seccomp_init");
    int rc = add_rules(filter);
    rc = rc ? rc : seccomp_load(filter);
    if (rc != 0) {
        errno = rc < 0 ? -rc : EINVAL;
        give_up("seccomp");
    }
    seccomp_release(filter);
}
