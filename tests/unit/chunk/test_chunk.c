/* test_chunk.c: what holds for the chunks of any document: the window, nothing lost, exact places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chunk/chunk.h"
#include "counter.h"

/* Like WordPiece: four bytes a token, but a word of more than 100 bytes is one unknown token. */
static int count_pieces(void *ud, struct rag_str text)
{
    int n = 0;
    size_t word = 0;
    for (size_t at = 0; at <= text.n;) {
        size_t from = at;
        uint32_t cp = at < text.n ? rag_utf8_next(text, &at) : (uint32_t)(++at, ' ');
        bool alone = rag_utf8_is_cjk(cp) || rag_utf8_is_punct(cp);
        if (!alone && !rag_utf8_is_space(cp)) {
            word += at - from;
            continue;
        }
        n += alone + (word > 100 ? 1 : (int)((word + 3) / 4));
        word = 0;
    }
    if (ud)
        *(size_t *)ud += text.n;
    return n;
}

/* A text counts more as a whole than its parts do: chunks must be measured, not added up. */
static int count_more_as_a_whole(void *ud, struct rag_str text)
{
    return count_words(ud, text) + (int)(text.n / 40);
}

static int count_fails(void *ud, struct rag_str text)
{
    (void)ud, (void)text;
    return RAG_ENOTREADY;
}

/* A document whose file is its blocks with an empty line between them. */
enum { MAX_BLOCKS = 40 };
struct doc {
    struct rag_buf file;
    struct rag_block blocks[MAX_BLOCKS];
    size_t n;
};

static void doc_init(struct doc *d)
{
    memset(d, 0, sizeof *d);
    rag_buf_init(&d->file, 64 << 20);
}

/* The text that was added to d->file since start becomes a block. */
static void doc_block(struct doc *d, enum rag_block_kind kind, int level, size_t start)
{
    assert_true(d->n < MAX_BLOCKS);
    d->blocks[d->n++] = (struct rag_block){
        .kind = kind, .level = level, .place = {.begin = (int64_t)start, .end = (int64_t)d->file.n}};
    rag_buf_adds(&d->file, "\n\n");
}

static struct rag_blocks doc_blocks(struct doc *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct rag_place *p = &d->blocks[i].place;
        d->blocks[i].text = (struct rag_str){d->file.p + p->begin, (size_t)(p->end - p->begin)};
    }
    return (struct rag_blocks){.v = d->blocks, .n = d->n};
}

static bool is_blank(struct rag_str text)
{
    for (size_t at = 0; at < text.n;)
        if (!rag_utf8_is_space(rag_utf8_next(text, &at)))
            return false;
    return true;
}

/* Every chunk is within the window, says how many tokens it has, ends in exactly the bytes of its place, and
 * together they leave nothing out but headings. */
static void check_chunks(struct doc *d, const struct rag_chunks *chunks, int limit, bool records,
                         const struct rag_token_counter *counter)
{
    char *covered = calloc(1, d->file.n);
    for (size_t i = 0; i < chunks->n; i++) {
        const struct rag_chunk *k = &chunks->v[i];
        assert_true(rag_utf8_valid(k->text));
        assert_int_equal(k->tokens, counter->count(counter->ud, k->text));
        assert_true(k->tokens <= (records ? counter->window : limit));
        assert_true(k->prefix < k->text.n);
        size_t n = (size_t)(k->place.end - k->place.begin);
        assert_true(k->place.begin < k->place.end && n <= k->text.n - k->prefix);
        assert_memory_equal(k->text.p + k->text.n - n, d->file.p + k->place.begin, n);
        memset(covered + k->place.begin, 1, n);
    }
    for (size_t i = 0; i < d->n; i++) {
        const struct rag_block *b = &d->blocks[i];
        for (size_t at = (size_t)b->place.begin, next; at < (size_t)b->place.end; at = next) {
            next = at;
            rag_utf8_next(rag_buf_str(&d->file), &next);
            struct rag_str c = {d->file.p + at, next - at};
            /* A header repeated above parts of a row that is too long is outside of the place. */
            bool header =
                b->kind == RAG_BLOCK_TABLE && at < (size_t)b->place.begin + strlen("| a | b |\n|---|---|\n");
            if (b->kind != RAG_BLOCK_HEADING && !header && !covered[at] && !is_blank(c))
                fail_msg("byte %zu of block %zu (%.*s) is in no chunk", at, i, RAG_STR_ARG(c));
        }
    }
    free(covered);
}

