/* test_patch.c: PATCH config: what is stored, refused, masked and cleared; on error nothing changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "config/config.h"

static int enter(void **state)
{
    char dir[] = "/tmp/rag_patch_XXXXXX";
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

static struct rag_config *open_env(char *const *environ_)
{
    struct rag_err err = {0};
    struct rag_config *c = NULL;
    struct rag_config_sources src = {.environ = environ_};
    rag_config_open(&src, &c, &err);
    assert_string_equal(err.msg, "");
    return c;
}

static void patch_ok(struct rag_config *c, const char *json)
{
    struct rag_err err = {0};
    int rc = rag_config_patch(c, rag_str_of(json), &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, 0);
}

static void patch_fails(struct rag_config *c, const char *json, int code, const char *says)
{
    struct rag_err err = {0};
    assert_int_equal(rag_config_patch(c, rag_str_of(json), &err), code);
    if (!strstr(err.msg, says))
        fail_msg("\"%s\" is not in \"%s\"", says, err.msg);
}

static json_t *get(struct rag_config *c)
{
    struct rag_buf out;
    rag_buf_init(&out, 1 << 20);
    assert_int_equal(rag_config_json(c, &out), 0);
    json_t *root = json_loads(out.p, 0, NULL);
    assert_non_null(root);
    rag_buf_free(&out);
    return root;
}

/* Text of "section.name" in GET config; "" for null. */
static void expect_shown(struct rag_config *c, const char *section, const char *name, const char *text)
{
    json_t *root = get(c);
    json_t *v = json_object_get(json_object_get(root, section), name);
    assert_non_null(v);
    assert_string_equal(json_is_null(v) ? "" : json_string_value(v), text);
    json_decref(root);
}

static void expect_text(struct rag_config *c, const char *key, const char *text)
{
    struct rag_arena a = {0};
    assert_string_equal(rag_config_str(c, &a, key), text);
    rag_arena_free(&a);
}

/* The stored file without its comment lines. */
static void expect_snapshot(const char *text)
{
    struct rag_buf file;
    rag_buf_init(&file, 1 << 20);
    rag_fs_read("localdata/settings.snapshot.toml", &file, NULL);
    const char *body = file.p ? strstr(file.p, "\n\n") : NULL;
    assert_string_equal(body ? body + 2 : "", text);
    rag_buf_free(&file);
}

