/* supervise.c: starts, restarts and stops the children of `pai_rag up`. */
#include "cli/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { MAX_DELAY_S = 30, STEADY_S = 60 };

static sigset_t watched(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    return set;
}

void rag_supervise_init(struct rag_supervisor *s)
{
    sigset_t set = watched();
    *s = (struct rag_supervisor){0};
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* In the child, between fork and exec. A group of its own keeps the terminal's Ctrl-C for the supervisor,
 * which then stops the children in order; the death signal takes them along when the supervisor is killed. */
static void become(const struct rag_child *c, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    execv(c->argv[0], (char *const *)c->argv);
    _exit(127);
}

static int spawn(struct rag_child *c)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        become(c, parent);
    c->pid = pid;
    c->started = rag_clock_mono_s();
    return 0;
}

int rag_supervise_start(struct rag_supervisor *s, const char *name, const char *const *argv,
                        struct rag_err *err)
{
    struct rag_child *c = &s->child[s->n];
    if (s->n == RAG_SUPERVISE_MAX)
        return rag_err_set(err, RAG_EINTERNAL, "more than %d children", RAG_SUPERVISE_MAX);
    if (!argv[0])
        return rag_err_set(err, RAG_EINTERNAL, "%s has no program", name);
    *c = (struct rag_child){.name = name};
    for (size_t i = 0; argv[i] && i + 1 < RAG_SUPERVISE_ARGS; i++)
        c->argv[i] = argv[i];
    int e = spawn(c);
    if (e)
        return rag_err_set(err, RAG_EIO, "cannot start %s: %s", name, strerror(-e));
    s->n++;
    return 0;
}

static void describe_end(const struct rag_child *c, int status, const char *next)
{
    if (WIFSIGNALED(status))
        rag_warn("up", "%s was ended by signal %d (%s)%s", c->name, WTERMSIG(status),
                 strsignal(WTERMSIG(status)), next);
    else
        rag_warn("up", "%s ended with status %d%s", c->name, WEXITSTATUS(status), next);
}

static void on_end(struct rag_supervisor *s, struct rag_child *c, int status)
{
    double now = rag_clock_mono_s();
    char next[48];
    kill(-c->pid, SIGKILL); /* what it left behind: nginx's workers outlive a killed master */
    c->pid = 0;
    if (!s->settled) { /* its own message is on the screen; trying again would only repeat it */
        describe_end(c, status, "");
        s->failed = c;
        s->stopping = true;
        return;
    }
    c->crashes = now - c->started > STEADY_S ? 1 : c->crashes + 1;
    int delay = c->crashes > 5 ? MAX_DELAY_S : (1 << c->crashes) / 2;
    c->restart_at = now + delay;
    snprintf(next, sizeof next, delay ? ": it starts again in %d s" : ": it starts again now", delay);
    describe_end(c, status, next);
}

static void reap(struct rag_supervisor *s)
{
    for (size_t i = 0; i < s->n; i++) {
        int status;
        if (s->child[i].pid && waitpid(s->child[i].pid, &status, WNOHANG) > 0)
            on_end(s, &s->child[i], status);
    }
}

static void restart_due(struct rag_supervisor *s)
{
    double now = rag_clock_mono_s();
    for (size_t i = 0; i < s->n; i++) {
        struct rag_child *c = &s->child[i];
        if (!c->pid && now >= c->restart_at && spawn(c) != 0)
            c->restart_at = now + MAX_DELAY_S;
    }
}

/* Sleeps until an event or the time; true when a signal asked for the end. */
static bool wait_event(int timeout_ms)
{
    sigset_t set = watched();
    struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int got = sigtimedwait(&set, NULL, &limit);
    return got == SIGINT || got == SIGTERM;
}

bool rag_supervise_poll(struct rag_supervisor *s, int timeout_ms)
{
    if (!s->stopping && wait_event(timeout_ms))
        s->stopping = true;
    if (!s->stopping)
        reap(s);
    if (!s->stopping)
        restart_due(s);
    return !s->stopping;
}

static void signal_all(const struct rag_supervisor *s, int number)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->child[i].pid)
            kill(s->child[i].pid, number);
}

/* How many still run. */
static size_t count_running(struct rag_supervisor *s)
{
    size_t running = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct rag_child *c = &s->child[i];
        if (c->pid && waitpid(c->pid, NULL, WNOHANG) != 0)
            c->pid = 0;
        running += c->pid != 0;
    }
    return running;
}

void rag_supervise_stop(struct rag_supervisor *s, int grace_ms)
{
    double end = rag_clock_mono_s() + grace_ms / 1000.0;
    bool killed = false;
    s->stopping = true;
    signal_all(s, SIGTERM);
    while (count_running(s)) {
        /* A second Ctrl-C means: now. */
        bool now = wait_event(20);
        if (!killed && (now || rag_clock_mono_s() > end)) {
            signal_all(s, SIGKILL);
            killed = true;
        }
    }
}