static struct rag_chunks split(struct rag_arena *a, struct doc *d, const struct rag_chunk_opts *o,
                               const struct rag_token_counter *counter)
{
    struct rag_blocks blocks = doc_blocks(d);
    struct rag_chunks chunks;
    struct rag_err err = {0};
    if (rag_chunk_split(a, &blocks, o, counter, &chunks, &err))
        fail_msg("%s", err.msg);
    return chunks;
}

static void add_random_text(struct rag_buf *b, int bits)
{
    static const char *const bit[] = {"word",
                                      "Another",
                                      " ",
                                      " ",
                                      " ",
                                      ". ",
                                      "。",
                                      "，",
                                      "！",
                                      "\n",
                                      "\n\n",
                                      "\n\n\n",
                                      "Dr. ",
                                      "3.14",
                                      "中",
                                      "国家",
                                      "知识",
                                      "…",
                                      "”",
                                      "\"",
                                      "- ",
                                      "supercalifragilistic",
                                      "1. ",
                                      "e.g. ",
                                      ", ",
                                      "; ",
                                      "👨‍👩‍👧",
                                      "é",
                                      "　",
                                      "한국",
                                      "ไทย",
                                      "http://a.b/c?d=e",
                                      "U.S. ",
                                      "\xC2\xA0x",
                                      "?!",
                                      "：",
                                      "）",
                                      "|",
                                      "#",
                                      "``",
                                      "\t",
                                      "\r\n"};
    for (int i = 0; i < bits; i++)
        rag_buf_adds(b, bit[(size_t)rand() % (sizeof bit / sizeof *bit)]);
}

static void add_random_block(struct doc *d, bool records)
{
    size_t start = d->file.n;
    int dice = rand() % 10;
    if (records) {
        add_random_text(&d->file, rand() % 60);
        doc_block(d, RAG_BLOCK_RECORD, 0, start);
    } else if (dice == 0) {
        add_random_text(&d->file, rand() % 12);
        doc_block(d, RAG_BLOCK_HEADING, 1 + rand() % 4, start);
    } else if (dice == 1) {
        rag_buf_adds(&d->file, "| a | b |\n|---|---|\n");
        for (int i = rand() % 12; i > 0; i--)
            rag_buf_printf(&d->file, "| %d | cell %d |\n", i, rand());
        doc_block(d, RAG_BLOCK_TABLE, 0, start);
    } else {
        add_random_text(&d->file, rand() % 120);
        doc_block(d, dice == 2 ? RAG_BLOCK_CODE : RAG_BLOCK_TEXT, 0, start);
    }
}

static void test_random_documents(void **state)
{
    (void)state;
    static int (*const counters[])(void *, struct rag_str) = {count_words, count_pieces,
                                                              count_more_as_a_whole};
    srand(7);
    for (int round = 0; round < 1500; round++) {
        struct rag_arena a = {0};
        struct doc d;
        doc_init(&d);
        bool records = round % 10 == 0;
        for (int i = 1 + rand() % 12; i > 0; i--)
            add_random_block(&d, records);
        struct rag_token_counter counter = {counters[rand() % 3], NULL, 1 + rand() % 100};
        struct rag_chunk_opts o = {.splitter = rand() % 2 ? RAG_SPLIT_SENTENCE : RAG_SPLIT_TOKEN,
                                   .chunk_size = 1 + rand() % 100,
                                   .chunk_overlap = rand() % 20,
                                   .paragraph_separator = rand() % 4 ? "\n\n\n" : "\n\n"};
        struct rag_chunks chunks = split(&a, &d, &o, &counter);
        bool only_headings = true;
        for (size_t i = 0; i < d.n; i++)
            only_headings = only_headings && d.blocks[i].kind == RAG_BLOCK_HEADING;
        int limit = o.chunk_size < counter.window ? o.chunk_size : counter.window;
        if (!only_headings)
            check_chunks(&d, &chunks, limit, records, &counter);
        rag_arena_free(&a);
        rag_buf_free(&d.file);
    }
}

