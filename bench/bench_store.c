/* bench_store.c: speed of the store: puts, lexical and dense searches, both while documents are put; memory.
 *
 * usage: bench_store [-d DICT] [-q QUERIES.jsonl] [-r RUN] [-n CHUNKS] [CORPUS.jsonl...]
 * A corpus line {"title", "text"} is one chunk, 50 are a document; without a corpus, text is generated. -r
 * writes "query-id TAB line number of the corpus (from 0)" for the 10 best of each question, best first, to
 * be judged by other tools. Prints a Markdown table. No question is asked twice. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/id.h"
#include "base/limits.h"
#include "store/store.h"
#include "text/json.h"
#include "text/segment.h"

enum { DIMS = 512, PER_DOCUMENT = 50, DEPTH = 50, GENERATED_QUERIES = 1000 };

struct texts {
    struct rag_str *v;
    const char **ids;
    size_t n, cap;
};

static struct rag_arena memory;
static struct rag_store *store;
static int64_t index_id;

static void die(const char *what, const struct rag_err *err)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, err ? err->msg : "out of memory");
    exit(1);
}

static void texts_add(struct texts *t, const char *id, struct rag_str text)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 1024;
        t->v = realloc(t->v, t->cap * sizeof *t->v);
        t->ids = realloc(t->ids, t->cap * sizeof *t->ids);
        if (!t->v || !t->ids)
            die("texts", NULL);
    }
    t->ids[t->n] = rag_arena_strdup(&memory, id);
    t->v[t->n++] = rag_arena_str(&memory, text);
}

static void add_line(struct texts *t, struct rag_str line)
{
    struct rag_err err = {0};
    json_t *j = rag_json_parse(line, &err);
    if (!j)
        die("a line is not JSON", &err);
    const char *title = json_string_value(json_object_get(j, "title"));
    const char *text = json_string_value(json_object_get(j, "text"));
    const char *id = json_string_value(json_object_get(j, "id"));
    const char *sep = title && *title ? " " : "";
    char *all = rag_arena_printf(&memory, "%s%s%s", title ? title : "", sep, text ? text : "");
    if (!all)
        die("texts", NULL);
    texts_add(t, id ? id : "", rag_str_of(all));
    json_decref(j);
}

static void read_jsonl(struct texts *t, const char *path)
{
    struct rag_buf b;
    struct rag_err err = {0};
    rag_buf_init(&b, 512 * RAG_MIB);
    if (rag_fs_read(path, &b, &err))
        die(path, &err);
    for (char *p = b.p, *end = b.p + b.n; p < end;) {
        char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((nl ? nl : end) - p);
        if (n)
            add_line(t, (struct rag_str){p, n});
        p += n + 1;
    }
    rag_buf_free(&b);
}

static double uniform(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (double)(x >> 11) * 0x1p-53;
}

/* Words whose frequencies fall as in real text (Zipf): w1 is the most common. */
static void generate(struct texts *t, size_t n, int words)
{
    struct rag_buf b;
    rag_buf_init(&b, RAG_MIB);
    for (size_t i = 0; i < n; i++) {
        char id[24];
        rag_buf_reset(&b);
        for (int w = 0; w < words; w++)
            rag_buf_printf(&b, "w%d ", (int)exp(uniform() * 11));
        snprintf(id, sizeof id, "%zu", i);
        texts_add(t, id, rag_buf_str(&b));
    }
    rag_buf_free(&b);
}

static void unit_vector(float *v)
{
    double sum = 0;
    for (int i = 0; i < DIMS; i++) {
        v[i] = (float)(uniform() - 0.5);
        sum += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < DIMS; i++)
        v[i] = (float)(v[i] / sqrt(sum));
}

/* ---- measuring */

struct times {
    double *v; /* seconds */
    size_t n, cap;
};

static void times_add(struct times *t, double s)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 1024;
        if (!(t->v = realloc(t->v, t->cap * sizeof *t->v)))
            die("times", NULL);
    }
    t->v[t->n++] = s;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void times_print(struct times *t, const char *what)
{
    if (!t->n)
        return;
    qsort(t->v, t->n, sizeof *t->v, ascending);
    printf("| %-34s | %6zu | %8.3f | %8.3f | %8.3f |\n", what, t->n, t->v[t->n / 2] * 1e3,
           t->v[t->n * 99 / 100] * 1e3, t->v[t->n - 1] * 1e3);
    fflush(stdout);
    free(t->v);
    *t = (struct times){0};
}

static void put(const char *name, const struct rag_str *texts, size_t n, struct times *t)
{
    struct rag_err err = {0};
    struct rag_arena a;
    const char **replaced;
    size_t n_replaced;
    rag_arena_init(&a, 64 * RAG_MIB);
    struct rag_chunk *v = rag_arena_array(&a, n, sizeof *v);
    float *vectors = rag_arena_array(&a, n * DIMS, sizeof *vectors);
    if (!v || !vectors)
        die("put", NULL);
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct rag_chunk){.text = texts[i], .tokens = 500};
        unit_vector(vectors + i * DIMS);
    }
    struct rag_chunks chunks = {v, n};
    struct rag_store_put p = {.index_id = index_id,
                              .name = name,
                              .chunks = &chunks,
                              .vectors = vectors,
                              .dims = DIMS,
                              .embed_model = "bench",
                              .fingerprint = "bench"};
    double start = rag_clock_mono_s();
    if (rag_store_put_documents(store, &a, &p, 1, &replaced, &n_replaced, &err))
        die("put", &err);
    times_add(t, rag_clock_mono_s() - start);
    rag_arena_free(&a);
}

