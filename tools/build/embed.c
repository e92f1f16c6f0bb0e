/* embed.c: build step that turns files into C source: the built page (with its gzip copies and ETags) or one
 * text. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/sha256.h"

enum { MAX_FILES = 64, PER_LINE = 24 };

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "embed: %s: %s\n", what, why);
    exit(1);
}

static void read_file(const char *path, struct rag_buf *out)
{
    struct rag_err err = {0};
    rag_buf_init(out, 16 * RAG_MIB);
    if (rag_fs_read(path, out, &err))
        fail(path, err.msg);
}

static const char *content_type(const char *name)
{
    static const char *const known[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json; charset=utf-8"},
        {".png", "image/png"},
        {".woff2", "font/woff2"},
        {".ico", "image/x-icon"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
        if (strcmp(dot, known[i][0]) == 0)
            return known[i][1];
    fail(name, "no content type is known for this file: add it to tools/build/embed.c");
    return NULL;
}

static void write_bytes(FILE *f, const char *name, int number, struct rag_str bytes)
{
    fprintf(f, "static const unsigned char %s_%d[] = {", name, number);
    for (size_t i = 0; i < bytes.n; i++)
        fprintf(f, "%s%d,", i % PER_LINE ? "" : "\n", (unsigned char)bytes.p[i]);
    fprintf(f, "0};\n");
}

/* gzip at the best level; the header holds no time, so that builds are reproducible. */
static void compress_file(struct rag_str plain, struct rag_buf *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)plain.p, .avail_in = (uInt)plain.n};
    rag_buf_init(out, 16 * RAG_MIB);
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        fail("zlib", "cannot start");
    size_t room = deflateBound(&z, (uLong)plain.n);
    z.next_out = rag_buf_reserve(out, room);
    z.avail_out = (uInt)room;
    if (!z.next_out || deflate(&z, Z_FINISH) != Z_STREAM_END)
        fail("zlib", "cannot compress");
    out->n += z.total_out;
    deflateEnd(&z);
}

struct page {
    FILE *out, *table;
    int n;
};

static void add_page_file(struct page *p, const char *path, const char *name)
{
    struct rag_buf plain, packed;
    read_file(path, &plain);
    compress_file(rag_buf_str(&plain), &packed);
    struct rag_sha256 sha;
    char hex[65];
    rag_sha256_init(&sha);
    rag_sha256_add(&sha, plain.p, plain.n);
    rag_sha256_hex(&sha, hex);

    write_bytes(p->out, "plain", p->n, rag_buf_str(&plain));
    bool smaller = packed.n < plain.n;
    if (smaller)
        write_bytes(p->out, "gzip", p->n, rag_buf_str(&packed));
    fprintf(p->table, "    {\"/%s\", \"%s\", \"\\\"%.16s\\\"\", {(const char *)plain_%d, %zu}, ", name,
            content_type(name), hex, p->n, plain.n);
    if (smaller)
        fprintf(p->table, "{(const char *)gzip_%d, %zu}},\n", p->n, packed.n);
    else
        fprintf(p->table, "{NULL, 0}},\n");
    p->n++;
    rag_buf_free(&plain);
    rag_buf_free(&packed);
}

/* Files of folder/sub in the order of their names; files whose name begins with a dot are ours, not the
 * page's. */
static void add_page_folder(struct page *p, const char *folder, const char *sub)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, sub);
    struct dirent **names;
    int n = scandir(path, &names, NULL, alphasort);
    if (n < 0)
        fail(path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char name[512], full[2048];
        snprintf(name, sizeof name, "%s%s%s", sub, *sub ? "/" : "", names[i]->d_name);
        snprintf(full, sizeof full, "%s/%s", folder, name);
        struct stat st;
        if (names[i]->d_name[0] != '.' && stat(full, &st) == 0) {
            if (p->n == MAX_FILES)
                fail(folder, "too many files for a page of few files");
            if (S_ISDIR(st.st_mode))
                add_page_folder(p, folder, name);
            else
                add_page_file(p, full, name);
        }
        free(names[i]);
    }
    free(names);
}

static void embed_page(const char *folder, FILE *out)
{
    char *table = NULL;
    size_t n = 0;
    struct page p = {.out = out, .table = open_memstream(&table, &n)};
    fprintf(out, "/* Made from the built page by tools/build/embed.c. */\n#include \"web/assets.h\"\n");
    add_page_folder(&p, folder, "");
    fclose(p.table);
    fprintf(out, "const struct rag_web_asset rag_web_assets[] = {\n%s};\n", table);
    fprintf(out, "const size_t rag_web_n_assets = sizeof rag_web_assets / sizeof *rag_web_assets;\n");
    free(table);
}

static void embed_text(const char *path, const char *symbol, const char *header, FILE *out)
{
    struct rag_buf text;
    read_file(path, &text);
    fprintf(out, "/* Made from a text file by tools/build/embed.c. */\n#include \"%s\"\n", header);
    write_bytes(out, "text", 0, rag_buf_str(&text));
    fprintf(out, "const char *const %s = (const char *)text_0;\n", symbol);
    rag_buf_free(&text);
}

int main(int argc, char **argv)
{
    bool page = argc == 4 && strcmp(argv[1], "page") == 0;
    bool text = argc == 6 && strcmp(argv[1], "text") == 0;
    if (!page && !text) {
        fprintf(stderr, "usage: embed page FOLDER OUT.c | embed text FILE SYMBOL HEADER OUT.c\n");
        return 2;
    }
    const char *path = argv[argc - 1];
    FILE *out = fopen(path, "w");
    if (!out)
        fail(path, strerror(errno));
    if (page)
        embed_page(argv[2], out);
    else
        embed_text(argv[2], argv[3], argv[4], out);
    if (fclose(out))
        fail(path, strerror(errno));
    return 0;
}
