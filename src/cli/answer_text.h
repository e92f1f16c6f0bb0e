/* answer_text.h: the sources of an answer, for a terminal. */
#ifndef RAG_CLI_ANSWER_TEXT_H
#define RAG_CLI_ANSWER_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* last: the API's last stream message ("docs", "citations", "extractive"). One line per cited passage:
 * number, file, page, and how the passage begins; all passages when none was cited. */
void rag_answer_print_sources(FILE *to, const json_t *last);

#endif
