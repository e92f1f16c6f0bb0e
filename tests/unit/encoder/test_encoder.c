/* test_encoder.c: vectors against a double-precision reference and an independent engine; limits and errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "encoder/encoder.h"
#include "encoder/kernels.h"
#include "encoder/wordpiece.h"
#include "golden.h"
#include "reference.h"
#include "tiny_model.h"

#define TINY_MODEL RAG_BUILD_DIR "/tiny-model"

static const char *const isas[] = {"portable", "avx2", "avx512"};
enum { ISAS = sizeof isas / sizeof *isas };

static const int lengths[] = {1, 2, 16, 37, 128, 510};
enum { LENGTHS = sizeof lengths / sizeof *lengths, WINDOW = 510 };

static int write_tiny_model(void **state)
{
    (void)state;
    tiny_write(TINY_MODEL);
    return 0;
}

static struct rag_encoder *open_encoder(const char *dir, const char *isa, int threads)
{
    struct rag_encoder *e;
    struct rag_err err;
    if (rag_encoder_open(dir, &(struct rag_encoder_opts){.threads = threads, .isa = isa}, &e, &err))
        fail_msg("%s", err.msg);
    return e;
}

static bool available(const char *isa)
{
    const struct rag_kernels *kernels;
    if (rag_kernels_choose(isa, &kernels, NULL) == 0)
        return true;
    print_message("this machine has no %s: its kernels are not tested\n", isa);
    return false;
}

/* Text of exactly n tokens of either vocabulary. */
static struct rag_str text_of(char *buf, int n)
{
    static const char *const words[] = {"中", "文", "a", "你", "b", "好", "检", "c", "索", "，", "x", "。"};
    size_t at = 0;
    for (int i = 0; i < n; i++)
        at += (size_t)sprintf(buf + at, "%s ", words[tiny_random() % 12]);
    return (struct rag_str){buf, at};
}

/* ---- against the reference */

struct samples {
    char text[LENGTHS][WINDOW * 4 + 1];
    struct rag_str texts[LENGTHS];
    double *want[LENGTHS];
};

static void make_samples(const char *dir, int heads, int layers, struct samples *s)
{
    char path[512];
    struct rag_buf file, json;
    struct rag_onnx onnx;
    struct rag_wordpiece *tokenizer;
    struct rag_err err;
    rag_buf_init(&file, RAG_LIMIT_MODEL_FILE);
    rag_buf_init(&json, RAG_LIMIT_MODEL_FILE);
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    assert_int_equal(rag_fs_read(path, &file, &err), 0);
    assert_int_equal(rag_onnx_parse(rag_buf_str(&file), path, &onnx, &err), 0);
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    assert_int_equal(rag_fs_read(path, &json, &err), 0);
    assert_int_equal(rag_wordpiece_open(rag_buf_str(&json), path, &tokenizer, &err), 0);
    const int dims = (int)rag_onnx_find(&onnx, "model.layers.0.attn.q_proj.Add.bias")->dims[0];
    const struct ref_model m = {.onnx = &onnx, .dims = dims, .heads = heads, .layers = layers};
    for (int i = 0; i < LENGTHS; i++) {
        int ids[WINDOW + 2];
        s->texts[i] = text_of(s->text[i], lengths[i]);
        assert_int_equal(rag_wordpiece_encode(tokenizer, s->texts[i], ids + 1, WINDOW), lengths[i]);
        ids[0] = rag_wordpiece_cls(tokenizer);
        ids[lengths[i] + 1] = rag_wordpiece_sep(tokenizer);
        s->want[i] = malloc((size_t)dims * sizeof *s->want[i]);
        ref_embed(&m, ids, lengths[i] + 2, s->want[i]);
    }
    rag_wordpiece_close(tokenizer);
    rag_onnx_free(&onnx);
    rag_buf_free(&file);
    rag_buf_free(&json);
}

static void free_samples(struct samples *s)
{
    for (int i = 0; i < LENGTHS; i++)
        free(s->want[i]);
}

static double relative_error(const float *got, const double *want, int n)
{
    double difference = 0, size = 0;
    for (int i = 0; i < n; i++) {
        difference += (got[i] - want[i]) * (got[i] - want[i]);
        size += want[i] * want[i];
    }
    return sqrt(difference / size);
}

static double check(const char *how, const float *out, const struct samples *s, int dims)
{
    double worst = 0;
    for (int i = 0; i < LENGTHS; i++) {
        const double error = relative_error(out + i * dims, s->want[i], dims);
        if (!(error <= 1e-5))
            fail_msg("%s, %d tokens: relative error %.2e", how, lengths[i], error);
        worst = error > worst ? error : worst;
    }
    return worst;
}

