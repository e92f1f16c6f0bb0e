/* signals.c: waits for SIGINT and SIGTERM. */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void rag_signals_block(void)
{
    sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int rag_signals_wait(int timeout_ms)
{
    sigset_t set = stop_signals();
    struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int got;
    do
        got = timeout_ms < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &limit);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return 0;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return got;
}
