/* bench_encoder.c: speed of the encoder: tokens per second of ingestion, latency of a query, time and memory
 * to load.
 *
 * usage: bench_encoder MODEL_DIR [ISA...]   prints a Markdown table; every rate is the median of its rounds.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "encoder/encoder.h"
#include "encoder/kernels.h"

enum { ROUNDS = 5, QUERIES = 41, TEXTS = 16, WINDOW = 510, SPECIAL = 2 };

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}

/* A text of exactly `tokens` tokens: common Chinese characters, one token each. */
static struct rag_str make_text(char *buf, int tokens, unsigned seed)
{
    static const char *const common[] = {"的", "一", "是", "在", "不", "了", "有", "和",
                                         "人", "这", "中", "大", "为", "上", "个", "国",
                                         "我", "以", "要", "他", "时", "来", "用", "们"};
    size_t n = 0;
    for (int i = 0; i < tokens; i++) {
        seed = seed * 1664525u + 1013904223u;
        const char *c = common[(seed >> 16) % (sizeof common / sizeof *common)];
        memcpy(buf + n, c, strlen(c));
        n += strlen(c);
    }
    return (struct rag_str){buf, n};
}

struct load {
    const char *name;
    int lengths[TEXTS]; /* special tokens included */
    int n;
    char text[TEXTS][3 * WINDOW];
    struct rag_str texts[TEXTS];
};

static void prepare(struct load *l)
{
    for (int i = 0; i < l->n; i++)
        l->texts[i] = make_text(l->text[i], l->lengths[i] - SPECIAL, (unsigned)i + 1);
}

static void die(const struct rag_err *err)
{
    fprintf(stderr, "bench_encoder: %s\n", err->msg);
    exit(1);
}

/* Median seconds of one call, tokens of it in *tokens. */
static double seconds(struct rag_encoder *e, const struct load *l, enum rag_encoder_priority prio, int rounds,
                      int *tokens)
{
    double times[QUERIES];
    struct rag_err err;
    float *out = malloc((size_t)l->n * (size_t)rag_encoder_dims(e) * sizeof *out);
    if (!out)
        exit(1);
    for (int i = -1; i < rounds; i++) { /* the first round warms up */
        const double begin = rag_clock_mono_s();
        if (rag_encoder_embed(e, l->texts, (size_t)l->n, prio, out, tokens, NULL, NULL, &err))
            die(&err);
        if (i >= 0)
            times[i] = rag_clock_mono_s() - begin;
    }
    free(out);
    return median(times, rounds);
}

static double rate(struct rag_encoder *e, const struct load *l)
{
    int tokens;
    const double s = seconds(e, l, RAG_ENCODER_INGEST, ROUNDS, &tokens);
    return tokens / s;
}

/* Ingests without end, beside the queries. */
struct background {
    struct rag_encoder *e;
    const struct load *load;
    atomic_bool stop;
};

static void *ingest(void *arg)
{
    struct background *b = arg;
    while (!b->stop)
        seconds(b->e, b->load, RAG_ENCODER_INGEST, 1, NULL);
    return NULL;
}

/* Median seconds of a query while all threads ingest; a query comes every 20 ms. */
static double seconds_during_ingestion(struct rag_encoder *e, const struct load *query,
                                       const struct load *work)
{
    struct background b = {.e = e, .load = work};
    double times[QUERIES];
    pthread_t thread;
    if (pthread_create(&thread, NULL, ingest, &b))
        exit(1);
    for (int i = 0; i < QUERIES; i++) {
        float out[8192]; /* more dimensions than any model we load */
        struct rag_err err;
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
        const double begin = rag_clock_mono_s();
        if (rag_encoder_embed(e, query->texts, 1, RAG_ENCODER_QUERY, out, NULL, NULL, NULL, &err))
            die(&err);
        times[i] = rag_clock_mono_s() - begin;
    }
    b.stop = true;
    pthread_join(thread, NULL);
    return median(times, QUERIES);
}

static void bench(const char *dir, const char *isa, int threads, const struct load *loads)
{
    struct rag_encoder *e;
    struct rag_err err;
    struct rusage usage;
    int tokens;
    const double begin = rag_clock_mono_s();
    if (rag_encoder_open(dir, &(struct rag_encoder_opts){.threads = threads, .isa = isa}, &e, &err))
        die(&err);
    const double load_ms = 1e3 * (rag_clock_mono_s() - begin);
    const double c128 = rate(e, &loads[0]), c480 = rate(e, &loads[1]), mix = rate(e, &loads[2]);
    const double query = seconds(e, &loads[3], RAG_ENCODER_QUERY, QUERIES, &tokens);
    const double busy = seconds_during_ingestion(e, &loads[3], &loads[1]);
    getrusage(RUSAGE_SELF, &usage);
    printf("| %s | %d | %.0f | %.0f | %.0f | %.2f | %.2f | %.0f | %ld |\n", isa, threads, c128, c480, mix,
           1e3 * query, 1e3 * busy, load_ms, usage.ru_maxrss / 1024);
    fflush(stdout);
    rag_encoder_close(e);
}

int main(int argc, char **argv)
{
    static struct load loads[] = {
        {.name = "128 tokens", .n = 16},
        {.name = "480 tokens", .n = 8},
        {.name = "20 to 480 tokens", .n = 16},
        {.name = "query of 16", .n = 1, .lengths = {16}},
    };
    static const char *const all[] = {"avx512", "avx2", "portable"};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_encoder MODEL_DIR [ISA...]\n");
        return 2;
    }
    for (int i = 0; i < TEXTS; i++) {
        loads[0].lengths[i] = 128;
        loads[1].lengths[i] = 480;
        loads[2].lengths[i] = 20 + 460 * i / (TEXTS - 1);
    }
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        prepare(&loads[i]);
    printf("| ISA | threads | 128: tok/s | 480: tok/s | mix: tok/s | query of 16: ms | while ingesting: ms | "
           "load ms | peak MiB |\n"
           "|---|---|---|---|---|---|---|---|---|\n");
    const char *const *names = argc > 2 ? (const char *const *)argv + 2 : all;
    const int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    const int n = argc > 2 ? argc - 2 : (int)(sizeof all / sizeof *all);
    for (int i = 0; i < n; i++) {
        const struct rag_kernels *kernels;
        if (rag_kernels_choose(names[i], &kernels, NULL))
            continue; /* this machine lacks it */
        for (int threads = 1; threads <= cores; threads = threads == cores ? cores + 1 : cores)
            bench(argv[1], names[i], threads, loads);
    }
    return 0;
}
