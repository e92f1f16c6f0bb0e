/* test_config.c: the five layers, what is refused, and the engine options that come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "config/config.h"
#include "config/options.h"
#include "text/toml.h"

/* Each test runs in an empty folder of its own. */
static int enter(void **state)
{
    char dir[] = "/tmp/rag_config_XXXXXX";
    if (!mkdtemp(dir) || chdir(dir) != 0)
        return -1;
    *state = strdup(dir);
    return 0;
}

static int leave(void **state)
{
    int rc = chdir("/tmp") | rag_fs_remove_tree(*state, NULL);
    free(*state);
    return rc;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(rag_fs_write_durable(path, text, strlen(text), NULL), 0);
}

static struct rag_config *open_with(const char *file, char *const *environ_)
{
    struct rag_err err = {0};
    struct rag_config *c = NULL;
    struct rag_config_sources src = {.file = file, .environ = environ_};
    int rc = rag_config_open(&src, &c, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, 0);
    return c;
}

static int open_fails(const char *file, char *const *environ_, struct rag_err *err)
{
    struct rag_config *c = NULL;
    struct rag_config_sources src = {.file = file, .environ = environ_};
    int rc = rag_config_open(&src, &c, err);
    assert_null(c);
    return rc;
}

static void expect_text(struct rag_config *c, const char *key, const char *text)
{
    struct rag_arena a = {0};
    assert_string_equal(rag_config_str(c, &a, key), text);
    rag_arena_free(&a);
}

static struct rag_llm_opts llm_of(struct rag_config *c, struct rag_arena *a)
{
    struct rag_err err = {0};
    struct rag_engine_opts opts;
    assert_int_equal(rag_config_engine_opts(c, a, &opts, &err), 0);
    return opts.llm;
}

static void defaults_are_the_table(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_err err = {0};
    struct rag_engine_opts o;
    struct rag_config *c = open_with(NULL, NULL);
    assert_int_equal(rag_config_engine_opts(c, &a, &o, &err), 0);
    assert_string_equal(o.data_dir, "./localdata");
    assert_string_equal(o.embed_model, "bge-small-zh-v1.5");
    assert_string_equal(o.model_dir, "./model_repository");
    assert_int_equal(o.max_indexes, 20);
    assert_int_equal(o.chunk.splitter, RAG_SPLIT_SENTENCE);
    assert_int_equal(o.chunk.chunk_size, 500);
    assert_int_equal(o.chunk.chunk_overlap, 10);
    assert_string_equal(o.chunk.paragraph_separator, "\n\n\n");
    assert_null(o.reader.sheet_column_filters);
    assert_int_equal(o.retrieve.mode, RAG_MODE_HYBRID);
    assert_int_equal(o.retrieve.top_k, 3);
    assert_int_equal(o.retrieve.rrf_k, 60);
    assert_true(o.retrieve.similarity_threshold == 0.5);
    assert_int_equal(o.llm.source, RAG_LLM_NONE);
    assert_string_equal(o.llm.model, "qwen-max");
    assert_true(o.llm.temperature == 0.1);
    assert_int_equal(o.llm.max_tokens, 2000);
    assert_non_null(strstr(o.prompt.citation_qa_template, "{context_str}"));
    assert_int_equal(rag_config_int(c, "server.port"), 8001);
    rag_arena_free(&a);
    rag_config_close(c);
}

static void later_layers_win(void **state)
{
    (void)state;
    put("settings.toml",
        "[rag.llm]\nmodel = \"file\"\nmax_tokens = 11\ntemperature = 1\nsystem_prompt = \"f\"\n"
        "[server]\nport = 1\n");
    rag_fs_mkdirs("localdata", NULL);
    put("localdata/settings.snapshot.toml",
        "[rag.llm]\nmodel = \"patch\"\nmax_tokens = 22\ntemperature = 1.5\n");
    char *env[] = {"PAIRAG_RAG__LLM__model=env", "pairag_rag__llm__max_tokens=33", "PAIRAG_SERVER__PORT=2",
                   NULL};
    struct rag_config_flag flag = {"server.port", "3"};
    struct rag_config_sources src = {.environ = env, .flags = &flag, .n_flags = 1};
    struct rag_config *c = NULL;
    assert_int_equal(rag_config_open(&src, &c, NULL), 0);
    expect_text(c, "rag.llm.system_prompt", "f");
    assert_true(rag_config_num(c, "rag.llm.temperature") == 1.5);
    expect_text(c, "rag.llm.model", "env");
    assert_int_equal(rag_config_int(c, "rag.llm.max_tokens"), 33);
    assert_int_equal(rag_config_int(c, "server.port"), 3);
    rag_config_close(c);
}

