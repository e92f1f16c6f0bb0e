/* file_type.c: MIME type by file name, for metadata only: readers are chosen by pai_rag_parse. */
#include "rag/file_type.h"

#include <string.h>
#include <strings.h>

const char *rag_file_type(const char *name)
{
    static const struct {
        const char *ext, *type;
    } table[] = {
        {"txt", "text/plain"},
        {"text", "text/plain"},
        {"log", "text/plain"},
        {"md", "text/markdown"},
        {"markdown", "text/markdown"},
        {"html", "text/html"},
        {"htm", "text/html"},
        {"pdf", "application/pdf"},
        {"csv", "text/csv"},
        {"tsv", "text/tab-separated-values"},
        {"jsonl", "application/jsonl"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof table / sizeof *table; i++)
        if (!strcasecmp(dot + 1, table[i].ext))
            return table[i].type;
    return "application/octet-stream";
}
