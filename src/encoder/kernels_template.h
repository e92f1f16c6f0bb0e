/* kernels_template.h: the kernels, written once in GCC vector extensions; a kernels_*.c sets the width.
 *
 * Before including: LANES (floats in a register), TILE_ROWS (6 or 12: rows of a register tile; the tile is
 * two registers wide), KERNELS (name of the table), ISA (its text). The compiler flags of that file decide
 * which instructions come out; the compiler contracts a * b + c to one fused operation where there is one. */
#include <math.h>
#include <stdint.h>

#include "encoder/kernels.h"
#include "encoder/weights.h"

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 12")
#endif
#define INLINE static inline __attribute__((always_inline))

enum { TILE_COLUMNS = 2 * LANES };

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef uint32_t vu __attribute__((vector_size(LANES * 4)));
typedef float vf_in_memory __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

INLINE vf load(const float *p)
{
    return *(const vf_in_memory *)p;
}

INLINE void store(float *p, vf v)
{
    *(vf_in_memory *)p = v;
}

INLINE vf splat(float x)
{
    return x - (vf){0};
}

INLINE vf select(vu mask, vf yes, vf no)
{
    return (vf)((mask & (vu)yes) | (~mask & (vu)no));
}

INLINE vf larger(vf a, vf b)
{
    return select((vu)(a > b), a, b);
}

INLINE float sum_of(vf v)
{
    float sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

/* e^x to about 1e-7, for x <= 0 (below -87: e^-87). Cody-Waite reduction, polynomial of Cephes' expf. */
INLINE vf exp_of(vf x)
{
    const float round = 12582912.f; /* 1.5 * 2^23: adding it leaves an integer in the low bits */
    x = larger(x, splat(-87.f));
    vf shifted = x * 1.44269504f + round;
    vf n = shifted - round;
    vf r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.f;
    return (vf)((vu)p + ((vu)shifted << 23)); /* times 2^n */
}

/* x/2 (1 + erf(x / sqrt 2)); erf by Abramowitz and Stegun 7.1.26, absolute error 1.5e-7. */
INLINE vf gelu(vf x)
{
    const vu sign = (vu)x & 0x80000000u;
    vf z = (vf)((vu)x ^ sign) * 0.70710678f;
    vf t = 1.f / (z * 0.3275911f + 1.f);
    vf p = t * 1.061405429f - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    vf erf = 1.f - p * t * exp_of(-z * z);
    return x * 0.5f * ((vf)((vu)erf | sign) + 1.f);
}

/* One register tile: rows (a constant after inlining) by TILE_COLUMNS, over all of k. */
INLINE void tile(const int rows, const struct rag_matmul *m, const float *a, const float *b, int column,
                 float *c)
{
    vf sum[TILE_ROWS][2];
    UNROLL
    for (int i = 0; i < rows; i++)
        sum[i][0] = sum[i][1] = (vf){0};
    const long stride = m->a_stride;
    const int depth = m->k;
    for (int k = 0; k < depth; k++, b += RAG_PANEL) {
        const vf b0 = load(b), b1 = load(b + LANES);
        UNROLL
        for (int i = 0; i < rows; i++) {
            const float x = a[i * stride + k];
            sum[i][0] += x * b0;
            sum[i][1] += x * b1;
        }
    }
    const vf bias0 = m->bias ? load(m->bias + column) : (vf){0};
    const vf bias1 = m->bias ? load(m->bias + column + LANES) : (vf){0};
    UNROLL
    for (int i = 0; i < rows; i++, c += m->c_stride) {
        vf y0 = sum[i][0] + bias0, y1 = sum[i][1] + bias1;
        store(c, m->gelu ? gelu(y0) : y0);
        store(c + LANES, m->gelu ? gelu(y1) : y1);
    }
}

static void any_tile(int rows, const struct rag_matmul *m, const float *a, const float *b, int column,
                     float *c)
{
#define CASE(n)                                                                                              \
    case n:                                                                                                  \
        tile(n, m, a, b, column, c);                                                                         \
        break;
    switch (rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
#if TILE_ROWS == 12
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
#endif
    default:
        break;
    }
#undef CASE
}

static void matmul(const struct rag_matmul *m)
{
    for (int begin = 0; begin < m->rows; begin += RAG_ROW_BLOCK) {
        const int end = begin + RAG_ROW_BLOCK < m->rows ? begin + RAG_ROW_BLOCK : m->rows;
        for (int p = m->first; p < m->last; p++) {
            const float *panel = m->panels + (size_t)p * RAG_PANEL * (size_t)m->k;
            for (int r = begin; r < end; r += TILE_ROWS) {
                for (int i = 0; i < RAG_PANEL; i += TILE_COLUMNS) {
                    const int column = p * RAG_PANEL + i;
                    any_tile(end - r < TILE_ROWS ? end - r : TILE_ROWS, m, m->a + r * m->a_stride, panel + i,
                             column, m->c + r * m->c_stride + column);
                }
            }
        }
    }
}

static void add_norm(float *x, const float *y, int n, const float *weight, const float *bias)
{
    const float epsilon = 1e-12f;
    vf sum = {0}, squares = {0};
    for (int i = 0; i < n; i += LANES) {
        vf v = y ? load(x + i) + load(y + i) : load(x + i);
        store(x + i, v);
        sum += v;
    }
    const float mean = sum_of(sum) / (float)n;
    for (int i = 0; i < n; i += LANES) {
        vf v = load(x + i) - mean;
        squares += v * v;
    }
    const float scale = 1.f / sqrtf(sum_of(squares) / (float)n + epsilon);
    for (int i = 0; i < n; i += LANES)
        store(x + i, (load(x + i) - mean) * scale * load(weight + i) + load(bias + i));
}

static void softmax(float *x, int n, float scale)
{
    for (int i = n; i % LANES; i++)
        x[i] = -INFINITY;
    vf top = splat(-INFINITY), sum = {0};
    for (int i = 0; i < n; i += LANES)
        top = larger(load(x + i), top);
    float max = top[0];
    for (int i = 1; i < LANES; i++)
        max = top[i] > max ? top[i] : max;
    for (int i = 0; i < n; i += LANES) {
        vf e = exp_of((load(x + i) - max) * scale);
        store(x + i, e);
        sum += e;
    }
    const float share = 1.f / sum_of(sum);
    for (int i = 0; i < n; i += LANES)
        store(x + i, load(x + i) * share);
}

const struct rag_kernels KERNELS = {.isa = ISA, .matmul = matmul, .add_norm = add_norm, .softmax = softmax};
