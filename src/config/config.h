/* config.h: all settings: one table (options.c), five layers: defaults < file < keys changed by PATCH <
 * environment < flags. Thread-safe after open. */
#ifndef RAG_CONFIG_CONFIG_H
#define RAG_CONFIG_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "pai_rag.h"

struct rag_config;

struct rag_config_flag {
    const char *key;   /* "rag.llm.model", "server.port" */
    const char *value; /* text as typed */
};

struct rag_config_sources {
    const char *file;     /* -c; NULL = ./settings.toml, else /etc/pai_rag/settings.toml, else none */
    const char *data_dir; /* holds settings.snapshot.toml; NULL = ./localdata */
    char *const *environ; /* NULL-terminated "NAME=value" */
    const struct rag_config_flag *flags;
    size_t n_flags;
};

/* Bad values name the file, line or variable, the key, the value and what is allowed. Unknown keys, and
 * PAI-RAG's old ones, give a log line only. */
int rag_config_open(const struct rag_config_sources *src, struct rag_config **out, struct rag_err *err);
void rag_config_close(struct rag_config *c);

/* Value of any option of the table as text/number; the key must exist (abort otherwise: a bug). Strings live
 * in a. */
const char *rag_config_str(struct rag_config *c, struct rag_arena *a, const char *key);
long long rag_config_int(struct rag_config *c, const char *key);
double rag_config_num(struct rag_config *c, const char *key);
bool rag_config_bool(struct rag_config *c, const char *key);

/* Engine options from the settings; strings live in a. */
int rag_config_engine_opts(struct rag_config *c, struct rag_arena *a, struct rag_engine_opts *out,
                           struct rag_err *err);

/* The `rag` table as JSON for GET config: secrets masked ("****abcd", without a tail when shorter than 16
 * characters) beside "<name>_set". */
int rag_config_json(struct rag_config *c, struct rag_buf *out);
/* Deep-merges a JSON object in the shape of the `rag` table, checks every value, writes
 * settings.snapshot.toml (durable), then applies; on error nothing changes. A key fixed by environment or
 * flag: RAG_EINVAL naming it and the variable or flag. Sending a mask back changes nothing. A changed host of
 * an endpoint (base_url, endpoint) clears its stored secret unless a new one comes along. Wrong types:
 * RAG_ESCHEMA naming the key. */
int rag_config_patch(struct rag_config *c, struct rag_str json, struct rag_err *err);

/* Folder of the models: configured, else /huggingface/pai_rag_model_repository_01 if it exists, else
 * ./model_repository. The second form answers with the copy baked into an image when only that one holds
 * model. */
const char *rag_config_model_dir(const char *configured);
const char *rag_config_model_dir_with(struct rag_arena *a, const char *configured, const char *model);

/* settings.toml with every option, its default and help, generated from the table. */
int rag_config_template(struct rag_buf *out);
/* The same as a page of documentation (docs/config.md). */
int rag_config_markdown(struct rag_buf *out);

#endif
