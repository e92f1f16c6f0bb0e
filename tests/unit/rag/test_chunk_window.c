/* test_chunk_window.c: chunks made with the real tokenizer always fit the real model, and no word is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fs.h"
#include "base/limits.h"
#include "chunk/chunk.h"
#include "encoder/encoder.h"

static struct rag_encoder *enc;

static int open_encoder(void **state)
{
    (void)state;
    struct rag_err err;
    const char *dir = RAG_SOURCE_DIR "/model_repository/bge-small-zh-v1.5";
    if (rag_fs_is_dir(dir) && rag_encoder_open(dir, &(struct rag_encoder_opts){0}, &enc, &err)) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int close_encoder(void **state)
{
    (void)state;
    rag_encoder_close(enc);
    return 0;
}

static int count(void *ud, struct rag_str text)
{
    return rag_encoder_count_tokens(ud, text);
}

/* Every word of the source appears in the chunks, in order. */
static void expect_all_words(struct rag_str source, const struct rag_chunks *chunks)
{
    size_t chunk = 0, at = 0;
    for (size_t i = 0; i < source.n;) {
        while (i < source.n && strchr(" \n", source.p[i]))
            i++;
        size_t end = i;
        while (end < source.n && !strchr(" \n", source.p[end]))
            end++;
        if (i == end)
            break;
        const char *found = NULL;
        while (chunk < chunks->n && !found) {
            struct rag_str t = chunks->v[chunk].text;
            found = memmem(t.p + at, t.n - at, source.p + i, end - i);
            if (found)
                at = (size_t)(found - t.p) + (end - i);
            else
                chunk++, at = 0;
        }
        if (!found)
            fail_msg("the word \"%.*s\" at byte %zu is in no chunk", (int)(end - i), source.p + i, i);
        i = end;
    }
}

static void long_english_text(void **state)
{
    (void)state;
    if (!enc)
        skip(); /* no model: `pai_rag load_model` fetches it */
    struct rag_buf licence, text;
    rag_buf_init(&licence, RAG_MIB);
    rag_buf_init(&text, RAG_MIB);
    assert_int_equal(rag_fs_read(RAG_SOURCE_DIR "/LICENSE", &licence, NULL), 0);
    for (int i = 0; i < 10; i++)
        rag_buf_addstr(&text, rag_buf_str(&licence));
    struct rag_block heading = {
        .kind = RAG_BLOCK_HEADING, .level = 1, .text = RAG_STR("A heading of several words")};
    struct rag_block block = {
        .kind = RAG_BLOCK_TEXT, .text = rag_buf_str(&text), .place.end = (int64_t)text.n};
    const struct rag_token_counter counter = {count, enc, rag_encoder_window(enc)};
    static const int sizes[] = {64, 500, 512, 100000};
    static const enum rag_splitter splitters[] = {RAG_SPLIT_SENTENCE, RAG_SPLIT_TOKEN};
    for (size_t s = 0; s < 4; s++)
        for (size_t k = 0; k < 2; k++)
            for (int with_heading = 0; with_heading < 2; with_heading++) {
                struct rag_arena a = {0};
                struct rag_block v[2] = {heading, block};
                struct rag_blocks blocks = {.v = v + !with_heading, .n = 1 + (size_t)with_heading};
                struct rag_chunk_opts o = {.splitter = splitters[k],
                                           .chunk_size = sizes[s],
                                           .chunk_overlap = 10,
                                           .paragraph_separator = "\n\n\n"};
                struct rag_chunks chunks;
                struct rag_err err = {0};
                if (rag_chunk_split(&a, &blocks, &o, &counter, &chunks, &err))
                    fail_msg("%s", err.msg);
                size_t longest = 0;
                for (size_t i = 0; i < chunks.n; i++) {
                    int tokens = rag_encoder_count_tokens(enc, chunks.v[i].text);
                    assert_true(tokens <= counter.window && tokens <= sizes[s]);
                    assert_int_equal(tokens, chunks.v[i].tokens);
                    if (tokens > chunks.v[longest].tokens)
                        longest = i;
                }
                expect_all_words(block.text, &chunks);
                /* The encoder refuses what does not fit, so this is the proof that nothing is cut. */
                float vector[4096];
                assert_true(rag_encoder_dims(enc) <= 4096);
                assert_int_equal(rag_encoder_embed(enc, &chunks.v[longest].text, 1, RAG_ENCODER_QUERY, vector,
                                                   NULL, NULL, NULL, &err),
                                 0);
                rag_arena_free(&a);
            }
    rag_buf_free(&licence);
    rag_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_english_text)};
    return cmocka_run_group_tests(tests, open_encoder, close_encoder);
}