static void environment_values_are_toml(void **state)
{
    (void)state;
    char *env[] = {"PAIRAG_RAG__llm__source=PaiEAS",
                   "PAIRAG_RAG__llm__token=123456",
                   "PAIRAG_RAG__llm__model='quoted'",
                   "PAIRAG_RAG__retriever__hybrid_fusion_weights=[0.5, 1]",
                   "PAIRAG_RAG__data_reader__sheet_column_filters=[\"a\", \"b\"]",
                   "PAIRAG_RAG__data_reader__concat_csv_rows=true",
                   "PAIRAG_RAG__oss_store__bucket=",
                   "PAIRAG_RAG__nobody__knows=1",
                   "DEFAULT_MAX_INDEX_ENTRY_COUNT=7",
                   "PAI_RAG_API_KEY=",
                   NULL};
    struct rag_config *c = open_with(NULL, env);
    expect_text(c, "rag.llm.source", "paieas");
    expect_text(c, "rag.llm.token", "123456");
    expect_text(c, "rag.llm.model", "quoted");
    expect_text(c, "rag.retriever.hybrid_fusion_weights", "0.5,1");
    expect_text(c, "rag.data_reader.sheet_column_filters", "a,b");
    assert_true(rag_config_bool(c, "rag.data_reader.concat_csv_rows"));
    expect_text(c, "rag.oss_store.bucket", "");
    assert_int_equal(rag_config_int(c, "server.max_indexes"), 7);
    expect_text(c, "server.api_key", "");
    rag_config_close(c);
}

static void paths_of_c_flag(void **state)
{
    (void)state;
    struct rag_err err = {0};
    assert_int_equal(open_fails("no.toml", NULL, &err), RAG_ENOTFOUND);
    assert_non_null(strstr(err.msg, "no.toml"));
    put("mine.toml", "[rag.retriever]\nsimilarity_top_k = 9\n");
    put("settings.toml", "[rag.retriever]\nsimilarity_top_k = 8\n");
    struct rag_config *c = open_with("mine.toml", NULL);
    assert_int_equal(rag_config_int(c, "rag.retriever.similarity_top_k"), 9);
    rag_config_close(c);
}

