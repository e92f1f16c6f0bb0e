/* limits.h: every maximum of the program in one list. Sizes are bytes unless the name says otherwise. */
#ifndef RAG_BASE_LIMITS_H
#define RAG_BASE_LIMITS_H

#define RAG_MIB ((size_t)1 << 20)

#define RAG_LIMIT_ARENA            (512 * RAG_MIB) /* one request or document, when nothing smaller is asked for */
#define RAG_LIMIT_JSON_BODY        (8 * RAG_MIB)   /* a JSON request body */
#define RAG_LIMIT_JSON_DEPTH       64              /* levels of nesting in JSON from outside */
#define RAG_LIMIT_UPLOAD           (512 * RAG_MIB) /* a multipart request body */
#define RAG_LIMIT_UPLOAD_FILES     1000            /* files in one upload */
#define RAG_LIMIT_FILE_NAME        255             /* bytes of a file name kept as its label */
#define RAG_LIMIT_DOC_TEXT         (64 * RAG_MIB)  /* text that a parser may return for one file */
#define RAG_LIMIT_PARSE_FRAME      (1 * RAG_MIB)   /* one frame from the parser */
#define RAG_LIMIT_PARSE_SECONDS    300             /* wall clock of one parse … */
#define RAG_LIMIT_PARSE_CPU        60 /* … and seconds of processor time: one file must not hold up the others */
#define RAG_LIMIT_PARSE_MEMORY     (1024 * RAG_MIB) /* address space of the parser */
#define RAG_LIMIT_QUESTION         (64 * 1024)      /* a question */
#define RAG_LIMIT_ANSWER           (4 * RAG_MIB)    /* text taken from one model answer */
#define RAG_LIMIT_TOP_K            1000             /* hits */
#define RAG_LIMIT_INDEXES          20               /* default of DEFAULT_MAX_INDEX_ENTRY_COUNT */
#define RAG_LIMIT_SESSIONS         10000            /* sessions kept */
#define RAG_LIMIT_SESSION_TURNS    50 /* messages of a session that a follow-up is condensed from */
#define RAG_LIMIT_HTTP_CONNECTIONS 4096
#define RAG_LIMIT_HTTP_HEADERS     (32 * 1024)
#define RAG_LIMIT_STREAM_BUFFER    (1 * RAG_MIB) /* bytes of a stream waiting for a slow client */
#define RAG_LIMIT_CONFIG_FILE      (1 * RAG_MIB)
#define RAG_LIMIT_MODEL_FILE       (4096 * RAG_MIB)

#endif
