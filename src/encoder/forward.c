/* forward.c: the transformer (Devlin et al. 2018, BERT; post-norm layers, GELU) over packed sequences.
 *
 * A team divides each step among its members: matrix products by panels of output columns, the rest by rows
 * or heads. A barrier stands wherever a step reads what another member wrote; for a team of one it costs
 * nothing, so there is one code path. */
#include "encoder/forward.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>

enum {
    QUERY_ROWS = 24, /* queries that share one look at the keys; a multiple of all tile heights */
    SPINS = 2000,    /* a step is far shorter than a sleep: spin first, then let others run */
};

/* Attention of one head, private to a member. */
struct scratch {
    float *keys;   /* panels of the transposed keys: [len / 32][head][32] */
    float *values; /* panels: [head / 32][len][32] */
    float *scores; /* [QUERY_ROWS][len rounded up to 32] */
};

struct rag_workspace {
    float *x;      /* [rows][dims]: the tokens */
    float *qkv;    /* [rows][3 * dims] */
    float *mixed;  /* [rows][dims]: what attention gathers */
    float *y;      /* [rows][dims]: what a layer adds to x */
    float *hidden; /* [RAG_ROW_BLOCK][ff] */
    struct scratch *scratch;
    int team_size;
};

/* What all steps of one pass need. */
struct pass {
    const struct rag_model *m;
    struct rag_workspace *ws;
    struct rag_team *team;
    int member;
    const struct rag_seq *seqs;
    int n, rows;
};

static float *floats(size_t n)
{
    return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
}

static size_t round_up(size_t n)
{
    return (n + RAG_PANEL - 1) / RAG_PANEL * RAG_PANEL;
}

struct rag_workspace *rag_workspace_new(const struct rag_model *m, int rows, int team_size)
{
    const struct rag_weights *w = &m->weights;
    const size_t n = (size_t)rows, dims = (size_t)w->dims, head = dims / (size_t)w->heads;
    struct rag_workspace *ws = calloc(1, sizeof *ws);
    if (!ws)
        return NULL;
    ws->team_size = team_size;
    ws->x = floats(n * dims);
    ws->qkv = floats(n * 3 * dims);
    ws->mixed = floats(n * dims);
    ws->y = floats(n * dims);
    ws->hidden = floats(RAG_ROW_BLOCK * (size_t)w->ff);
    ws->scratch = calloc((size_t)team_size, sizeof *ws->scratch);
    bool complete = ws->x && ws->qkv && ws->mixed && ws->y && ws->hidden && ws->scratch;
    for (int i = 0; complete && i < team_size; i++) {
        struct scratch *s = &ws->scratch[i];
        s->keys = floats(round_up(n) * head);
        s->values = floats(n * head);
        s->scores = floats(QUERY_ROWS * round_up(n));
        complete = s->keys && s->values && s->scores;
    }
    if (!complete) {
        rag_workspace_free(ws);
        return NULL;
    }
    return ws;
}

void rag_workspace_free(struct rag_workspace *ws)
{
    if (!ws)
        return;
    for (int i = 0; ws->scratch && i < ws->team_size; i++) {
        free(ws->scratch[i].keys);
        free(ws->scratch[i].values);
        free(ws->scratch[i].scores);
    }
    free(ws->scratch);
    free(ws->x);
    free(ws->qkv);
    free(ws->mixed);
    free(ws->y);
    free(ws->hidden);
    free(ws);
}

/* ---- sharing work */

static void relax(int spins)
{
#ifdef __x86_64__
    if (spins < SPINS) {
        __builtin_ia32_pause();
        return;
    }
#endif
    (void)spins;
    sched_yield();
}

static void barrier(struct rag_team *t)
{
    if (t->size == 1)
        return;
    const unsigned round = atomic_load_explicit(&t->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&t->waiting, 1, memory_order_acq_rel) + 1 == t->size) {
        atomic_store_explicit(&t->waiting, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&t->round, 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&t->round, memory_order_acquire) == round; spins++)
        relax(spins);
}

struct range {
    int begin, end;
};

/* This member's part of 0..n-1. */
static struct range share(const struct pass *p, int n)
{
    const long size = p->team->size, id = p->member;
    return (struct range){(int)(n * id / size), (int)(n * (id + 1) / size)};
}