/* One long block, the default options, and a bound on how much is given to the counter. */
static struct rag_chunks split_long(struct rag_arena *a, struct doc *d)
{
    size_t counted = 0;
    struct rag_token_counter quiet = {count_pieces, NULL, 510}, counter = {count_pieces, &counted, 510};
    struct rag_chunk_opts o = {.chunk_size = 500, .chunk_overlap = 10, .paragraph_separator = "\n\n\n"};
    doc_block(d, RAG_BLOCK_TEXT, 0, 0);
    struct rag_chunks chunks = split(a, d, &o, &counter);
    check_chunks(d, &chunks, 500, false, &quiet);
    if (counted > 4 * d->file.n)
        fail_msg("%zu bytes counted for a text of %zu", counted, d->file.n);
    return chunks;
}

static void repeat(struct doc *d, const char *text, int times)
{
    for (int i = 0; i < times; i++)
        rag_buf_adds(&d->file, text);
}

static void test_long_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int times;
    } cases[] = {
        {"The quick brown fox jumps over the lazy dog, and Mr. Smith paid 3.14 dollars for it. ", 5000},
        {"The quick brown fox jumps over the lazy dog and does so without ever stopping ", 5000},
        {"春天来了花儿开了小鸟在枝头歌唱我们一起去郊游", 3000},
        {"春天来了，花儿开了。小鸟在枝头歌唱！我们一起去郊游？", 3000},
        {"x", 100000},
        {"👨‍👩‍👧", 5000},
        {"RAG 检索增强生成 (retrieval-augmented generation) 是一种技术。It works, 大概！\n", 3000},
        {"\n\n \t\n", 20000},
        {"!?.,;", 20000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rag_arena a = {0};
        struct doc d;
        doc_init(&d);
        repeat(&d, cases[i].text, cases[i].times);
        struct rag_chunks chunks = split_long(&a, &d);
        for (size_t k = 0; k < chunks.n; k++)
            assert_true(chunks.v[k].text.n <= 500 * 30); /* whatever the tokenizer calls one token */
        assert_true(i == 7 ? chunks.n == 0 : chunks.n > 5);
        rag_arena_free(&a);
        rag_buf_free(&d.file);
    }
}

static void test_full_chunks(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct doc d;
    doc_init(&d);
    repeat(&d, "One two three four five six seven eight. ", 500);
    struct rag_chunks chunks = split_long(&a, &d);
    for (size_t i = 0; i + 1 < chunks.n; i++)
        assert_true(chunks.v[i].tokens > 450);
    rag_arena_free(&a);
    rag_buf_free(&d.file);
}

static void test_characters_stay_whole(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct doc d;
    doc_init(&d);
    repeat(&d, "👨‍👩‍👧", 400);
    struct rag_token_counter counter = {count_more_as_a_whole, NULL, 20};
    struct rag_chunk_opts o = {.chunk_size = 20};
    doc_block(&d, RAG_BLOCK_TEXT, 0, 0);
    struct rag_chunks chunks = split(&a, &d, &o, &counter);
    assert_true(chunks.n > 1);
    for (size_t i = 0; i < chunks.n; i++)
        assert_int_equal(chunks.v[i].text.n % strlen("👨‍👩‍👧"), 0);
    rag_arena_free(&a);
    rag_buf_free(&d.file);
}