/* Each sample as a query, then all of them as one ingestion. */
static void compare_with_reference(const char *dir, const char *isa, int threads, const struct samples *s)
{
    struct rag_encoder *e = open_encoder(dir, isa, threads);
    const int dims = rag_encoder_dims(e);
    const size_t size = LENGTHS * (size_t)dims * sizeof(float);
    float *out = malloc(size);
    char how[64];
    memset(out, 0xff, size);
    for (int i = 0; i < LENGTHS; i++)
        assert_int_equal(
            rag_encoder_embed(e, &s->texts[i], 1, RAG_ENCODER_QUERY, out + i * dims, NULL, NULL, NULL, NULL),
            0);
    snprintf(how, sizeof how, "%s, %d threads, queries", isa, threads);
    print_message("%s: relative error at most %.1e\n", how, check(how, out, s, dims));
    memset(out, 0xff, size);
    assert_int_equal(rag_encoder_embed(e, s->texts, LENGTHS, RAG_ENCODER_INGEST, out, NULL, NULL, NULL, NULL),
                     0);
    snprintf(how, sizeof how, "%s, %d threads, ingestion", isa, threads);
    print_message("%s: relative error at most %.1e\n", how, check(how, out, s, dims));
    free(out);
    rag_encoder_close(e);
}

static void tiny_model_agrees_with_the_reference(void **state)
{
    (void)state;
    static struct samples s;
    make_samples(TINY_MODEL, TINY_HEADS, TINY_LAYERS, &s);
    for (int i = 0; i < ISAS; i++) {
        for (int threads = 1; available(isas[i]) && threads <= 3; threads += 2)
            compare_with_reference(TINY_MODEL, isas[i], threads, &s);
    }
    free_samples(&s);
}

static void real_model_agrees_with_the_reference(void **state)
{
    (void)state;
    SKIP_WITHOUT_REAL_MODEL();
    static struct samples s;
    make_samples(REAL_MODEL, 8, 4, &s);
    for (int i = 0; i < ISAS; i++) {
        if (available(isas[i]))
            compare_with_reference(REAL_MODEL, isas[i], 2, &s);
    }
    free_samples(&s);
}

/* ---- against ONNX Runtime */

static double cosine_to_hex(const float *v, int n, const char *hex)
{
    double dot = 0, a = 0, b = 0;
    for (int i = 0; i < n; i++) {
        char digits[5] = {0};
        memcpy(digits, hex + 4 * i, 4);
        const double x = (int16_t)strtoul(digits, NULL, 16);
        dot += x * v[i];
        a += x * x;
        b += (double)v[i] * v[i];
    }
    return dot / sqrt(a * b);
}

static void real_model_agrees_with_onnx_runtime(void **state)
{
    (void)state;
    SKIP_WITHOUT_REAL_MODEL();
    struct rag_encoder *e = open_encoder(REAL_MODEL, NULL, 2);
    struct rag_buf file;
    json_t *line;
    size_t at = 0;
    float v[512];
    double worst = 1;
    int compared = 0;
    golden_read("golden_vectors.jsonl", &file);
    assert_int_equal(rag_encoder_dims(e), 512);
    while ((line = golden_next(&file, &at))) {
        const char *hex = json_string_value(json_object_get(line, "vector"));
        const struct rag_str text = golden_text(line);
        if (hex) {
            int tokens;
            assert_int_equal(strlen(hex), 4 * 512);
            assert_int_equal(rag_encoder_embed(e, &text, 1, RAG_ENCODER_QUERY, v, &tokens, NULL, NULL, NULL),
                             0);
            assert_int_equal(tokens, json_array_size(json_object_get(line, "ids")) + 2);
            const double cosine = cosine_to_hex(v, 512, hex);
            if (!(cosine >= 0.999))
                fail_msg("\"%.*s\": cosine %.6f", RAG_STR_ARG(text), cosine);
            worst = cosine < worst ? cosine : worst;
            compared++;
        }
        json_decref(line);
    }
    print_message("cosine to ONNX Runtime at least %.9f over %d texts\n", worst, compared);
    assert_true(compared >= 12);
    rag_buf_free(&file);
    rag_encoder_close(e);
}

/* ---- behaviour */

