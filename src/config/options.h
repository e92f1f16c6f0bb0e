/* options.h: shape of the one table of all settings. Files, environment, flags, GET and PATCH config, --help,
 * the sample settings.toml and docs/config.md are all made from it. */
#ifndef RAG_CONFIG_OPTIONS_H
#define RAG_CONFIG_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum rag_option_type {
    RAG_OPT_BOOL,
    RAG_OPT_INT,
    RAG_OPT_NUM,
    RAG_OPT_STR,
    RAG_OPT_URL,    /* http or https */
    RAG_OPT_PROMPT, /* text that must hold {context_str} and {query_str} */
    RAG_OPT_ENUM,
    RAG_OPT_STRS,   /* list of text */
    RAG_OPT_NUMS,   /* list of numbers */
    RAG_OPT_MAP,    /* name → text */
    RAG_OPT_SECRET, /* shown as a mask */
};

enum rag_option_flag {
    RAG_OPT_IDLE = 1,    /* PAI-RAG's: accepted and returned, no effect in this version */
    RAG_OPT_RESTART = 2, /* a change takes effect at the next start */
    RAG_OPT_QUIET = 4,   /* left out of GET config while it has no value */
};

struct rag_option {
    const char *key; /* "rag.llm.model" */
    enum rag_option_type type;
    const char *dflt;      /* as typed into an environment variable; NULL = no value (null) */
    const char *by_source; /* defaults by the section's `source`, used when there is no value: "openai=…|…" */
    const char *by_source_env; /* the same with names of environment variables (secrets) */
    const char *choices;       /* ENUM: "a|b|old=b": `old` is accepted and means b */
    double min, max;           /* INT, NUM */
    const char *old;           /* old keys of the same meaning: "rag.llm.name|…" */
    const char *env;           /* own environment variable beside PAIRAG_… */
    const char *host;          /* SECRET: key of the address that it is sent to */
    unsigned flags;
    const char *help, *help_zh;
};

extern const struct rag_option rag_options[];
extern const size_t rag_n_options;

/* Index of the row, by key or old key, letter case ignored; -1 when there is none. *is_old (NULL allowed). */
int rag_option_find(struct rag_str key, bool *is_old);
/* The section's `source` row that by_source looks at; -1 when there is none. */
int rag_option_source(size_t i);
/* Entry `name` of a "name=value|…" list; n = 0 when it is not there. */
struct rag_str rag_option_pick(const char *list, struct rag_str name);

/* Checks value against the row and returns what is stored (new reference): numbers converted, enum words
 * lower-cased and canonical. NULL on error: RAG_ESCHEMA for a wrong type, RAG_EINVAL for a value that is not
 * allowed; the message names key, value and what is allowed. */
json_t *rag_option_check(const struct rag_option *o, const json_t *value, struct rag_err *err);
/* The same from text as typed in a variable, a flag or the table: TOML where the type wants it. */
json_t *rag_option_from_text(const struct rag_option *o, struct rag_str text, struct rag_err *err);
/* "one of a, b", "a number from 0 to 1", … */
const char *rag_option_allowed(const struct rag_option *o, char *buf, size_t cap);

#endif