static void put_all(const struct texts *corpus, struct times *t)
{
    for (size_t i = 0; i < corpus->n; i += PER_DOCUMENT) {
        char name[40];
        size_t n = corpus->n - i < PER_DOCUMENT ? corpus->n - i : PER_DOCUMENT;
        snprintf(name, sizeof name, "document-%zu", i);
        put(name, corpus->v + i, n, t);
    }
}

static void search_lexical(const struct texts *queries, size_t from, size_t to, struct times *t, FILE *run)
{
    struct rag_store_match m[DEPTH];
    struct rag_err err = {0};
    size_t n;
    for (size_t i = from; i < to; i++) {
        double start = rag_clock_mono_s();
        if (rag_store_search_lexical(store, index_id, queries->v[i], DEPTH, m, &n, &err))
            die("lexical search", &err);
        times_add(t, rag_clock_mono_s() - start);
        for (size_t j = 0; run && j < n && j < 10; j++)
            fprintf(run, "%s\t%lld\n", queries->ids[i], (long long)m[j].chunk_id - 1);
    }
}

static void search_dense(size_t count, struct times *t)
{
    struct rag_store_match m[DEPTH];
    struct rag_err err = {0};
    float q[DIMS];
    size_t n;
    for (size_t i = 0; i < count; i++) {
        unit_vector(q);
        double start = rag_clock_mono_s();
        if (rag_store_search_dense(store, index_id, q, DIMS, DEPTH, m, &n, &err))
            die("dense search", &err);
        times_add(t, rag_clock_mono_s() - start);
    }
}

/* Replaces a few documents over and over. */
struct writer {
    const struct texts *corpus;
    struct times times;
    bool stop;
};

static void *keep_writing(void *arg)
{
    struct writer *w = arg;
    size_t n = w->corpus->n < PER_DOCUMENT ? w->corpus->n : PER_DOCUMENT;
    for (int i = 0; !__atomic_load_n(&w->stop, __ATOMIC_RELAXED); i++) {
        char name[40];
        snprintf(name, sizeof name, "replaced-%d", i % 5);
        put(name, w->corpus->v, n, &w->times);
    }
    return NULL;
}

static void measure_while_writing(const struct texts *corpus, const struct texts *queries, size_t from)
{
    struct writer w = {.corpus = corpus};
    struct times lexical = {0}, dense = {0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, keep_writing, &w))
        die("thread", NULL);
    search_lexical(queries, from, queries->n, &lexical, NULL);
    search_dense(queries->n - from, &dense);
    __atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    times_print(&lexical, "lexical search, while putting");
    times_print(&dense, "dense search, while putting");
    times_print(&w.times, "replace 50 chunks, while searching");
}

static long memory_mib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss / 1024;
}

int main(int argc, char **argv)
{
    const char *dict = NULL, *run_path = NULL;
    struct texts corpus = {0}, queries = {0};
    struct rag_segmenter *seg;
    struct rag_err err = {0};
    size_t chunks = 10000;
    int c;
    rag_arena_init(&memory, 2048 * RAG_MIB);
    while ((c = getopt(argc, argv, "d:q:r:n:")) != -1) {
        if (c == 'd')
            dict = optarg;
        else if (c == 'q')
            read_jsonl(&queries, optarg);
        else if (c == 'r')
            run_path = optarg;
        else if (c == 'n')
            chunks = (size_t)atoll(optarg);
        else
            return 2;
    }
    for (int i = optind; i < argc; i++)
        read_jsonl(&corpus, argv[i]);
    if (!corpus.n)
        generate(&corpus, chunks, 300);
    if (!queries.n)
        generate(&queries, GENERATED_QUERIES, 8);

    char dir[] = "/tmp/bench_store.XXXXXX";
    if (!mkdtemp(dir))
        die("no temporary folder", NULL);
    if (rag_segmenter_open(dict, &seg, &err) || rag_store_open(dir, seg, &store, &err) ||
        rag_store_index_id(store, "default_index", &index_id, &err))
        die("open", &err);
    printf("%zu chunks of %d dimensions, %zu questions; %ld MiB for them and the dictionary\n\n", corpus.n,
           DIMS, queries.n, memory_mib());
    printf("| %-34s | %6s | %8s | %8s | %8s |\n|---|---:|---:|---:|---:|\n", "what", "times", "p50 ms",
           "p99 ms", "max ms");
    struct times t = {0};
    put_all(&corpus, &t);
    times_print(&t, "put a document of 50 chunks");
    FILE *run = run_path ? fopen(run_path, "w") : NULL;
    /* A run file wants every question; otherwise half are kept for the searches during puts. */
    size_t half = run ? queries.n : queries.n / 2;
    search_lexical(&queries, 0, half, &t, run);
    times_print(&t, "lexical search");
    search_dense(1, &t);
    times_print(&t, "first dense search (loads vectors)");
    search_dense(500, &t);
    times_print(&t, "dense search");
    if (run)
        fclose(run);
    else
        measure_while_writing(&corpus, &queries, half);
    double start = rag_clock_mono_s();
    rag_store_close(store);
    if (rag_store_open(dir, seg, &store, &err))
        die("open again", &err);
    printf("\nopen again: %.1f ms; peak memory %ld MiB\n", (rag_clock_mono_s() - start) * 1e3, memory_mib());
    rag_store_close(store);
    rag_segmenter_close(seg);
    rag_fs_remove_tree(dir, NULL);
    rag_arena_free(&memory);
    return 0;
}