static void the_window_is_a_limit(void **state)
{
    (void)state;
    static char buf[(WINDOW + 1) * 4 + 1];
    struct rag_encoder *e = open_encoder(TINY_MODEL, NULL, 1);
    float out[2 * TINY_DIMS];
    struct rag_err err = {0};
    assert_int_equal(rag_encoder_window(e), WINDOW);
    const struct rag_str texts[] = {RAG_STR("a"), text_of(buf, WINDOW + 1)};
    assert_int_equal(rag_encoder_count_tokens(e, texts[1]), WINDOW + 1);
    assert_int_equal(rag_encoder_embed(e, texts, 2, RAG_ENCODER_INGEST, out, NULL, NULL, NULL, &err),
                     RAG_EINVAL);
    assert_non_null(strstr(err.msg, "text 2 of 2 has 511 tokens"));
    assert_non_null(strstr(err.msg, "takes 510"));
    rag_encoder_close(e);
}

static void texts_without_words_have_vectors(void **state)
{
    (void)state;
    struct rag_encoder *e = open_encoder(TINY_MODEL, NULL, 2);
    const struct rag_str texts[] = {RAG_STR(""), RAG_STR(" \n "), RAG_STR("\xff\xfe\x80"), {NULL, 0}};
    float out[4][TINY_DIMS];
    int tokens = 0;
    assert_int_equal(rag_encoder_embed(e, texts, 4, RAG_ENCODER_QUERY, out[0], &tokens, NULL, NULL, NULL), 0);
    assert_int_equal(tokens, 8);
    double squares = 0;
    for (int i = 0; i < TINY_DIMS; i++)
        squares += (double)out[0][i] * out[0][i];
    assert_true(fabs(squares - 1) < 1e-6);
    for (int i = 1; i < 4; i++)
        assert_memory_equal(out[i], out[0], sizeof out[0]); /* all are [CLS] [SEP] */
    assert_int_equal(rag_encoder_embed(e, texts, 0, RAG_ENCODER_QUERY, out[0], &tokens, NULL, NULL, NULL), 0);
    assert_int_equal(tokens, 0);
    rag_encoder_close(e);
}

static void count_progress(void *ud, size_t done)
{
    size_t *last = ud;
    assert_true(done > *last);
    *last = done;
}

static void progress_ends_with_all(void **state)
{
    (void)state;
    enum { N = 300 };
    static char buf[N][40 * 4 + 1];
    struct rag_encoder *e = open_encoder(TINY_MODEL, NULL, 3);
    struct rag_str texts[N];
    float *out = malloc(sizeof(float) * N * TINY_DIMS), one[TINY_DIMS];
    size_t done = 0;
    for (int i = 0; i < N; i++)
        texts[i] = text_of(buf[i], i % 41);
    assert_int_equal(
        rag_encoder_embed(e, texts, N, RAG_ENCODER_INGEST, out, NULL, count_progress, &done, NULL), 0);
    assert_int_equal(done, N);
    for (int i = 0; i < N; i += 29) { /* each vector is where its text was */
        double want[TINY_DIMS];
        rag_encoder_embed(e, &texts[i], 1, RAG_ENCODER_QUERY, one, NULL, NULL, NULL, NULL);
        for (int j = 0; j < TINY_DIMS; j++)
            want[j] = one[j];
        assert_true(relative_error(out + i * TINY_DIMS, want, TINY_DIMS) < 1e-5);
    }
    free(out);
    rag_encoder_close(e);
}

/* Queries and ingestion from several threads at once: the answers must be those of a quiet machine. */
struct caller {
    struct rag_encoder *e;
    enum rag_encoder_priority priority;
    const struct rag_str *texts;
    const float *want;
    int n;
    atomic_int *wrong;
};

static void *call_again_and_again(void *arg)
{
    const struct caller *c = arg;
    float *out = malloc((size_t)c->n * TINY_DIMS * sizeof *out);
    for (int round = 0; round < 20; round++) {
        const int i = c->priority == RAG_ENCODER_QUERY ? round % c->n : 0;
        const int n = c->priority == RAG_ENCODER_QUERY ? 1 : c->n;
        if (rag_encoder_embed(c->e, c->texts + i, (size_t)n, c->priority, out, NULL, NULL, NULL, NULL))
            atomic_fetch_add(c->wrong, 1);
        for (int j = 0; j < n * TINY_DIMS; j++) {
            if (fabsf(out[j] - c->want[i * TINY_DIMS + j]) > 1e-5f)
                atomic_fetch_add(c->wrong, 1);
        }
    }
    free(out);
    return NULL;
}

