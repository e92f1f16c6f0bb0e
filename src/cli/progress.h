/* progress.h: one line that is drawn over itself; nothing when the output is no terminal. */
#ifndef RAG_CLI_PROGRESS_H
#define RAG_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

struct rag_progress {
    FILE *to;
    bool terminal, drawn;
    double last; /* when it was drawn */
};

void rag_progress_init(struct rag_progress *p, FILE *to);
/* part: 0..1. At most ten times a second. */
void rag_progress_draw(struct rag_progress *p, double part, const char *text);
/* Takes the line away, so that something else can be printed. */
void rag_progress_clear(struct rag_progress *p);

#endif
