/* test_onnx.c: the reader of ONNX files and the loader of weights, on sound and on damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "encoder/weights.h"
#include "tiny_model.h"

static struct rag_buf file;

static int make_file(void **state)
{
    (void)state;
    rag_buf_init(&file, RAG_LIMIT_MODEL_FILE);
    tiny_onnx(&file);
    return file.err;
}

static int free_file(void **state)
{
    (void)state;
    rag_buf_free(&file);
    return 0;
}

/* Parses and loads n bytes from a copy of exactly that size, so that a sanitizer sees every step outside. */
static int load(const char *p, size_t n, struct rag_err *err)
{
    struct rag_onnx onnx;
    struct rag_weights w;
    char *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    int rc = rag_onnx_parse((struct rag_str){copy, n}, "tiny.onnx", &onnx, err);
    if (rc == 0) {
        rc = rag_weights_load(&onnx, &w, err);
        rag_onnx_free(&onnx);
    }
    free(copy);
    if (rc == 0)
        rag_weights_free(&w);
    return rc;
}

static void reads_what_was_written(void **state)
{
    (void)state;
    const float floats[] = {1.5f, -2.25f};
    const int8_t ints[] = {-128, 127};
    struct rag_buf graph, model;
    struct rag_onnx m;
    struct rag_err err = {0};
    rag_buf_init(&graph, 4096);
    rag_buf_init(&model, 4096);
    put_tensor(&graph, "raw", 1, 1, (int[]){2}, 9, floats, sizeof floats);
    put_tensor(&graph, "packed", 1, 1, (int[]){2}, 4, floats, sizeof floats);
    put_tensor(&graph, "bytes", 3, 2, (int[]){1, 2}, 9, ints, sizeof ints);
    /* -128 and 127 as int32_data: ten bytes for the negative one */
    put_tensor(&graph, "varints", 3, 1, (int[]){2}, 5, "\x80\xff\xff\xff\xff\xff\xff\xff\xff\x01\x7f", 11);
    put_bytes(&model, 7, graph.p, graph.n);
    assert_int_equal(rag_onnx_parse(rag_buf_str(&model), "small.onnx", &m, &err), 0);
    assert_int_equal(m.n, 4);

    float f[2];
    int i[2];
    assert_int_equal(rag_onnx_floats(&m, rag_onnx_get(&m, "raw", 1, 2, 0, &err), f, &err), 0);
    assert_memory_equal(f, floats, sizeof f);
    assert_int_equal(rag_onnx_floats(&m, rag_onnx_get(&m, "packed", 1, 0, 0, &err), f, &err), 0);
    assert_memory_equal(f, floats, sizeof f);
    assert_int_equal(rag_onnx_ints(&m, rag_onnx_get(&m, "bytes", 2, 1, 2, &err), i, &err), 0);
    assert_true(i[0] == -128 && i[1] == 127);
    assert_int_equal(rag_onnx_ints(&m, rag_onnx_get(&m, "varints", 1, 2, 0, &err), i, &err), 0);
    assert_true(i[0] == -128 && i[1] == 127);

    assert_null(rag_onnx_get(&m, "absent", 1, 0, 0, &err));
    assert_non_null(strstr(err.msg, "small.onnx"));
    assert_non_null(strstr(err.msg, "absent"));
    assert_null(rag_onnx_get(&m, "raw", 1, 3, 0, &err));
    assert_string_equal(err.msg, "small.onnx: dimension 1 of tensor raw is 2, expected 3");
    assert_null(rag_onnx_get(&m, "raw", 2, 0, 0, &err));
    assert_int_equal(rag_onnx_floats(&m, rag_onnx_find(&m, "bytes"), f, &err), RAG_EFORMAT);
    assert_int_equal(rag_onnx_ints(&m, rag_onnx_find(&m, "raw"), i, &err), RAG_EFORMAT);
    rag_onnx_free(&m);
    rag_buf_free(&graph);
    rag_buf_free(&model);
}

