/* signals.h: SIGINT and SIGTERM as return values instead of interruptions. */
#ifndef RAG_CLI_SIGNALS_H
#define RAG_CLI_SIGNALS_H

/* Blocks both (and ignores SIGPIPE) for this thread and those it starts: call first. */
void rag_signals_block(void);
/* Waits for one; its number, or 0 after timeout_ms (-1 = for ever). Once one has come, the next kills the
 * process at once: whoever presses Ctrl-C twice does not want to wait. */
int rag_signals_wait(int timeout_ms);

#endif
