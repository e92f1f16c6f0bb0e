/* test_parse.c: the real parser on small files, and a hostile one in its place. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/sandbox.h"
#include "rag/parse.h"
#include "text/utf8.h"

#define PARSER  RAG_BUILD_DIR "/pai_rag_parse"
#define HOSTILE RAG_BUILD_DIR "/pai_rag_parse_hostile"

struct fixture {
    char path[64];
    struct rag_arena a;
    struct rag_blocks blocks;
    struct rag_err err;
    int done, total; /* latest progress */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->path, sizeof(f->path), "/tmp/rag_test_parse_XXXXXX");
    close(mkstemp(f->path));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    rag_arena_free(&f->a);
    free(f);
    return 0;
}

static void on_progress(void *ud, int done, int total)
{
    struct fixture *f = ud;
    f->done = done;
    f->total = total;
}

static int parse_within(struct fixture *f, const char *program, const char *name, int seconds)
{
    static const struct rag_reader_opts none;
    rag_arena_free(&f->a);
    f->err = (struct rag_err){0};
    f->done = f->total = 0;
    return rag_parse_file(program, &f->a, f->path, name, &none, seconds, NULL, on_progress, f, &f->blocks,
                          &f->err);
}

static int parse(struct fixture *f, const char *name, const char *bytes, size_t n)
{
    FILE *file = fopen(f->path, "w");
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
    return parse_within(f, PARSER, name, 60);
}

/* ---- the real parser ---- */

static void test_text_comes_through(void **state)
{
    struct fixture *f = *state;
    static const char page[] = "# 标题\n\n段落一\n\n```\ncode\n```\n";
    assert_int_equal(parse(f, "说明.MD", page, sizeof(page) - 1), 0);
    assert_int_equal(f->blocks.n, 3);
    assert_int_equal(f->blocks.v[0].kind, RAG_BLOCK_HEADING);
    assert_int_equal(f->blocks.v[0].level, 1);
    assert_true(rag_str_eqz(f->blocks.v[0].text, "标题"));
    assert_int_equal(f->blocks.v[1].place.begin, 10);
    assert_int_equal(f->blocks.v[1].place.end, 19);
    assert_int_equal(f->blocks.v[2].kind, RAG_BLOCK_CODE);
    assert_int_equal(f->blocks.pages, 0);
    assert_null(f->blocks.title);
}

static void test_options_reach_the_reader(void **state)
{
    struct fixture *f = *state;
    const char *columns[] = {"a b", "--sheet-json", NULL};
    struct rag_reader_opts opts = {.format_sheet_data_to_json = true, .sheet_column_filters = columns};
    FILE *file = fopen(f->path, "w");
    fputs("x,a b,--sheet-json\n1,2,3\n", file);
    fclose(file);
    assert_int_equal(
        rag_parse_file(PARSER, &f->a, f->path, "t.csv", &opts, 20, NULL, NULL, NULL, &f->blocks, &f->err), 0);
    assert_int_equal(f->blocks.n, 1);
    assert_true(rag_str_eqz(f->blocks.v[0].text, "{'a b': '2', '--sheet-json': '3'}"));
    assert_int_equal(f->blocks.v[0].kind, RAG_BLOCK_RECORD);
    assert_int_equal(f->blocks.v[0].place.row, 1);
}

static void test_a_block_longer_than_a_frame_arrives_whole(void **state)
{
    struct fixture *f = *state;
    size_t n = 3 * RAG_LIMIT_PARSE_FRAME + 7;
    char *text = malloc(n);
    for (size_t i = 0; i < n; i += 3)
        memcpy(text + i, "\xE4\xB8\xAD", n - i < 3 ? n - i : 3);
    n -= n % 3;
    assert_int_equal(parse(f, "long.txt", text, n), 0);
    assert_int_equal(f->blocks.n, 1);
    assert_int_equal(f->blocks.v[0].text.n, n);
    assert_memory_equal(f->blocks.v[0].text.p, text, n);
    free(text);
}

static void test_many_blocks(void **state)
{
    struct fixture *f = *state;
    size_t rows = 50000, n = 0;
    char *text = malloc(rows * 16 + 8);
    n += (size_t)sprintf(text, "n\n");
    for (size_t i = 0; i < rows; i++)
        n += (size_t)sprintf(text + n, "%zu\n", i);
    assert_int_equal(parse(f, "rows.csv", text, n), 0);
    assert_int_equal(f->blocks.n, rows);
    assert_true(rag_str_eqz(f->blocks.v[rows - 1].text, "n:49999"));
    assert_int_equal(f->blocks.v[rows - 1].place.row, 50000);
    free(text);
}