static void test_places(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_block v[] = {
        {.kind = RAG_BLOCK_TEXT,
         .text = RAG_STR("One."),
         .place = {.page = 2, .x0 = 10, .y0 = 20, .x1 = 50, .y1 = 30}},
        {.kind = RAG_BLOCK_TEXT,
         .text = RAG_STR("Two."),
         .place = {.page = 2, .x0 = 5, .y0 = 40, .x1 = 40, .y1 = 60}},
        {.kind = RAG_BLOCK_TEXT,
         .text = RAG_STR("Six."),
         .place = {.page = 3, .x0 = 1, .y0 = 1, .x1 = 90, .y1 = 90}},
        {.kind = RAG_BLOCK_HEADING, .level = 1, .text = RAG_STR("Next")},
        {.kind = RAG_BLOCK_TEXT,
         .text = RAG_STR("Bold text."),
         .place = {.begin = 100, .end = 114}}, /* **Bold** */
        {.kind = RAG_BLOCK_TEXT, .text = RAG_STR("Plain text."), .place = {.begin = 120, .end = 131}},
        {.kind = RAG_BLOCK_RECORD, .text = RAG_STR("a: 1"), .place = {.begin = 140, .end = 143, .row = 7}},
    };
    struct rag_blocks blocks = {.v = v, .n = sizeof v / sizeof *v};
    struct rag_token_counter counter = {count_words, NULL, 100};
    struct rag_chunk_opts o = {.chunk_size = 100};
    struct rag_chunks k;
    assert_int_equal(rag_chunk_split(&a, &blocks, &o, &counter, &k, NULL), 0);
    assert_int_equal(k.n, 3);
    struct rag_place *p = &k.v[0].place;
    assert_int_equal(p->page, 2);
    assert_true(p->x0 == 5 && p->y0 == 20 && p->x1 == 50 && p->y1 == 60);
    assert_true(p->begin == 0 && p->end == 0 && p->row == 0);
    assert_true(k.v[1].place.begin == 100 && k.v[1].place.end == 131);
    assert_int_equal(k.v[1].prefix, strlen("Next: "));
    assert_true(k.v[2].place.row == 7 && k.v[2].place.begin == 140 && k.v[2].place.end == 143);
    assert_int_equal(k.v[2].prefix, 0);
    o.chunk_size = 7; /* "Next: " leaves room for one of the two paragraphs */
    assert_int_equal(rag_chunk_split(&a, &blocks, &o, &counter, &k, NULL), 0);
    assert_int_equal(k.n, 4);
    assert_true(k.v[1].place.begin == 100 && k.v[1].place.end == 114);
    assert_true(k.v[2].place.begin == 120 && k.v[2].place.end == 131);
    rag_arena_free(&a);
}

static void test_errors(void **state)
{
    (void)state;
    struct rag_arena a = {0};
    struct rag_err err = {0};
    struct rag_block v[] = {{.kind = RAG_BLOCK_TEXT, .text = RAG_STR("One. Two.")}};
    struct rag_blocks blocks = {.v = v, .n = 1};
    struct rag_token_counter counter = {count_words, NULL, 100};
    struct rag_chunk_opts o = {.chunk_size = 0};
    struct rag_chunks k;
    assert_int_equal(rag_chunk_split(&a, &blocks, &o, &counter, &k, &err), RAG_EINVAL);
    assert_non_null(strstr(err.msg, "chunk_size"));
    o.chunk_size = 10;
    o.chunk_overlap = -1;
    assert_int_equal(rag_chunk_split(&a, &blocks, &o, &counter, &k, &err), RAG_EINVAL);
    o.chunk_overlap = 0;
    counter.count = count_fails;
    assert_int_equal(rag_chunk_split(&a, &blocks, &o, &counter, &k, &err), RAG_ENOTREADY);
    counter.count = count_words;
    blocks.n = 0;
    assert_int_equal(rag_chunk_split(&a, &blocks, &o, &counter, &k, &err), 0);
    assert_int_equal(k.n, 0);
    struct rag_arena small = {.max = 8};
    blocks.n = 1;
    assert_int_equal(rag_chunk_split(&small, &blocks, &o, &counter, &k, &err), RAG_ENOMEM);
    rag_arena_free(&small);
    rag_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_documents), cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_full_chunks),      cmocka_unit_test(test_characters_stay_whole),
        cmocka_unit_test(test_places),           cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
