/* clock.h: monotonic and wall time. */
#ifndef RAG_BASE_CLOCK_H
#define RAG_BASE_CLOCK_H

#include <stdint.h>

int64_t rag_clock_mono_ns(void);
double rag_clock_mono_s(void);
int64_t rag_clock_wall_ms(void);
/* "2026-11-22T17:30:00Z"; buf holds at least 32 bytes; returns buf. */
char *rag_clock_iso8601(int64_t wall_ms, char *buf);

#endif
