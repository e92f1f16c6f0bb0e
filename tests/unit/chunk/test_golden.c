/* test_golden.c: runs tests/golden/chunk/\*.case.
 *
 * A case is "=== name: splitter size overlap window", blocks that start with [text], [heading N], [table],
 * [code] or [record] on a line, and the expected chunks, each below "--- tokens". */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "chunk/chunk.h"
#include "counter.h"

enum { MAX_BLOCKS = 64 };

struct golden {
    char name[128];
    struct rag_chunk_opts opts;
    int window;
    struct rag_block blocks[MAX_BLOCKS];
    size_t n_blocks;
    struct rag_buf expected;
};

static bool starts(struct rag_str line, const char *with)
{
    return line.n >= strlen(with) && !memcmp(line.p, with, strlen(with));
}

static void read_title(struct golden *g, const char *line)
{
    char splitter[32];
    int fields = sscanf(line, "=== %127[^:]: %31s %d %d %d", g->name, splitter, &g->opts.chunk_size,
                        &g->opts.chunk_overlap, &g->window);
    if (fields != 5)
        fail_msg("\"%s\" is not \"=== name: splitter size overlap window\"", line);
    g->opts.splitter = !strcmp(splitter, "token") ? RAG_SPLIT_TOKEN : RAG_SPLIT_SENTENCE;
    g->opts.paragraph_separator = "\n\n\n";
}

static void start_block(struct golden *g, struct rag_str line, const char *next_line)
{
    assert_true(g->n_blocks < MAX_BLOCKS);
    struct rag_block *b = &g->blocks[g->n_blocks++];
    *b = (struct rag_block){.kind = RAG_BLOCK_TEXT, .text = {next_line, 0}};
    if (starts(line, "[heading ")) {
        const char *close = memchr(line.p, ']', line.n);
        assert_non_null(close);
        b->kind = RAG_BLOCK_HEADING;
        b->level = atoi(line.p + 9);
        b->text = rag_str_trim((struct rag_str){close + 1, (size_t)(line.p + line.n - close) - 1});
    } else if (starts(line, "[table]")) {
        b->kind = RAG_BLOCK_TABLE;
    } else if (starts(line, "[code]")) {
        b->kind = RAG_BLOCK_CODE;
    } else if (starts(line, "[record]")) {
        b->kind = RAG_BLOCK_RECORD;
    } else if (!starts(line, "[text]")) {
        fail_msg("unknown block %.*s", RAG_STR_ARG(line));
    }
}

/* True when the chunks are as expected. */
static bool run_case(const char *file, struct golden *g)
{
    struct rag_arena a = {0};
    struct rag_err err = {0};
    struct rag_token_counter counter = {count_words, NULL, g->window};
    for (size_t i = 0; i < g->n_blocks; i++)
        while (g->blocks[i].text.n && g->blocks[i].text.p[g->blocks[i].text.n - 1] == '\n')
            g->blocks[i].text.n--;
    struct rag_blocks blocks = {.v = g->blocks, .n = g->n_blocks};
    struct rag_chunks chunks;
    if (rag_chunk_split(&a, &blocks, &g->opts, &counter, &chunks, &err))
        fail_msg("%s, %s: %s", file, g->name, err.msg);
    struct rag_buf got;
    rag_buf_init(&got, 1 << 20);
    for (size_t i = 0; i < chunks.n; i++)
        rag_buf_printf(&got, "--- %d\n%.*s\n", chunks.v[i].tokens, RAG_STR_ARG(chunks.v[i].text));
    bool same = rag_str_eq(rag_buf_str(&got), rag_buf_str(&g->expected));
    if (!same)
        print_error("%s, %s: got\n%sexpected\n%s\n", file, g->name, got.n ? got.p : "",
                    g->expected.n ? g->expected.p : "");
    rag_buf_free(&got);
    rag_buf_free(&g->expected);
    rag_arena_free(&a);
    return same;
}

/* Returns how many cases failed. */
static int run_file(const char *file)
{
    struct rag_buf text;
    struct rag_err err = {0};
    rag_buf_init(&text, 1 << 20);
    if (rag_fs_read(file, &text, &err))
        fail_msg("%s", err.msg);
    static struct golden g;
    int cases = 0, failed = 0;
    bool in_expected = false;
    for (size_t at = 0; at < text.n;) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        assert_non_null(nl);
        struct rag_str line = {text.p + at, (size_t)(nl - text.p) - at};
        at += line.n + 1;
        if (starts(line, "=== ")) {
            if (cases++ && !run_case(file, &g))
                failed++;
            memset(&g, 0, sizeof g);
            rag_buf_init(&g.expected, 1 << 20);
            read_title(&g, line.p);
            in_expected = false;
        } else if (!cases) {
            continue; /* what the file is about */
        } else if (starts(line, "--- ") || in_expected) {
            in_expected = true;
            /* An empty line before the next case is not part of the chunk. */
            if (line.n || (at < text.n && memcmp(text.p + at, "=== ", 4)))
                rag_buf_printf(&g.expected, "%.*s\n", RAG_STR_ARG(line));
        } else if (starts(line, "[")) {
            start_block(&g, line, nl + 1);
        } else if (g.n_blocks) {
            g.blocks[g.n_blocks - 1].text.n += line.n + 1;
        }
    }
    assert_true(cases > 0);
    failed += !run_case(file, &g);
    rag_buf_free(&text);
    return failed;
}

static void test_files(void **state)
{
    (void)state;
    glob_t files;
    int failed = 0;
    assert_int_equal(glob(RAG_SOURCE_DIR "/tests/golden/chunk/*.case", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        failed += run_file(files.gl_pathv[i]);
    assert_true(files.gl_pathc >= 4);
    globfree(&files);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