/* c = a * l + bias for the panels first..last-1 of l, of which this member does its share. */
static void linear(const struct pass *p, const struct rag_linear *l, int first, int last, bool gelu,
                   const float *a, int rows, float *c)
{
    const struct range panels = share(p, last - first);
    p->m->kernels->matmul(&(struct rag_matmul){.a = a,
                                               .a_stride = l->in,
                                               .rows = rows,
                                               .k = l->in,
                                               .panels = l->panels,
                                               .first = first + panels.begin,
                                               .last = first + panels.end,
                                               .bias = l->bias,
                                               .gelu = gelu,
                                               .c = c,
                                               .c_stride = l->out});
}

static void add_norm_rows(const struct pass *p, int first, int rows, const struct rag_norm *norm)
{
    const int dims = p->m->weights.dims;
    const struct range mine = share(p, rows);
    for (int r = first + mine.begin; r < first + mine.end; r++)
        p->m->kernels->add_norm(p->ws->x + (size_t)r * (size_t)dims, p->ws->y + (size_t)r * (size_t)dims,
                                dims, norm->weight, norm->bias);
}

/* ---- the steps */

static void embed_token(const struct rag_model *m, int id, int place, float *x)
{
    const struct rag_weights *w = &m->weights;
    const uint8_t *word = w->words + (size_t)id * (size_t)w->dims;
    const float *at = w->places + (size_t)place * (size_t)w->dims;
    for (int i = 0; i < w->dims; i++)
        x[i] = (float)(word[i] - w->word_zero) * w->word_scale + at[i];
    m->kernels->add_norm(x, NULL, w->dims, w->embedding_norm.weight, w->embedding_norm.bias);
}

static void embed(const struct pass *p)
{
    const size_t dims = (size_t)p->m->weights.dims;
    const struct range mine = share(p, p->rows);
    int row = 0;
    for (int s = 0; s < p->n; s++) {
        for (int i = 0; i < p->seqs[s].len; i++, row++) {
            if (row >= mine.begin && row < mine.end)
                embed_token(p->m, p->seqs[s].ids[i], i, p->ws->x + (size_t)row * dims);
        }
    }
}

static void pack_keys(const float *k, size_t stride, int len, int head, float *panels)
{
    for (int i = 0; i < len; i++, k += stride) {
        float *to = panels + (size_t)(i / RAG_PANEL * head) * RAG_PANEL + i % RAG_PANEL;
        for (int j = 0; j < head; j++)
            to[j * RAG_PANEL] = k[j];
    }
}

static void pack_values(const float *v, size_t stride, int len, int head, float *panels)
{
    for (int j = 0; j < head; j += RAG_PANEL, panels += (size_t)len * RAG_PANEL) {
        for (int i = 0; i < len; i++)
            memcpy(panels + (size_t)i * RAG_PANEL, v + (size_t)i * stride + j, RAG_PANEL * sizeof *v);
    }
}

/* One head over one sequence: `queries` rows from q on look at len rows from kv on (both point to the head's
 * columns in qkv) and leave what they gather in mixed. */
static void attend(const struct pass *p, const float *q, int queries, const float *kv, int len, float *mixed)
{
    const struct rag_kernels *kernels = p->m->kernels;
    const struct scratch *s = &p->ws->scratch[p->member];
    const int dims = p->m->weights.dims, head = dims / p->m->weights.heads;
    const int padded = (int)round_up((size_t)len);
    const float scale = 1.f / sqrtf((float)head);
    pack_keys(kv + dims, 3 * (size_t)dims, len, head, s->keys);
    pack_values(kv + 2 * dims, 3 * (size_t)dims, len, head, s->values);
    for (int at = 0; at < queries; at += QUERY_ROWS) {
        const int rows = queries - at < QUERY_ROWS ? queries - at : QUERY_ROWS;
        kernels->matmul(&(struct rag_matmul){.a = q + (size_t)at * 3 * (size_t)dims,
                                             .a_stride = 3 * dims,
                                             .rows = rows,
                                             .k = head,
                                             .panels = s->keys,
                                             .last = padded / RAG_PANEL,
                                             .c = s->scores,
                                             .c_stride = padded});
        for (int r = 0; r < rows; r++)
            kernels->softmax(s->scores + (size_t)r * (size_t)padded, len, scale);
        kernels->matmul(&(struct rag_matmul){.a = s->scores,
                                             .a_stride = padded,
                                             .rows = rows,
                                             .k = len,
                                             .panels = s->values,
                                             .last = head / RAG_PANEL,
                                             .c = mixed + (size_t)at * (size_t)dims,
                                             .c_stride = dims});
    }
}

