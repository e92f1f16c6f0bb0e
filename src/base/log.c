/* log.c: writes one line per event, in one write(2), so that lines of threads and processes never mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int g_level = -1;

void rag_log_set_level(enum rag_log_level level)
{
    atomic_store(&g_level, (int)level);
}

static int current_level(void)
{
    int level = atomic_load(&g_level);
    if (level >= 0)
        return level;
    static const char *const names[] = {"debug", "info", "warn", "error"};
    const char *env = getenv("PAI_RAG_LOG");
    level = RAG_LOG_INFO;
    for (int i = 0; env && i < 4; i++)
        if (!strcmp(env, names[i]))
            level = i;
    atomic_store(&g_level, level);
    return level;
}

void rag_log(enum rag_log_level level, const char *component, const char *fmt, ...)
{
    static const char *const names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    if ((int)level < current_level())
        return;
    char line[2048], text[1900];
    struct timespec ts;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &ts);
    localtime_r(&ts.tv_sec, &tm);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    char when[32];
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    int n = snprintf(line, sizeof line, "%s.%03ld %s %s: %s\n", when, ts.tv_nsec / 1000000, names[level],
                     component, text);
    if (n >= (int)sizeof line) {
        n = sizeof line - 1;
        line[n - 1] = '\n';
    }
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* nowhere left to complain */
}