static void test_what_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "a.txt", "", 0), RAG_EFORMAT);
    assert_string_equal(f->err.msg, "the file is empty");
    assert_int_equal(parse(f, "a.xyz", "x", 1), RAG_EUNSUPPORTED);
    assert_non_null(
        strstr(f->err.msg, "files of type .xyz are not supported: convert it to one of pdf, html"));
    assert_int_equal(parse(f, "noextension", "x", 1), RAG_EUNSUPPORTED);
    assert_int_equal(parse(f, "a.p/../df", "x", 1), RAG_EUNSUPPORTED);
    assert_int_equal(parse(f, "a.pdf", "not a pdf at all", 16), RAG_EFORMAT);
    assert_string_equal(f->err.msg,
                        "the file is broken or not a PDF: open it in a PDF viewer and save it again");
    assert_int_equal(f->blocks.n, 0);
    unlink(f->path);
    assert_int_equal(parse_within(f, PARSER, "a.txt", 60), RAG_EIO);
    assert_int_equal(symlink("/etc/passwd", f->path), 0);
    assert_int_equal(parse_within(f, PARSER, "a.txt", 60), RAG_EIO);
}

static void test_too_much_text(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "w");
    static char line[1 << 20];
    memset(line, 'a', sizeof(line));
    for (size_t i = 0; i < RAG_LIMIT_DOC_TEXT / sizeof(line) + 1; i++) {
        fwrite(line, 1, sizeof(line), file);
        fputs("\n\n", file);
    }
    fclose(file);
    assert_int_equal(parse_within(f, PARSER, "big.txt", 60), RAG_ETOOBIG);
    assert_string_equal(f->err.msg, "the file has more than 64 MiB of text: split it");
}

static void *parse_often(void *ud)
{
    (void)ud;
    struct fixture *f;
    set_up((void **)&f);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(parse(f, "a.html", "<h1>a</h1><p>b</p>", 18), 0);
        assert_int_equal(f->blocks.n, 2);
    }
    tear_down((void **)&f);
    return NULL;
}

