/* embeddings.c: /v1/embeddings with the loaded model. */
#include "api/handlers.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/base64.h"
#include "api/value.h"
#include "api/wire.h"

enum { MAX_INPUTS = 2048 };

/* One text, or a list of texts. False: answered already. */
static bool read_inputs(struct rag_call *c, struct rag_str **out, size_t *n)
{
    const json_t *input = json_object_get(c->body, "input");
    bool list = json_is_array(input);
    char text[160];
    *n = list ? json_array_size(input) : 1;
    if (*n == 0 || *n > MAX_INPUTS) {
        snprintf(text, sizeof text, "input takes 1 to %d texts, not %zu.", MAX_INPUTS, *n);
        rag_call_error_field(c, 400, text, "input");
        return false;
    }
    *out = rag_arena_array(c->arena, *n, sizeof **out);
    if (!*out) {
        rag_call_error(c, 503, "out of memory");
        return false;
    }
    for (size_t i = 0; i < *n; i++) {
        const json_t *v = list ? json_array_get(input, i) : input;
        if (!json_is_string(v)) {
            snprintf(text, sizeof text,
                     "input must be a text or a list of texts; lists of token numbers are not taken.");
        } else if (json_string_length(v) == 0) {
            snprintf(text, sizeof text, "input[%zu] is empty: leave empty texts out.", i);
        } else {
            (*out)[i] = (struct rag_str){json_string_value(v), json_string_length(v)};
            continue;
        }
        rag_call_error_field(c, 400, text, "input");
        return false;
    }
    return true;
}

static void put_vector(struct rag_json *j, const float *v, int dims, bool base64)
{
    if (base64) {
        struct rag_buf text;
        rag_buf_init(&text, (size_t)dims * 8 + 16);
        rag_base64(&text, v, (size_t)dims * sizeof *v);
        rag_json_str(j, "embedding", rag_buf_str(&text));
        rag_buf_free(&text);
        return;
    }
    rag_json_arr(j, "embedding");
    for (int i = 0; i < dims; i++) {
        char number[32];
        snprintf(number, sizeof number, "%.9g", (double)v[i]); /* reads back as the same float */
        rag_json_raw(j, NULL, rag_str_of(number));
    }
    rag_json_end_arr(j);
}

static void reply(struct rag_call *c, const struct rag_embedder_info *info, const float *vectors, size_t n,
                  int tokens)
{
    const char *format = rag_value_cstr(c->body, "encoding_format");
    bool base64 = format && !strcmp(format, "base64");
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "object", "list");
    rag_json_arr(&j, "data");
    for (size_t i = 0; i < n; i++) {
        rag_json_obj(&j, NULL);
        rag_json_cstr(&j, "object", "embedding");
        rag_json_int(&j, "index", (long long)i);
        put_vector(&j, vectors + i * (size_t)info->dims, info->dims, base64);
        rag_json_end_obj(&j);
    }
    rag_json_end_arr(&j);
    rag_json_cstr(&j, "model", info->name);
    rag_json_obj(&j, "usage");
    rag_json_int(&j, "prompt_tokens", tokens);
    rag_json_int(&j, "total_tokens", tokens);
    rag_json_end_obj(&j);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

void rag_handle_embeddings(struct rag_call *c)
{
    struct rag_embedder_info info;
    struct rag_err err = {0};
    struct rag_str *texts;
    size_t n;
    int tokens = 0;
    if (!read_inputs(c, &texts, &n))
        return;
    if (rag_embedder_info(c->engine, &info, &err) != 0) {
        rag_call_fail(c, &err, "Embeddings");
        return;
    }
    long long dims = rag_value_int(c->body, "dimensions", info.dims);
    if (dims != info.dims) {
        char text[160];
        snprintf(text, sizeof text, "dimensions must be %d, the model's own number, not %lld.", info.dims,
                 dims);
        rag_call_error_field(c, 400, text, "dimensions");
        return;
    }
    float *vectors = rag_arena_array(c->arena, n, (size_t)info.dims * sizeof *vectors);
    if (!vectors)
        rag_call_error(c, 503, "out of memory");
    else if (rag_embed(c->engine, texts, n, vectors, &tokens, &err) != 0)
        rag_call_fail(c, &err, "Embeddings");
    else
        reply(c, &info, vectors, n, tokens);
}
