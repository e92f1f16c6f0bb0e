/* layers.h: inside of struct rag_config, shared by the files of this folder only. */
#ifndef RAG_CONFIG_LAYERS_H
#define RAG_CONFIG_LAYERS_H

#include <pthread.h>

#include "config/config.h"
#include "config/options.h"

enum rag_layer { RAG_LAYER_DEFAULT, RAG_LAYER_FILE, RAG_LAYER_PATCH, RAG_LAYER_FIXED, RAG_LAYERS };

/* One value per row of the table; NULL = the layer says nothing. Owns references. */
struct rag_layer_values {
    json_t **v;
};

/* What reads see: the layers, borrowed. A PATCH is checked on a view with another patch layer. */
struct rag_config_view {
    struct rag_layer_values layer[RAG_LAYERS];
    json_t *texts; /* DASHSCOPE_API_KEY and the like → their text; each default of by_source → itself */
};

struct rag_config {
    pthread_rwlock_t lock; /* guards view.layer[RAG_LAYER_PATCH]; the rest never changes */
    pthread_mutex_t patching;
    struct rag_config_view view;
    char **fixed_by;  /* per row: "the environment variable X" or "the flag of X"; NULL = not fixed */
    json_t **started; /* per row with RAG_OPT_RESTART: value at start */
    char *data_dir, *snapshot;
};

int rag_layer_init(struct rag_layer_values *l);
void rag_layer_free(struct rag_layer_values *l);
void rag_layer_set(struct rag_layer_values *l, size_t i, json_t *value); /* takes the reference */

/* The object inside root that the last part of the dotted key belongs into, made on the way; *key moves to
 * that part. */
json_t *rag_layer_section(json_t *root, const char **key);
/* The values as nested objects, one level per dot. New reference. */
json_t *rag_layer_tree(const struct rag_layer_values *l);

/* Merges an object in the shape of the files into l. origin ("settings.toml") and places (from toml.h, NULL
 * allowed) go into messages. Unknown keys are collected in one log line. */
int rag_layer_read_object(struct rag_layer_values *l, const json_t *root, const char *origin, json_t *places,
                          struct rag_err *err);
/* Reads a TOML file; RAG_ENOTFOUND when it is not there. */
int rag_layer_read_file(struct rag_layer_values *l, const char *path, struct rag_err *err);
/* The variables and flags; fills c->fixed_by and c->view.texts too. */
int rag_layer_read_fixed(struct rag_config *c, const struct rag_config_sources *src, struct rag_err *err);

/* Value in force, defaults by source and general key variables included; borrowed, never NULL. */
json_t *rag_view_value(const struct rag_config_view *view, size_t i);
/* The same as text; "" for none and for what is no text. */
const char *rag_view_text(const struct rag_config_view *view, size_t i);
/* Row of a key; aborts when it is not in the table. */
size_t rag_option_row(const char *key);
/* "scheme://host:port" in lower case of an address, or the text itself; "" for none. */
void rag_config_host(const char *url, char *buf, size_t cap);
/* The text that stands for a secret in GET config. */
void rag_config_mask(const char *secret, char *buf, size_t cap);

/* Engine options of a view; what one option alone cannot show is checked here. */
int rag_view_engine_opts(const struct rag_config *c, const struct rag_config_view *view, struct rag_arena *a,
                         struct rag_engine_opts *out, struct rag_err *err);

#endif
