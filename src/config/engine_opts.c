/* engine_opts.c: the settings as the engine's options; checks what one option alone cannot show. */
#include "config/layers.h"

#include <strings.h>

#include "base/fs.h"

#define DEFAULT_MODEL   "bge-small-zh-v1.5"
#define EAS_MODELS      "/huggingface/pai_rag_model_repository_01"
#define MODELS_IN_IMAGE "/opt/pai_rag/models"

struct making {
    const struct rag_config *c;
    const struct rag_config_view *view;
    struct rag_arena *a;
};

static const json_t *value(const struct making *m, const char *key)
{
    size_t row = rag_option_row(key);
    /* c->started is not there yet while the settings are opened. */
    bool later = (rag_options[row].flags & RAG_OPT_RESTART) && m->c->started;
    return later ? m->c->started[row] : rag_view_value(m->view, row);
}

static const char *text(const struct making *m, const char *key)
{
    const char *s = json_string_value(value(m, key));
    const char *copy = rag_arena_strdup(m->a, s ? s : "");
    return copy ? copy : ""; /* an exhausted arena is reported at the end */
}

static int integer(const struct making *m, const char *key)
{
    return (int)json_integer_value(value(m, key));
}

static double number(const struct making *m, const char *key)
{
    return json_number_value(value(m, key));
}

static bool is(const struct making *m, const char *key, const char *word)
{
    const char *s = json_string_value(value(m, key));
    return s && strcasecmp(s, word) == 0;
}

/* ---- folders ---- */

const char *rag_config_model_dir(const char *configured)
{
    if (configured && *configured)
        return configured;
    return rag_fs_is_dir(EAS_MODELS) ? EAS_MODELS : "./model_repository";
}

const char *rag_config_model_dir_with(struct rag_arena *a, const char *configured, const char *model)
{
    const char *dir = rag_config_model_dir(configured);
    const char *baked = rag_arena_printf(a, "%s/%s", MODELS_IN_IMAGE, model);
    const char *own = rag_arena_printf(a, "%s/%s", dir, model);
    if (own && baked && !rag_fs_is_dir(own) && rag_fs_is_dir(baked))
        return MODELS_IN_IMAGE;
    return dir;
}

static const char *beside_program(struct rag_arena *a, const char *name)
{
    char dir[4096];
    return rag_fs_exe_dir(dir, sizeof dir) ? rag_arena_printf(a, "%s/%s", dir, name) : name;
}

/* Set-up puts the dictionary into .deps beside the build folder; an installation beside the program or under
 * share. NULL = none: the segmenter then works with bigrams only. */
static const char *find_dict(const struct making *m)
{
    static const char *const usual[] = {"dict", "../.deps/dict", "../share/pai_rag/dict"};
    const char *configured = text(m, "server.dict_dir");
    if (*configured)
        return configured;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const char *dir = beside_program(m->a, usual[i]);
        if (dir && rag_fs_is_dir(dir))
            return dir;
    }
    return NULL;
}

static void fill_places(const struct making *m, struct rag_engine_opts *out)
{
    const char *program = text(m, "server.parse_program");
    /* Names of remote models mean nothing to the local encoder. */
    bool local = is(m, "rag.embedding.source", "huggingface");
    out->data_dir = rag_arena_strdup(m->a, m->c->data_dir);
    out->embed_model = local ? text(m, "rag.embedding.model") : DEFAULT_MODEL;
    out->model_dir = rag_config_model_dir_with(m->a, text(m, "server.model_dir"), out->embed_model);
    out->parse_program = *program ? program : beside_program(m->a, "pai_rag_parse");
    out->dict_dir = find_dict(m);
    out->threads = integer(m, "server.threads");
    out->max_indexes = integer(m, "server.max_indexes");
}

/* ---- stages ---- */

static const char *const *string_list(const struct making *m, const char *key)
{
    const json_t *list = value(m, key);
    size_t n = json_array_size(list);
    const char **out = n ? rag_arena_array(m->a, n + 1, sizeof *out) : NULL;
    for (size_t i = 0; out && i < n; i++)
        out[i] = rag_arena_strdup(m->a, json_string_value(json_array_get(list, i)));
    return out;
}