static void test_parses_at_the_same_time(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parse_often, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* ---- the hostile one ---- */

static void expect_hostile(struct fixture *f, const char *act, int code, const char *sentence)
{
    char name[32];
    snprintf(name, sizeof(name), "x.%s", act);
    int rc = parse_within(f, HOSTILE, name, 60);
    if (rc != code || strcmp(f->err.msg, sentence) != 0)
        fail_msg("%s: %d \"%s\" instead of %d \"%s\"", act, rc, f->err.msg, code, sentence);
    assert_int_equal(f->blocks.n, 0);
}

static void test_forbidden_acts_are_stopped(void **state)
{
    struct fixture *f = *state;
    static const char forbidden[] = "parser stopped: it tried something that a parser may not do (SIGSYS)";
    static const char refused[] = "parser stopped: it ended early with status 13";
    expect_hostile(f, "open", RAG_EFORMAT, refused);
    expect_hostile(f, "create", RAG_EFORMAT, refused);
    expect_hostile(f, "socket", RAG_EFORMAT, forbidden);
    expect_hostile(f, "exec", RAG_EFORMAT, forbidden);
    expect_hostile(f, "fork", RAG_EFORMAT, forbidden);
    expect_hostile(f, "loop", RAG_EFORMAT, "parser stopped: it used too much processor time (SIGXCPU)");
    expect_hostile(f, "abort", RAG_EFORMAT, "parser stopped: it crashed (SIGABRT)");
    if (!RAG_UNDER_ASAN) { /* which handles the one itself and is given the memory for the other */
        expect_hostile(f, "crash", RAG_EFORMAT, "parser stopped: it crashed (SIGSEGV)");
        expect_hostile(f, "memory", RAG_EFORMAT, refused);
    }
}

static void test_a_parser_that_takes_too_long(void **state)
{
    struct fixture *f = *state;
    static const struct rag_reader_opts none;
    double start = rag_clock_mono_s();
    assert_int_equal(parse_within(f, HOSTILE, "x.sleep", 1), RAG_ETIMEOUT);
    assert_string_equal(f->err.msg, "parser stopped: it took more than 1 seconds");
    assert_int_equal(f->done, 1);
    assert_int_equal(f->total, 10);
    /* Talking all the time does not help. */
    assert_int_equal(parse_within(f, HOSTILE, "x.progressing", 1) == 0, 0);
    assert_true(rag_clock_mono_s() - start < 20);

    atomic_bool stop = true;
    assert_int_equal(rag_parse_file(HOSTILE, &f->a, f->path, "x.sleep", &none, 100, &stop, NULL, NULL,
                                    &f->blocks, &f->err),
                     RAG_ECANCELED);
}

static void test_bad_streams(void **state)
{
    struct fixture *f = *state;
    expect_hostile(f, "flood", RAG_ETOOBIG, "the file has more than 64 MiB of text: split it");
    expect_hostile(
        f, "version", RAG_EFORMAT,
        "parser stopped: it sent a format that this server does not know: install both from one build");
    expect_hostile(f, "truncated", RAG_EFORMAT, "parser stopped: it ended early with status 0");
    expect_hostile(f, "noend", RAG_EFORMAT, "parser stopped: it ended early with status 0");
    expect_hostile(f, "oversized", RAG_EFORMAT, "parser stopped: it sent a frame that is too large");
    expect_hostile(f, "type", RAG_EFORMAT, "parser stopped: it sent a frame of an unknown type");
    expect_hostile(f, "kind", RAG_EFORMAT, "parser stopped: it sent a block with impossible numbers");
    expect_hostile(f, "level", RAG_EFORMAT, "parser stopped: it sent a block with impossible numbers");
    expect_hostile(f, "page", RAG_EFORMAT, "parser stopped: it sent a block with impossible numbers");
    expect_hostile(f, "short", RAG_EFORMAT, "parser stopped: it sent a block without a head");
    expect_hostile(f, "part", RAG_EFORMAT, "parser stopped: it sent a part of no block");
    expect_hostile(f, "endless", RAG_EFORMAT, "parser stopped: it sent an impossible number of pages");
    expect_hostile(f, "code", RAG_EFORMAT, "no\xEF\xBF\xBD!");
}

static void test_dirty_text_arrives_clean(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse_within(f, HOSTILE, "x.dirty", 60), 0);
    assert_int_equal(f->blocks.n, 1); /* the empty one is left out */
    assert_true(rag_str_eqz(f->blocks.v[0].text, "ab中\xEF\xBF\xBD"
                                                 "cd"));
    assert_true(f->blocks.v[0].place.x0 == 0);
    assert_int_equal(f->blocks.v[0].place.page, 3);
    assert_string_equal(f->blocks.title, "t\xEF\xBF\xBD");
    assert_int_equal(f->blocks.n_warnings, 1);
    assert_int_equal(f->blocks.pages, 1);
}

static void test_a_parser_inherits_nothing(void **state)
{
    struct fixture *f = *state;
    int leaked[30];
    for (int i = 0; i < 30; i++)
        leaked[i] = open("/dev/null", O_RDONLY);
    assert_int_equal(parse_within(f, HOSTILE, "x.inside", 60), 0);
    assert_true(rag_str_eqz(f->blocks.v[0].text, "0 1 2 3 4 environment 0"));
    for (int i = 0; i < 30; i++)
        close(leaked[i]);
}

static void test_a_missing_parser(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse_within(f, "/nonexistent/parser", "a.txt", 60), RAG_EIO);
    assert_string_equal(f->err.msg, "cannot run /nonexistent/parser: No such file or directory");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_text_comes_through),
        WITH_FIXTURE(test_options_reach_the_reader),
        WITH_FIXTURE(test_a_block_longer_than_a_frame_arrives_whole),
        WITH_FIXTURE(test_many_blocks),
        WITH_FIXTURE(test_what_cannot_be_read),
        WITH_FIXTURE(test_too_much_text),
        cmocka_unit_test(test_parses_at_the_same_time),
        WITH_FIXTURE(test_forbidden_acts_are_stopped),
        WITH_FIXTURE(test_a_parser_that_takes_too_long),
        WITH_FIXTURE(test_bad_streams),
        WITH_FIXTURE(test_dirty_text_arrives_clean),
        WITH_FIXTURE(test_a_parser_inherits_nothing),
        WITH_FIXTURE(test_a_missing_parser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
