/* parse.h: runs pai_rag_parse on one stored file and collects its blocks. */
#ifndef RAG_RAG_PARSE_H
#define RAG_RAG_PARSE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/opts.h"
#include "core/types.h"

/* name: the client's label; only its extension is used, to choose the reader. path: the stored file. progress
 * (NULL allowed) gets page done of total. RAG_EUNSUPPORTED (extension), RAG_EFORMAT (broken, empty, encrypted
 * …: the parser's sentence), RAG_ETOOBIG, RAG_ETIMEOUT; a parser that died gives RAG_EFORMAT "parser stopped:
 * <reason>". seconds: wall clock limit. stop: a flag that another
 * thread may set to end it early (NULL = none): RAG_ECANCELED. */
int rag_parse_file(const char *parse_program, struct rag_arena *a, const char *path, const char *name,
                   const struct rag_reader_opts *opts, int seconds, const atomic_bool *stop,
                   void (*progress)(void *ud, int done, int total), void *ud, struct rag_blocks *out,
                   struct rag_err *err);

#endif