static int fill_documents(const struct making *m, struct rag_engine_opts *out, struct rag_err *err)
{
    out->chunk = (struct rag_chunk_opts){
        .splitter = is(m, "rag.node_parser.type", "Token") ? RAG_SPLIT_TOKEN : RAG_SPLIT_SENTENCE,
        .chunk_size = integer(m, "rag.node_parser.chunk_size"),
        .chunk_overlap = integer(m, "rag.node_parser.chunk_overlap"),
        .paragraph_separator = text(m, "rag.node_parser.paragraph_separator"),
    };
    out->reader = (struct rag_reader_opts){
        .concat_csv_rows = json_is_true(value(m, "rag.data_reader.concat_csv_rows")),
        .format_sheet_data_to_json = json_is_true(value(m, "rag.data_reader.format_sheet_data_to_json")),
        .sheet_column_filters = string_list(m, "rag.data_reader.sheet_column_filters"),
    };
    if (out->chunk.chunk_overlap >= out->chunk.chunk_size)
        return rag_err_set(
            err, RAG_EINVAL,
            "rag.node_parser.chunk_overlap is %d and must be less than rag.node_parser.chunk_size, "
            "which is %d",
            out->chunk.chunk_overlap, out->chunk.chunk_size);
    return 0;
}

static enum rag_retrieval_mode retrieval_mode(const struct making *m)
{
    const char *key = "rag.retriever.vector_store_query_mode";
    if (is(m, key, "default"))
        return RAG_MODE_DENSE;
    return is(m, key, "text_search") || is(m, key, "sparse") ? RAG_MODE_LEXICAL : RAG_MODE_HYBRID;
}

static void fill_question(const struct making *m, struct rag_engine_opts *out)
{
    out->retrieve = (struct rag_retrieve_opts){
        .mode = retrieval_mode(m),
        .top_k = integer(m, "rag.retriever.similarity_top_k"),
        .similarity_threshold = number(m, "rag.postprocessor.similarity_threshold"),
        .rrf_k = integer(m, "rag.retriever.rrf_k"),
    };
    out->prompt = (struct rag_prompt_opts){
        .text_qa_template = text(m, "rag.synthesizer.text_qa_template"),
        .citation_qa_template = text(m, "rag.synthesizer.citation_text_qa_template"),
    };
}

/* ---- the model ---- */

static const char *without_slashes(struct rag_arena *a, const char *url)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    return rag_arena_strndup(a, url, n);
}

/* An EAS service speaks the OpenAI protocol under <endpoint>/v1, whether or not the endpoint ends in a slash.
 */
static const char *eas_base(struct rag_arena *a, const char *endpoint)
{
    const char *base = without_slashes(a, endpoint);
    size_t n = base ? strlen(base) : 0;
    if (n >= 3 && strcmp(base + n - 3, "/v1") == 0)
        return base;
    return base ? rag_arena_printf(a, "%s/v1", base) : NULL;
}

/* Not configured = nothing that could answer: the engine then answers extractively. */
static enum rag_llm_source llm_source(const struct making *m, const struct rag_llm_opts *llm)
{
    bool has_key = llm->api_key && *llm->api_key;
    if (is(m, "rag.llm.source", "paieas"))
        return has_key && *text(m, "rag.llm.endpoint") ? RAG_LLM_PAIEAS : RAG_LLM_NONE;
    if (is(m, "rag.llm.source", "dashscope"))
        return has_key ? RAG_LLM_DASHSCOPE : RAG_LLM_NONE;
    struct rag_str openai =
        rag_option_pick(rag_options[rag_option_row("rag.llm.base_url")].by_source, RAG_STR("openai"));
    bool own_server = !rag_str_eq(rag_str_of(llm->base_url), openai);
    return has_key || own_server ? RAG_LLM_OPENAI : RAG_LLM_NONE;
}

static void fill_llm(const struct making *m, struct rag_engine_opts *out)
{
    bool eas = is(m, "rag.llm.source", "paieas");
    struct rag_llm_opts *llm = &out->llm;
    *llm = (struct rag_llm_opts){
        .base_url = eas ? eas_base(m->a, text(m, "rag.llm.endpoint"))
                        : without_slashes(m->a, text(m, "rag.llm.base_url")),
        .api_key = text(m, eas ? "rag.llm.token" : "rag.llm.api_key"),
        .model = text(m, "rag.llm.model"),
        .system_prompt = text(m, "rag.llm.system_prompt"),
        .temperature = number(m, "rag.llm.temperature"),
        .max_tokens = integer(m, "rag.llm.max_tokens"),
        .context_window = integer(m, "rag.llm.context_window"),
        .timeout_s = integer(m, "rag.llm.timeout_s"),
    };
    llm->source = llm_source(m, llm);
}

int rag_view_engine_opts(const struct rag_config *c, const struct rag_config_view *view, struct rag_arena *a,
                         struct rag_engine_opts *out, struct rag_err *err)
{
    struct making m = {c, view, a};
    *out = (struct rag_engine_opts){0};
    fill_places(&m, out);
    fill_question(&m, out);
    fill_llm(&m, out);
    if (!rag_arena_alloc(a, 1))
        return rag_err_set(err, RAG_ENOMEM, "out of memory while reading the settings");
    return fill_documents(&m, out, err);
}
