/* golden.h: walks over the golden files: one JSON value per line (tools/encoder_golden.mjs). */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "base/buf.h"
#include "base/fs.h"
#include "base/limits.h"
#include "text/json.h"

/* The next line as JSON (json_decref it); NULL at the end. *at starts at 0. */
static json_t *golden_next(const struct rag_buf *file, size_t *at)
{
    if (*at >= file->n)
        return NULL;
    const char *begin = file->p + *at, *end = memchr(begin, '\n', file->n - *at);
    const size_t n = end ? (size_t)(end - begin) : file->n - *at;
    *at += n + 1;
    json_t *line = json_loadb(begin, n, JSON_ALLOW_NUL, NULL); /* texts with NUL are among the cases */
    assert_non_null(line);
    return line;
}

static void golden_read(const char *name, struct rag_buf *out)
{
    char path[512];
    struct rag_err err;
    snprintf(path, sizeof path, "%s/tests/unit/encoder/%s", RAG_SOURCE_DIR, name);
    rag_buf_init(out, RAG_LIMIT_JSON_BODY);
    if (rag_fs_read(path, out, &err))
        fail_msg("%s", err.msg);
}

static struct rag_str golden_text(const json_t *line)
{
    const json_t *text = json_object_get(line, "text");
    return (struct rag_str){json_string_value(text), json_string_length(text)};
}

#define REAL_MODEL RAG_SOURCE_DIR "/model_repository/bge-small-zh-v1.5"

/* The tests with the real model say so when they cannot run. */
#define SKIP_WITHOUT_REAL_MODEL()                                                                            \
    do {                                                                                                     \
        if (!rag_fs_exists(REAL_MODEL "/model.onnx")) {                                                      \
            print_message("SKIPPED: no " REAL_MODEL "; fetch the model to run this test\n");                 \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

#endif
