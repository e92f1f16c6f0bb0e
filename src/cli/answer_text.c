/* answer_text.c: prints "[n] file, page p: passage" for what an answer cites. */
#include "cli/answer_text.h"

#include <stdbool.h>
#include <string.h>

enum { SHOWN = 120 /* characters of a passage */ };
static const double LEAST_SUPPORT = 0.25;

static bool is_cited(const json_t *citations, int number)
{
    size_t i;
    json_t *c;
    json_array_foreach((json_t *)citations, i, c)
    {
        if (json_integer_value(json_object_get(c, "number")) == number)
            return true;
    }
    return false;
}

/* On one line, cut after SHOWN characters, never inside one; control characters would move the cursor. */
static void print_passage(FILE *to, const char *text)
{
    int shown = 0;
    bool blank = false;
    for (; *text && shown <= SHOWN; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c == 0x7f) {
            blank = true;
            continue;
        }
        bool starts = (c & 0xC0) != 0x80;
        if (starts && ++shown > SHOWN)
            break;
        if (blank)
            putc(' ', to);
        blank = false;
        putc(c, to);
    }
    fputs(*text ? " …\n" : "\n", to);
}

/* The page marks the same: a marker without its passage, or a sentence with too few of its words there. */
static bool is_doubtful(const json_t *citation)
{
    return !json_is_true(json_object_get(citation, "valid")) ||
           json_number_value(json_object_get(citation, "support")) < LEAST_SUPPORT;
}

static void warn_of_doubtful(FILE *to, const json_t *citations)
{
    size_t i;
    json_t *c;
    int before = 0;
    json_array_foreach((json_t *)citations, i, c)
    {
        int number = (int)json_integer_value(json_object_get(c, "number"));
        if (is_doubtful(c) && number != before) {
            fprintf(to, "(Check [%d]: the passage does not clearly support a sentence that cites it.)\n",
                    number);
            before = number;
        }
    }
}

static void print_source(FILE *to, int number, const json_t *doc)
{
    const json_t *meta = json_object_get(doc, "metadata");
    const char *file = json_string_value(json_object_get(meta, "file_name"));
    const char *page = json_string_value(json_object_get(meta, "page_label"));
    const char *text = json_string_value(json_object_get(doc, "text"));
    fprintf(to, "[%d] %s", number, file ? file : "?");
    if (page)
        fprintf(to, ", page %s", page);
    fputs(": ", to);
    print_passage(to, text ? text : "");
}

void rag_answer_print_sources(FILE *to, const json_t *last)
{
    const json_t *docs = json_object_get(last, "docs"), *citations = json_object_get(last, "citations");
    size_t i;
    json_t *doc;
    if (json_array_size(docs))
        fputs("\n", to);
    json_array_foreach((json_t *)docs, i, doc)
    {
        if (!json_array_size(citations) || is_cited(citations, (int)i + 1))
            print_source(to, (int)i + 1, doc);
    }
    warn_of_doubtful(to, citations);
    if (json_is_true(json_object_get(last, "extractive")))
        fputs("(No LLM is configured: the answer consists of sentences of the documents.)\n", to);
}