static void bad_values_name_everything(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *says[3];
    } cases[] = {
        {"[rag.llm]\nsource = \"azure\"\n",
         RAG_EINVAL,
         {"line 2, column 10", "azure", "dashscope, openai, paieas"}},
        {"[rag.retriever]\n\nsimilarity_top_k = \"three\"\n",
         RAG_ESCHEMA,
         {"line 3", "three", "from 0 to 1000"}},
        {"[rag.retriever]\nsimilarity_top_k = 1.5\n", RAG_ESCHEMA, {"1.5", "whole number", "line 2"}},
        {"[rag.postprocessor]\nsimilarity_threshold = 1.5\n", RAG_EINVAL, {"1.5", "from 0 to 1", "line 2"}},
        {"[rag.llm]\nbase_url = \"ftp://x\"\n", RAG_EINVAL, {"rag.llm.base_url", "http://", "line 2"}},
        {"[rag.synthesizer]\ntext_qa_template = \"x\"\n",
         RAG_EINVAL,
         {"{context_str}", "{query_str}", "line 2"}},
        {"[rag.node_parser]\nchunk_size = 10\n", RAG_EINVAL, {"chunk_overlap is 10", "chunk_size", "is 10"}},
        {"[rag\n", RAG_EFORMAT, {"settings.toml", "line 1", "column"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rag_err err = {0};
        put("settings.toml", cases[i].text);
        assert_int_equal(open_fails(NULL, NULL, &err), cases[i].code);
        for (size_t k = 0; k < 3; k++)
            if (!strstr(err.msg, cases[i].says[k]))
                fail_msg("\"%s\" is not in \"%s\"", cases[i].says[k], err.msg);
    }
    unlink("settings.toml");
    struct rag_err err = {0};
    char *env[] = {"PAIRAG_SERVER__port=70000", NULL};
    assert_int_equal(open_fails(NULL, env, &err), RAG_EINVAL);
    assert_non_null(strstr(err.msg, "PAIRAG_SERVER__port"));
    assert_non_null(strstr(err.msg, "70000"));
}

/* What PAI-RAG ships, and what its older versions had, must be readable. */
static void files_of_pai_rag_are_accepted(void **state)
{
    (void)state;
    put("settings.toml",
        "dynaconf_merge = true\n[rag]\nname = \"pai_rag\"\nversion = \"0.1.1\"\n"
        "[rag.agent]\ncustom_agent_config_file = \"\"\n"
        "[rag.chat_store]\ntype = \"Local\"\npersist_path = \"localdata/storage\"\n"
        "[rag.data_reader]\ntype = \"SimpleDirectoryReader\"\n"
        "[rag.embedding]\nsource = \"DashScope\"\nmodel_name = \"\"\n"
        "[rag.index.vector_store]\ntype = \"FAISS\"\n"
        "[rag.llm]\nsource = \"DashScope\"\nname = \"qwen-plus\"\n"
        "[rag.node_parser]\ntype = \"sentence\"\nchunk_size = 400\n"
        "[rag.postprocessor]\nreranker_type = \"simple-weighted-reranker\"\nvector_weight = 0.7\n"
        "[rag.retriever]\nretrieval_mode = \"router\"\nquery_rewrite_n = 1\n"
        "[rag.trace]\ntype = \"pai-llm-trace\"\n");
    struct rag_config *c = open_with(NULL, NULL);
    struct rag_arena a = {0};
    struct rag_engine_opts o;
    assert_int_equal(rag_config_engine_opts(c, &a, &o, NULL), 0);
    assert_int_equal(o.chunk.chunk_size, 400);
    assert_int_equal(o.retrieve.mode, RAG_MODE_HYBRID); /* "router" means nothing here */
    assert_string_equal(o.embed_model, "bge-small-zh-v1.5");
    assert_string_equal(o.llm.model, "qwen-plus");
    expect_text(c, "rag.index.vector_store.type", "faiss");
    expect_text(c, "rag.postprocessor.reranker_type", "no-reranker");
    expect_text(c, "rag.trace.type", "pai_trace");
    expect_text(c, "rag.node_parser.type", "Sentence");
    rag_arena_free(&a);
    rag_config_close(c);
}

static void retrieval_modes(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum rag_retrieval_mode mode;
    } cases[] = {
        {"retrieval_mode = \"embedding\"", RAG_MODE_DENSE},
        {"retrieval_mode = \"keyword\"", RAG_MODE_LEXICAL},
        {"retrieval_mode = \"Hybrid\"", RAG_MODE_HYBRID},
        {"vector_store_query_mode = \"default\"", RAG_MODE_DENSE},
        {"vector_store_query_mode = \"text_search\"", RAG_MODE_LEXICAL},
        {"vector_store_query_mode = \"sparse\"", RAG_MODE_LEXICAL},
        {"retrieval_mode = \"embedding\"\nvector_store_query_mode = \"text_search\"", RAG_MODE_LEXICAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct rag_arena a = {0};
        struct rag_engine_opts o;
        snprintf(text, sizeof text, "[rag.retriever]\n%s\n", cases[i].line);
        put("settings.toml", text);
        struct rag_config *c = open_with(NULL, NULL);
        assert_int_equal(rag_config_engine_opts(c, &a, &o, NULL), 0);
        assert_int_equal(o.retrieve.mode, cases[i].mode);
        rag_arena_free(&a);
        rag_config_close(c);
    }
}

static void who_answers(void **state)
{
    (void)state;
    static const struct {
        char *env[5];
        enum rag_llm_source source;
        const char *base, *key, *model;
    } cases[] = {
        {{NULL}, RAG_LLM_NONE, "https://dashscope.aliyuncs.com/compatible-mode/v1", "", "qwen-max"},
        {{"DASHSCOPE_API_KEY=sk-1"},
         RAG_LLM_DASHSCOPE,
         "https://dashscope.aliyuncs.com/compatible-mode/v1",
         "sk-1",
         "qwen-max"},
        {{"DASHSCOPE_API_KEY=sk-1", "PAIRAG_RAG__llm__api_key=own"},
         RAG_LLM_DASHSCOPE,
         "https://dashscope.aliyuncs.com/compatible-mode/v1",
         "own",
         "qwen-max"},
        {{"DASHSCOPE_API_KEY="},
         RAG_LLM_NONE,
         "https://dashscope.aliyuncs.com/compatible-mode/v1",
         "",
         "qwen-max"},
        {{"OPENAI_API_KEY=sk-2"},
         RAG_LLM_NONE,
         "https://dashscope.aliyuncs.com/compatible-mode/v1",
         "",
         "qwen-max"},
        {{"OPENAI_API_KEY=sk-2", "PAIRAG_RAG__llm__source=OpenAI"},
         RAG_LLM_OPENAI,
         "https://api.openai.com/v1",
         "sk-2",
         "gpt-3.5-turbo"},
        {{"PAIRAG_RAG__llm__source=openai"}, RAG_LLM_NONE, "https://api.openai.com/v1", "", "gpt-3.5-turbo"},
        {{"PAIRAG_RAG__llm__source=openai", "PAIRAG_RAG__llm__base_url=http://127.0.0.1:11434/v1/",
          "PAIRAG_RAG__llm__model=qwen2"},
         RAG_LLM_OPENAI,
         "http://127.0.0.1:11434/v1",
         "",
         "qwen2"},
        {{"PAIRAG_RAG__llm__source=paieas", "PAIRAG_RAG__llm__endpoint=http://eas/api/predict/svc",
          "PAIRAG_RAG__llm__token=77"},
         RAG_LLM_PAIEAS,
         "http://eas/api/predict/svc/v1",
         "77",
         "default"},
        {{"PAIRAG_RAG__llm__source=paieas", "PAIRAG_RAG__llm__endpoint=http://eas/api/predict/svc//",
          "PAIRAG_RAG__llm__token=t"},
         RAG_LLM_PAIEAS,
         "http://eas/api/predict/svc/v1",
         "t",
         "default"},
        {{"PAIRAG_RAG__llm__source=paieas", "PAIRAG_RAG__llm__endpoint=http://eas/v1",
          "PAIRAG_RAG__llm__token=t"},
         RAG_LLM_PAIEAS,
         "http://eas/v1",
         "t",
         "default"},
        {{"PAIRAG_RAG__llm__source=paieas", "PAIRAG_RAG__llm__endpoint=http://eas/"},
         RAG_LLM_NONE,
         "http://eas/v1",
         "",
         "default"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rag_arena a = {0};
        struct rag_config *c = open_with(NULL, (char *const *)cases[i].env);
        struct rag_llm_opts llm = llm_of(c, &a);
        assert_int_equal(llm.source, cases[i].source);
        assert_string_equal(llm.base_url, cases[i].base);
        assert_string_equal(llm.api_key, cases[i].key);
        assert_string_equal(llm.model, cases[i].model);
        rag_arena_free(&a);
        rag_config_close(c);
    }
}

static void model_folder(void **state)
{
    (void)state;
    char *env[] = {"PAI_RAG_MODEL_DIR=/models", NULL};
    struct rag_arena a = {0};
    struct rag_engine_opts o;
    struct rag_config *c = open_with(NULL, env);
    assert_int_equal(rag_config_engine_opts(c, &a, &o, NULL), 0);
    assert_string_equal(o.model_dir, rag_fs_is_dir("/opt/pai_rag/models/bge-small-zh-v1.5")
                                         ? "/opt/pai_rag/models"
                                         : "/models");
    rag_arena_free(&a);
    rag_config_close(c);
}

/* The sample file with every '#' before a name taken away must mean exactly the defaults. */
static void sample_file_is_the_defaults(void **state)
{
    (void)state;
    struct rag_buf sample, active, before, after;
    rag_buf_init(&sample, 1 << 20);
    rag_buf_init(&active, 1 << 20);
    rag_buf_init(&before, 1 << 20);
    rag_buf_init(&after, 1 << 20);
    assert_int_equal(rag_config_template(&sample), 0);
    bool line_start = true;
    for (size_t i = 0; i < sample.n; i++) {
        bool drop = line_start && sample.p[i] == '#' && sample.p[i + 1] != ' ';
        line_start = sample.p[i] == '\n';
        if (!drop)
            rag_buf_addc(&active, sample.p[i]);
    }
    struct rag_config *c = open_with(NULL, NULL);
    assert_int_equal(rag_config_json(c, &before), 0);
    rag_config_close(c);
    put("settings.toml", active.p);
    c = open_with(NULL, NULL);
    assert_int_equal(rag_config_json(c, &after), 0);
    rag_config_close(c);
    assert_string_equal(before.p, after.p);
    for (size_t i = 0; i < rag_n_options; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s ", strrchr(rag_options[i].key, '.') + 1);
        assert_non_null(strstr(sample.p, name));
    }
    rag_buf_free(&sample);
    rag_buf_free(&active);
    rag_buf_free(&before);
    rag_buf_free(&after);
}

static void expect_same_as(const char *file, int (*make)(struct rag_buf *))
{
    struct rag_buf made, kept;
    rag_buf_init(&made, 1 << 20);
    rag_buf_init(&kept, 1 << 20);
    assert_int_equal(make(&made), 0);
    assert_int_equal(rag_fs_read(file, &kept, NULL), 0);
    if (strcmp(made.p, kept.p) != 0)
        fail_msg("%s is out of date: write it again with `pai_rag print_config`", file);
    rag_buf_free(&made);
    rag_buf_free(&kept);
}

static void documents_are_up_to_date(void **state)
{
    (void)state;
    expect_same_as(RAG_SOURCE_DIR "/docs/settings.example.toml", rag_config_template);
    expect_same_as(RAG_SOURCE_DIR "/docs/config.md", rag_config_markdown);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_the_table),
        TEST(later_layers_win),
        TEST(environment_values_are_toml),
        TEST(paths_of_c_flag),
        TEST(bad_values_name_everything),
        TEST(files_of_pai_rag_are_accepted),
        TEST(retrieval_modes),
        TEST(who_answers),
        TEST(model_folder),
        TEST(sample_file_is_the_defaults),
        TEST(documents_are_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