static void callers_do_not_disturb_each_other(void **state)
{
    (void)state;
    enum { N = 24, CALLERS = 6 };
    static char buf[N][200 * 4 + 1];
    struct rag_encoder *e = open_encoder(TINY_MODEL, NULL, 2);
    struct rag_str texts[N];
    float *want = malloc(sizeof(float) * N * TINY_DIMS);
    pthread_t threads[CALLERS];
    struct caller callers[CALLERS];
    atomic_int wrong = 0;
    for (int i = 0; i < N; i++)
        texts[i] = text_of(buf[i], 8 * i);
    rag_encoder_embed(e, texts, N, RAG_ENCODER_INGEST, want, NULL, NULL, NULL, NULL);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.e = e,
                                     .priority = i % 2 ? RAG_ENCODER_QUERY : RAG_ENCODER_INGEST,
                                     .texts = texts,
                                     .want = want,
                                     .n = N,
                                     .wrong = &wrong};
        pthread_create(&threads[i], NULL, call_again_and_again, &callers[i]);
    }
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    free(want);
    rag_encoder_close(e);
}

/* ---- opening */

static void replace_file(const char *dir, const char *name, const char *content)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(rag_fs_write_durable(path, content, strlen(content), NULL), 0);
}

static void expect_open_to_fail(const char *dir, const char *isa, int code, const char *words)
{
    struct rag_encoder *e;
    struct rag_err err = {0};
    assert_int_equal(rag_encoder_open(dir, &(struct rag_encoder_opts){.isa = isa}, &e, &err), code);
    assert_null(e);
    if (!strstr(err.msg, words))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
}

static void wrong_files_are_named(void **state)
{
    (void)state;
    const char *dir = RAG_BUILD_DIR "/tiny-model-damaged";
    expect_open_to_fail(RAG_BUILD_DIR "/no-such-model", NULL, RAG_ENOTFOUND, "no-such-model");
    tiny_write(dir);
    expect_open_to_fail(dir, "sse9", RAG_EINVAL, "sse9");
    replace_file(dir, "tokenizer.json", "{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":40}}}");
    expect_open_to_fail(dir, NULL, RAG_EFORMAT, "up to 40, but the model has 40 word vectors");
    replace_file(dir, "tokenizer.json", "{\"model\":");
    expect_open_to_fail(dir, NULL, RAG_EFORMAT, "tokenizer.json");
    replace_file(dir, "model.onnx", "<html>not found</html>");
    expect_open_to_fail(dir, NULL, RAG_EFORMAT, "model.onnx");
}

static void the_fingerprint_covers_both_files(void **state)
{
    (void)state;
    const char *dir = RAG_BUILD_DIR "/tiny-model-other";
    char first[65], second[65];
    struct rag_buf b;
    struct rag_encoder *e = open_encoder(TINY_MODEL, "portable", 1);
    snprintf(first, sizeof first, "%s", rag_encoder_fingerprint(e));
    assert_int_equal(strlen(first), 64);
    rag_encoder_close(e);

    tiny_write(dir);
    e = open_encoder(dir, NULL, 1);
    assert_string_equal(rag_encoder_fingerprint(e), first);
    rag_encoder_close(e);

    rag_buf_init(&b, RAG_LIMIT_MODEL_FILE);
    tiny_tokenizer(&b);
    rag_buf_addc(&b, '\n');
    replace_file(dir, "tokenizer.json", b.p);
    e = open_encoder(dir, NULL, 1);
    snprintf(second, sizeof second, "%s", rag_encoder_fingerprint(e));
    assert_string_not_equal(second, first);
    rag_encoder_close(e);

    rag_buf_reset(&b);
    tiny_onnx(&b);
    put_number(&b, 5, 1); /* model_version: another file, the same weights */
    char path[512];
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    assert_int_equal(rag_fs_write_durable(path, b.p, b.n, NULL), 0);
    e = open_encoder(dir, NULL, 1);
    assert_string_not_equal(rag_encoder_fingerprint(e), second);
    rag_encoder_close(e);
    rag_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiny_model_agrees_with_the_reference),
        cmocka_unit_test(real_model_agrees_with_the_reference),
        cmocka_unit_test(real_model_agrees_with_onnx_runtime),
        cmocka_unit_test(the_window_is_a_limit),
        cmocka_unit_test(texts_without_words_have_vectors),
        cmocka_unit_test(progress_ends_with_all),
        cmocka_unit_test(callers_do_not_disturb_each_other),
        cmocka_unit_test(wrong_files_are_named),
        cmocka_unit_test(the_fingerprint_covers_both_files),
    };
    return cmocka_run_group_tests(tests, write_tiny_model, NULL);
}
