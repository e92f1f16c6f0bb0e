/* prompt.c: assembles the prompt from template, passages and question, inside the model's window. */
#include "rag/prompt.h"

#include "base/buf.h"
#include "base/limits.h"
#include "text/utf8.h"

enum { SOURCE_LABEL_TOKENS = 8, MIN_BUDGET = 64 };

static const char CONTEXT[] = "{context_str}", QUERY[] = "{query_str}";

/* Keeps the passages that fit into budget tokens; returns how many bytes of the first one are used. */
static size_t fit(struct rag_hits *hits, const struct rag_token_counter *tokens, int budget)
{
    size_t kept = 0;
    if (hits->n == 0)
        return 0;
    struct rag_str first = hits->v[0].text;
    while (first.n && tokens->count(tokens->ud, first) + SOURCE_LABEL_TOKENS > budget)
        first.n = rag_utf8_floor(first, first.n - (first.n + 7) / 8);
    for (; kept < hits->n; kept++) {
        struct rag_str text = kept ? hits->v[kept].text : first;
        int cost = tokens->count(tokens->ud, text) + SOURCE_LABEL_TOKENS;
        if (kept && cost > budget)
            break;
        budget -= cost;
    }
    hits->n = kept;
    return first.n;
}

static void add_context(struct rag_buf *b, const struct rag_hits *hits, size_t first_bytes)
{
    for (size_t i = 0; i < hits->n; i++) {
        struct rag_str text = hits->v[i].text;
        if (i == 0)
            text.n = first_bytes;
        rag_buf_printf(b, "Source %zu:\n", i + 1);
        rag_buf_addstr(b, text);
        rag_buf_addc(b, '\n');
    }
}

/* Replaces the placeholders in one pass: text that looks like a placeholder inside a passage stays text. */
static void fill(struct rag_buf *b, const char *template, struct rag_str question,
                 const struct rag_hits *hits, size_t first_bytes)
{
    for (const char *p = template; *p;) {
        if (!strncmp(p, CONTEXT, sizeof CONTEXT - 1)) {
            add_context(b, hits, first_bytes);
            p += sizeof CONTEXT - 1;
        } else if (!strncmp(p, QUERY, sizeof QUERY - 1)) {
            rag_buf_addstr(b, question);
            p += sizeof QUERY - 1;
        } else {
            rag_buf_addc(b, *p++);
        }
    }
}

int rag_prompt_build(struct rag_arena *a, const char *template, struct rag_str question,
                     struct rag_hits *hits, const struct rag_token_counter *tokens, int window, int reserve,
                     struct rag_str *out, struct rag_err *err)
{
    struct rag_buf b;
    int fixed = tokens->count(tokens->ud, rag_str_of(template)) + tokens->count(tokens->ud, question);
    int budget = window - reserve - fixed;
    if (budget < MIN_BUDGET)
        return rag_err_set(
            err, RAG_ETOOBIG,
            "the question and the prompt template take %d tokens, and with max_tokens = %d nothing is left "
            "of the model's window of %d: ask a shorter question or lower max_tokens",
            fixed, reserve, window);
    size_t first_bytes = fit(hits, tokens, budget);
    rag_buf_init(&b, RAG_LIMIT_DOC_TEXT);
    fill(&b, template, question, hits, first_bytes);
    int rc = b.err ? rag_err_set(err, b.err, "the prompt is larger than %zu bytes", b.max) : 0;
    if (!rc)
        *out = rag_arena_str(a, rag_buf_str(&b));
    if (!rc && !out->p)
        rc = rag_err_set(err, RAG_ENOMEM, "out of memory");
    rag_buf_free(&b);
    return rc;
}
