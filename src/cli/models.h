/* models.h: fetches models named in the manifest into the model folder. */
#ifndef RAG_CLI_MODELS_H
#define RAG_CLI_MODELS_H

#include "base/err.h"

/* The manifest built in: TOML, see model_manifest.c. */
extern const char rag_model_manifest[];

/* Fetches one model, or all of the manifest when name is NULL, into dir/<name>. What is there and has the
 * right SHA-256 is left alone. Reports on stderr. RAG_ENOTFOUND "<name> is not a valid model name."
 * PAI_RAG_MODEL_SOURCES names a manifest to use instead. */
int rag_models_fetch(const char *dir, const char *name, struct rag_err *err);

#endif