static void loads_the_tiny_model(void **state)
{
    (void)state;
    struct rag_onnx onnx;
    struct rag_weights w;
    struct rag_err err = {0};
    assert_int_equal(rag_onnx_parse(rag_buf_str(&file), "tiny.onnx", &onnx, &err), 0);
    if (rag_weights_load(&onnx, &w, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(w.dims, TINY_DIMS);
    assert_int_equal(w.heads, TINY_HEADS);
    assert_int_equal(w.ff, TINY_FF);
    assert_int_equal(w.layers, TINY_LAYERS);
    assert_int_equal(w.positions, TINY_POSITIONS);
    assert_int_equal(w.vocabulary, TINY_WORDS);

    /* One element by hand: row 5, column 37 of the key matrix of layer 1 is in the panels behind the queries.
     */
    const char *base = "model.layers.1.attn.k_proj.MatMul.weight";
    char name[96];
    int q[TINY_DIMS * TINY_DIMS], zero[TINY_DIMS];
    float scale[TINY_DIMS];
    snprintf(name, sizeof name, "%s_quantized", base);
    rag_onnx_ints(&onnx, rag_onnx_find(&onnx, name), q, &err);
    snprintf(name, sizeof name, "%s_zero_point", base);
    rag_onnx_ints(&onnx, rag_onnx_find(&onnx, name), zero, &err);
    snprintf(name, sizeof name, "%s_scale", base);
    rag_onnx_floats(&onnx, rag_onnx_find(&onnx, name), scale, &err);
    const float want = (float)(q[5 * TINY_DIMS + 37] - zero[37]) * scale[37];
    const int column = TINY_DIMS + 37;
    const float *panel = w.layer[1].qkv.panels + column / RAG_PANEL * RAG_PANEL * TINY_DIMS;
    assert_memory_equal(&panel[5 * RAG_PANEL + column % RAG_PANEL], &want, sizeof want);
    rag_weights_free(&w);
    rag_onnx_free(&onnx);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct rag_err err;
    for (size_t n = 0; n < file.n; n += n < 2000 || n > file.n - 200 ? 1 : 197) {
        err = (struct rag_err){0};
        if (load(file.p, n, &err) != RAG_EFORMAT)
            fail_msg("%zu of %zu bytes were accepted", n, file.n);
        assert_non_null(strstr(err.msg, "tiny.onnx"));
    }
}

/* A changed byte may still be a model (another weight); it must never be anything worse than an error. */
static void no_changed_byte_crashes(void **state)
{
    (void)state;
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    struct rag_err err;
    int refused = 0, turn = 0;
    for (size_t at = 0; at < file.n; at += at < 1000 ? 1 : 31, turn++) {
        const char kept = file.p[at];
        file.p[at] = (char)(kept ^ flips[turn % 3]);
        err = (struct rag_err){0};
        int rc = load(file.p, file.n, &err);
        file.p[at] = kept;
        assert_true(rc == 0 || rc == RAG_EFORMAT);
        assert_true(rc == 0 || err.msg[0]);
        refused += rc != 0;
    }
    assert_true(refused > 0);
}

/* Replaces the only occurrence of a tensor's name by another of the same length. */
static void rename_tensor(const char *from, const char *to)
{
    char *p = memmem(file.p, file.n, from, strlen(from));
    assert_non_null(p);
    memcpy(p, to, strlen(to));
}

static void names_the_missing_tensor(void **state)
{
    (void)state;
    struct rag_err err = {0};
    rename_tensor("model.layers.1.mlp.fc2.Add.bias", "model.layers.1.mlp.fcX.Add.bias");
    assert_int_equal(load(file.p, file.n, &err), RAG_EFORMAT);
    assert_non_null(strstr(err.msg, "tiny.onnx has no tensor model.layers.1.mlp.fc2.Add.bias"));
    rename_tensor("model.layers.1.mlp.fcX.Add.bias", "model.layers.1.mlp.fc2.Add.bias");
    assert_int_equal(load(file.p, file.n, &err), 0);
}

static void refuses_what_is_no_number(void **state)
{
    (void)state;
    static const char name[] = "model.layers.0.mlp_output_norm_layernorm.weight";
    struct rag_err err = {0};
    /* after the name: key of raw_data, length of 256 in two bytes, data */
    char *data = (char *)memmem(file.p, file.n, name, strlen(name)) + strlen(name) + 3;
    char kept[4];
    memcpy(kept, data, 4);
    memcpy(data, "\x00\x00\x80\x7f", 4); /* infinity */
    assert_int_equal(load(file.p, file.n, &err), RAG_EFORMAT);
    assert_non_null(strstr(err.msg, name));
    assert_non_null(strstr(err.msg, "not a finite number"));
    memcpy(data, kept, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),   cmocka_unit_test(loads_the_tiny_model),
        cmocka_unit_test(every_cut_is_noticed),     cmocka_unit_test(no_changed_byte_crashes),
        cmocka_unit_test(names_the_missing_tensor), cmocka_unit_test(refuses_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, make_file, free_file);
}
