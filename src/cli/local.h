/* local.h: the engine inside this process, for ask and load_data without a server. */
#ifndef RAG_CLI_LOCAL_H
#define RAG_CLI_LOCAL_H

#include "config/config.h"
#include "pai_rag.h"

/* Opens the engine of the settings and waits for its model. When a server holds the data folder, err says so.
 */
int rag_local_open(struct rag_config *config, struct rag_engine **out, struct rag_err *err);

#endif
