/* topk.c: keeps the k best of many matches in a binary heap whose root is the worst of them. */
#include "store/internal.h"

#include <stdlib.h>

static bool worse(const struct rag_store_match *a, const struct rag_store_match *b)
{
    return a->score < b->score || (a->score == b->score && a->chunk_id > b->chunk_id);
}

static void sift_up(struct rag_store_match *v, size_t i)
{
    while (i && worse(&v[i], &v[(i - 1) / 2])) {
        struct rag_store_match t = v[i];
        v[i] = v[(i - 1) / 2];
        v[(i - 1) / 2] = t;
        i = (i - 1) / 2;
    }
}

static void sift_down(struct rag_store_match *v, size_t n)
{
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1;
        if (left < n && worse(&v[left], &v[least]))
            least = left;
        if (left + 1 < n && worse(&v[left + 1], &v[least]))
            least = left + 1;
        if (least == i)
            return;
        struct rag_store_match t = v[i];
        v[i] = v[least];
        v[least] = t;
        i = least;
    }
}

void rag_topk_add(struct rag_topk *t, int64_t chunk_id, double score)
{
    struct rag_store_match m = {chunk_id, score};
    if (t->n < t->k) {
        t->v[t->n] = m;
        sift_up(t->v, t->n++);
    } else if (t->n && worse(&t->v[0], &m)) {
        t->v[0] = m;
        sift_down(t->v, t->n);
    }
}

static int best_first(const void *a, const void *b)
{
    return worse(a, b) ? 1 : worse(b, a) ? -1 : 0;
}

void rag_topk_sort(struct rag_topk *t)
{
    if (t->n > 1)
        qsort(t->v, t->n, sizeof *t->v, best_first);
}