/* All heads of all sequences, dealt out to the members. cls: sequence s has one query, in row s. */
static void attention(const struct pass *p, bool cls)
{
    const struct rag_workspace *ws = p->ws;
    const size_t dims = (size_t)p->m->weights.dims;
    const int heads = p->m->weights.heads, head = p->m->weights.dims / heads;
    int turn = 0;
    size_t row = 0;
    for (int s = 0; s < p->n; s++) {
        const int len = p->seqs[s].len;
        const size_t first = cls ? (size_t)s : row;
        for (int h = 0; h < heads; h++, turn++) {
            if (turn % p->team->size == p->member)
                attend(p, ws->qkv + first * 3 * dims + h * head, cls ? 1 : len,
                       ws->qkv + row * 3 * dims + h * head, len, ws->mixed + first * dims + h * head);
        }
        row += (size_t)len;
    }
}

static void feed_forward(const struct pass *p, const struct rag_layer *l, int rows)
{
    const int dims = p->m->weights.dims;
    for (int r = 0; r < rows; r += RAG_ROW_BLOCK) { /* block by block, so that hidden stays in the cache */
        const int n = rows - r < RAG_ROW_BLOCK ? rows - r : RAG_ROW_BLOCK;
        const size_t at = (size_t)r * (size_t)dims;
        linear(p, &l->up, 0, l->up.out / RAG_PANEL, true, p->ws->x + at, n, p->ws->hidden);
        barrier(p->team);
        linear(p, &l->down, 0, l->down.out / RAG_PANEL, false, p->ws->hidden, n, p->ws->y + at);
        barrier(p->team);
        add_norm_rows(p, r, n, &l->output_norm);
    }
}

/* Everything after attention; p->ws->mixed and x hold `rows` rows. */
static void finish_layer(const struct pass *p, const struct rag_layer *l, int rows)
{
    linear(p, &l->attention_out, 0, l->attention_out.out / RAG_PANEL, false, p->ws->mixed, rows, p->ws->y);
    barrier(p->team);
    add_norm_rows(p, 0, rows, &l->attention_norm);
    barrier(p->team);
    feed_forward(p, l, rows);
    barrier(p->team);
}

/* The first rows of all sequences to the front of x. */
static void gather_cls(const struct pass *p)
{
    const size_t dims = (size_t)p->m->weights.dims;
    size_t row = 0;
    for (int s = 0; s < p->n; s++) {
        memmove(p->ws->x + (size_t)s * dims, p->ws->x + row * dims, dims * sizeof(float));
        row += (size_t)p->seqs[s].len;
    }
}

/* Of the last layer only the first row of each sequence is wanted: keys and values are needed of all rows,
 * the rest is done for those, which move to the front. */
static void last_layer(const struct pass *p, const struct rag_layer *l)
{
    const int panels = p->m->weights.dims / RAG_PANEL;
    linear(p, &l->qkv, panels, 3 * panels, false, p->ws->x, p->rows, p->ws->qkv);
    barrier(p->team);
    if (p->member == 0)
        gather_cls(p);
    barrier(p->team);
    linear(p, &l->qkv, 0, panels, false, p->ws->x, p->n, p->ws->qkv);
    barrier(p->team);
    attention(p, true);
    barrier(p->team);
    finish_layer(p, l, p->n);
}

/* Unit length; a vector of zeros stays one. */
static void normalise(const float *x, int n, float *out)
{
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += (double)x[i] * x[i];
    const double scale = squares > 0 ? 1 / sqrt(squares) : 0;
    for (int i = 0; i < n; i++)
        out[i] = (float)(x[i] * scale);
}

void rag_forward(const struct rag_model *m, struct rag_workspace *ws, struct rag_team *team, int member,
                 const struct rag_seq *seqs, int n)
{
    const struct rag_weights *w = &m->weights;
    struct pass p = {.m = m, .ws = ws, .team = team, .member = member, .seqs = seqs, .n = n};
    for (int s = 0; s < n; s++)
        p.rows += seqs[s].len;

    embed(&p);
    barrier(team);
    for (int i = 0; i < w->layers - 1; i++) {
        const struct rag_layer *l = &w->layer[i];
        linear(&p, &l->qkv, 0, l->qkv.out / RAG_PANEL, false, ws->x, p.rows, ws->qkv);
        barrier(team);
        attention(&p, false);
        barrier(team);
        finish_layer(&p, l, p.rows);
    }
    last_layer(&p, &w->layer[w->layers - 1]);
    const struct range mine = share(&p, n);
    for (int s = mine.begin; s < mine.end; s++)
        normalise(ws->x + (size_t)s * (size_t)w->dims, w->dims, seqs[s].out);
    barrier(team);
}