static void only_changes_are_stored(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    patch_ok(c, "{}");
    assert_false(rag_fs_exists("localdata/settings.snapshot.toml"));
    patch_ok(c,
             "{\"llm\":{\"temperature\":0.7,\"max_tokens\":2000},\"retriever\":{\"similarity_top_k\":5.0}}");
    expect_snapshot("[rag.llm]\ntemperature = 0.7\n\n[rag.retriever]\nsimilarity_top_k = 5\n");
    struct stat st;
    assert_int_equal(stat("localdata/settings.snapshot.toml", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    rag_config_close(c);

    c = open_env(NULL);
    assert_true(rag_config_num(c, "rag.llm.temperature") == 0.7);
    assert_int_equal(rag_config_int(c, "rag.retriever.similarity_top_k"), 5);
    rag_config_close(c);
}

/* PAI-RAG's page sends everything back that GET gave it. */
static void sending_everything_back_changes_nothing(void **state)
{
    (void)state;
    char *env[] = {"PAIRAG_RAG__llm__model=fixed", "DASHSCOPE_API_KEY=sk-0123456789abcdef", NULL};
    struct rag_config *c = open_env(env);
    json_t *all = get(c);
    char *text = json_dumps(all, 0);
    patch_ok(c, text);
    assert_false(rag_fs_exists("localdata/settings.snapshot.toml"));
    free(text);
    json_decref(all);
    rag_config_close(c);
}

static void wrong_types_and_values(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    patch_fails(c, "{\"llm\":{\"temperature\":\"hot\"}}", RAG_ESCHEMA, "rag.llm.temperature");
    patch_fails(c, "{\"llm\":{\"max_tokens\":null}}", RAG_ESCHEMA, "rag.llm.max_tokens");
    patch_fails(c, "{\"llm\":5}", RAG_ESCHEMA, "rag.llm");
    patch_fails(c, "[1]", RAG_ESCHEMA, "object");
    patch_fails(c, "{\"llm\":{\"temperature\":3}}", RAG_EINVAL, "from 0 to 2");
    patch_fails(c, "{\"llm\":{\"source\":\"azure\"}}", RAG_EINVAL, "dashscope, openai, paieas");
    patch_fails(c, "{\"node_parser\":{\"chunk_overlap\":500}}", RAG_EINVAL, "chunk_size");
    patch_fails(c, "{\"embedding\":{\"model\":\"no-such-model\"}}", RAG_EINVAL, "no-such-model");
    patch_fails(c, "{\"embedding\":{\"model\":\"../x\"}}", RAG_EINVAL, "not a path");
    struct rag_err err = {0};
    assert_int_not_equal(rag_config_patch(c, RAG_STR("{\"llm\":"), &err), 0);
    /* The good half of a bad request has no effect either. */
    patch_fails(c, "{\"llm\":{\"temperature\":1},\"retriever\":{\"similarity_top_k\":-1}}", RAG_EINVAL,
                "similarity_top_k");
    assert_true(rag_config_num(c, "rag.llm.temperature") == 0.1);
    assert_false(rag_fs_exists("localdata/settings.snapshot.toml"));
    /* Unknown ones, and the server's own, are not settings of this interface. */
    patch_ok(c, "{\"nobody\":{\"knows\":1},\"llm\":{\"also_not\":2},\"functioncalling_llm\":null,\"server\":{"
                "\"port\":1}}");
    assert_int_equal(rag_config_int(c, "server.port"), 8001);
    rag_config_close(c);
}

static void unwritable_state_changes_nothing(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    assert_int_equal(rag_fs_write_durable("localdata", "", 0, NULL),
                     0); /* a file where the folder should be */
    patch_fails(c, "{\"llm\":{\"temperature\":1}}", RAG_EIO, "localdata");
    assert_true(rag_config_num(c, "rag.llm.temperature") == 0.1);
    rag_config_close(c);
}

static void fixed_keys_are_named(void **state)
{
    (void)state;
    char *env[] = {"PAIRAG_RAG__llm__model=fixed", NULL};
    struct rag_config_flag flag = {"rag.retriever.rrf_k", "50"};
    struct rag_config_sources src = {.environ = env, .flags = &flag, .n_flags = 1};
    struct rag_config *c = NULL;
    assert_int_equal(rag_config_open(&src, &c, NULL), 0);
    patch_fails(c, "{\"llm\":{\"model\":\"other\"}}", RAG_EINVAL, "PAIRAG_RAG__llm__model");
    patch_fails(c, "{\"llm\":{\"model\":\"other\"}}", RAG_EINVAL, "rag.llm.model");
    patch_fails(c, "{\"retriever\":{\"rrf_k\":10}}", RAG_EINVAL, "flag");
    patch_ok(c, "{\"llm\":{\"model\":\"fixed\",\"temperature\":0.3}}");
    assert_true(rag_config_num(c, "rag.llm.temperature") == 0.3);
    rag_config_close(c);
}

static void secrets_are_masked(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    expect_shown(c, "llm", "api_key", "");
    patch_ok(c, "{\"llm\":{\"api_key\":\"sk-0123456789abcdef\"}}");
    expect_shown(c, "llm", "api_key", "****cdef");
    patch_ok(c, "{\"llm\":{\"api_key\":\"****cdef\",\"api_key_set\":true}}");
    expect_text(c, "rag.llm.api_key", "sk-0123456789abcdef");
    patch_ok(c, "{\"llm\":{\"api_key\":\"fifteen-letters\"}}");
    expect_shown(c, "llm", "api_key", "****");
    patch_ok(c, "{\"llm\":{\"api_key\":\"****\"}}");
    expect_text(c, "rag.llm.api_key", "fifteen-letters");
    json_t *root = get(c);
    assert_true(json_is_true(json_object_get(json_object_get(root, "llm"), "api_key_set")));
    assert_true(json_is_false(json_object_get(json_object_get(root, "llm"), "token_set")));
    json_decref(root);
    patch_ok(c, "{\"llm\":{\"api_key\":\"\"}}");
    expect_text(c, "rag.llm.api_key", "");
    patch_ok(c, "{\"llm\":{\"token\":12345}}");
    expect_text(c, "rag.llm.token", "12345");
    struct rag_err err = {0};
    assert_int_equal(rag_config_patch(c, RAG_STR("{\"llm\":{\"api_key\":[\"sk-secret\"]}}"), &err),
                     RAG_ESCHEMA);
    assert_null(strstr(err.msg, "secret"));
    rag_config_close(c);
}

#define KEY "\"api_key\":\"sk-0123456789abcdef\""

static void another_host_clears_the_secret(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    patch_ok(c, "{\"llm\":{\"source\":\"openai\",\"base_url\":\"https://a.example/v1\"," KEY "}}");
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://A.example/v2/\"}}"); /* the same host */
    expect_text(c, "rag.llm.api_key", "sk-0123456789abcdef");
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://b.example/v1\",\"api_key\":\"****cdef\"}}");
    expect_text(c, "rag.llm.api_key", "");
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://c.example/v1\"," KEY "}}"); /* a new one comes along */
    expect_text(c, "rag.llm.api_key", "sk-0123456789abcdef");
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://c.example:8443/v1\"}}");
    expect_text(c, "rag.llm.api_key", "");
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://c.example/v1\"," KEY "}}");
    patch_ok(c, "{\"llm\":{\"base_url\":null}}"); /* back to the default host */
    expect_text(c, "rag.llm.api_key", "");
    patch_ok(c, "{\"llm\":{\"endpoint\":\"http://eas/a\",\"token\":\"t\"}}");
    patch_ok(c, "{\"llm\":{\"endpoint\":\"http://other/a\"}}");
    expect_text(c, "rag.llm.token", "");
    rag_config_close(c);
}

static void another_source_is_another_host(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    patch_ok(c, "{\"llm\":{" KEY "}}");
    patch_ok(c, "{\"llm\":{\"source\":\"openai\"}}");
    expect_text(c, "rag.llm.api_key", "");
    expect_text(c, "rag.llm.model", "gpt-3.5-turbo");
    rag_config_close(c);
}

static void secret_of_the_file_is_cleared_too(void **state)
{
    (void)state;
    const char *file = "[rag.llm]\napi_key = \"sk-of-the-file-0000\"\n";
    assert_int_equal(rag_fs_write_durable("settings.toml", file, strlen(file), NULL), 0);
    struct rag_config *c = open_env(NULL);
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://thief.example/v1\"}}");
    expect_text(c, "rag.llm.api_key", "");
    rag_config_close(c);
    c = open_env(NULL); /* and stays so after a restart */
    expect_text(c, "rag.llm.api_key", "");
    rag_config_close(c);
}

static void fixed_secrets_go_nowhere_else(void **state)
{
    (void)state;
    char *fixed[] = {"PAIRAG_RAG__llm__api_key=sk-0123456789abcdef", NULL};
    struct rag_config *c = open_env(fixed);
    patch_fails(c, "{\"llm\":{\"base_url\":\"https://thief.example/v1\"}}", RAG_EINVAL,
                "PAIRAG_RAG__llm__api_key");
    patch_ok(c, "{\"llm\":{\"model\":\"qwen-plus\"}}");
    expect_text(c, "rag.llm.api_key", "sk-0123456789abcdef");
    rag_config_close(c);

    char *general[] = {"DASHSCOPE_API_KEY=sk-0123456789abcdef", "OPENAI_API_KEY=sk-openai", NULL};
    c = open_env(general);
    expect_shown(c, "llm", "api_key", "****cdef");
    patch_ok(c, "{\"llm\":{\"source\":\"openai\"}}");
    expect_text(c, "rag.llm.api_key", "sk-openai");
    patch_ok(c, "{\"llm\":{\"base_url\":\"https://thief.example/v1\"}}");
    expect_text(c, "rag.llm.api_key", "");
    rag_config_close(c);

    c = open_env(fixed); /* the patched address was there first */
    expect_text(c, "rag.llm.api_key", "");
    rag_config_close(c);
}

static void model_goes_with_the_source(void **state)
{
    (void)state;
    struct rag_config *c = open_env(NULL);
    /* The model that was shown as a default, now meant for another server, is kept. */
    patch_ok(
        c, "{\"llm\":{\"source\":\"openai\",\"base_url\":\"http://127.0.0.1:9/v1\",\"model\":\"qwen-max\"}}");
    expect_text(c, "rag.llm.model", "qwen-max");
    patch_ok(c, "{\"llm\":{\"model\":null}}");
    expect_text(c, "rag.llm.model", "gpt-3.5-turbo");
    rag_config_close(c);
}

static void no_value_over_a_file_survives_a_restart(void **state)
{
    (void)state;
    const char *file = "[rag.llm]\nsystem_prompt = \"be brief\"\n";
    assert_int_equal(rag_fs_write_durable("settings.toml", file, strlen(file), NULL), 0);
    struct rag_config *c = open_env(NULL);
    expect_shown(c, "llm", "system_prompt", "be brief");
    patch_ok(c, "{\"llm\":{\"system_prompt\":null}}");
    expect_shown(c, "llm", "system_prompt", "");
    rag_config_close(c);
    c = open_env(NULL);
    expect_shown(c, "llm", "system_prompt", "");
    rag_config_close(c);
}

/* A changed embedding model shows at once and is used from the next start. */
static void restart_options_wait(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_engine_opts o;
    assert_int_equal(rag_fs_mkdirs("model_repository/other", NULL), 0);
    struct rag_config *c = open_env(NULL);
    patch_ok(c, "{\"embedding\":{\"model\":\"other\"}}");
    expect_shown(c, "embedding", "model", "other");
    assert_int_equal(rag_config_engine_opts(c, &a, &o, NULL), 0);
    assert_string_equal(o.embed_model, "bge-small-zh-v1.5");
    rag_config_close(c);
    c = open_env(NULL);
    assert_int_equal(rag_config_engine_opts(c, &a, &o, NULL), 0);
    assert_string_equal(o.embed_model, "other");
    rag_arena_free(&a);
    rag_config_close(c);
}

static void *read_much(void *arg)
{
    for (int i = 0; i < 300; i++) {
        struct rag_arena a = {0};
        struct rag_engine_opts o;
        struct rag_buf out;
        rag_buf_init(&out, 1 << 20);
        rag_config_engine_opts(arg, &a, &o, NULL);
        rag_config_json(arg, &out);
        /* One PATCH sets both: they are never seen apart. */
        if (o.retrieve.top_k != o.chunk.chunk_overlap)
            abort();
        rag_buf_free(&out);
        rag_arena_free(&a);
    }
    return NULL;
}

static void readers_see_whole_patches(void **state)
{
    (void)state;
    pthread_t readers[2];
    struct rag_config *c = open_env(NULL);
    patch_ok(c, "{\"retriever\":{\"similarity_top_k\":10}}");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_much, c), 0);
    for (int i = 1; i <= 40; i++) {
        char json[128];
        snprintf(json, sizeof json,
                 "{\"retriever\":{\"similarity_top_k\":%d},\"node_parser\":{\"chunk_overlap\":%d}}", i, i);
        patch_ok(c, json);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    rag_config_close(c);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(only_changes_are_stored),
        TEST(sending_everything_back_changes_nothing),
        TEST(wrong_types_and_values),
        TEST(unwritable_state_changes_nothing),
        TEST(fixed_keys_are_named),
        TEST(secrets_are_masked),
        TEST(another_host_clears_the_secret),
        TEST(another_source_is_another_host),
        TEST(secret_of_the_file_is_cleared_too),
        TEST(fixed_secrets_go_nowhere_else),
        TEST(model_goes_with_the_source),
        TEST(no_value_over_a_file_survives_a_restart),
        TEST(restart_options_wait),
        TEST(readers_see_whole_patches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
