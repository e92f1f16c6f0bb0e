/* progress.c: a progress bar for terminals. */
#include "cli/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR = 20 };

void rag_progress_init(struct rag_progress *p, FILE *to)
{
    *p = (struct rag_progress){.to = to, .terminal = isatty(fileno(to))};
}

/* Bytes of text that fill at most so many columns, counting each character outside ASCII as two. */
static int fitting(const char *text, int columns)
{
    int n = 0;
    for (int used = 0; text[n];) {
        int bytes = 1;
        used += (text[n] & 0x80) ? 2 : 1;
        while (((unsigned char)text[n + bytes] & 0xC0) == 0x80)
            bytes++;
        if (used > columns)
            break;
        n += bytes;
    }
    return n;
}

void rag_progress_draw(struct rag_progress *p, double part, const char *text)
{
    char bar[BAR + 1];
    double now = rag_clock_mono_s();
    struct winsize size;
    if (!p->terminal || (p->drawn && now - p->last < 0.1))
        return;
    int columns = ioctl(fileno(p->to), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    int full = part < 0 ? 0 : part > 1 ? BAR : (int)(part * BAR + 0.5);
    memset(bar, '-', BAR);
    memset(bar, '#', (size_t)full);
    bar[BAR] = '\0';
    fprintf(p->to, "\r\033[K[%s] %.*s", bar, fitting(text, columns - BAR - 4), text);
    fflush(p->to);
    p->drawn = true;
    p->last = now;
}

void rag_progress_clear(struct rag_progress *p)
{
    if (!p->drawn)
        return;
    fputs("\r\033[K", p->to);
    fflush(p->to);
    p->drawn = false;
}
