/* log.h: one line per event to stderr: time, level, component, text. Control characters are escaped.
 * Thread-safe. */
#ifndef RAG_BASE_LOG_H
#define RAG_BASE_LOG_H

enum rag_log_level { RAG_LOG_DEBUG, RAG_LOG_INFO, RAG_LOG_WARN, RAG_LOG_ERROR };

/* From PAI_RAG_LOG (debug, info, warn, error) at first use; default info. */
void rag_log_set_level(enum rag_log_level level);
/* Never pass document content or a secret. A line holds at most 2 KiB. */
void rag_log(enum rag_log_level level, const char *component, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define rag_debug(component, ...) rag_log(RAG_LOG_DEBUG, component, __VA_ARGS__)
#define rag_info(component, ...)  rag_log(RAG_LOG_INFO, component, __VA_ARGS__)
#define rag_warn(component, ...)  rag_log(RAG_LOG_WARN, component, __VA_ARGS__)
#define rag_error(component, ...) rag_log(RAG_LOG_ERROR, component, __VA_ARGS__)

#endif
