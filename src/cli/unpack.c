/* unpack.c: one member of a .tgz archive (gzip around the ustar format, POSIX.1-1988). */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "cli/fetch.h"

enum { BLOCK = 512 };

struct member {
    char name[257];
    unsigned long long size;
    char type;
};

static bool read_block(gzFile in, unsigned char block[BLOCK])
{
    return gzread(in, block, BLOCK) == BLOCK;
}

/* False at the end of the archive (a block of zeros) and for what is no header. */
static bool read_header(gzFile in, struct member *m)
{
    unsigned char b[BLOCK];
    char size[13], prefix[156];
    unsigned sum = 0, stored;
    if (!read_block(in, b) || b[0] == 0)
        return false;
    for (int i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : b[i];
    char check[9] = {0};
    memcpy(check, b + 148, 8);
    stored = (unsigned)strtoul(check, NULL, 8);
    if (stored != sum)
        return false;
    snprintf(size, sizeof size, "%.12s", (char *)b + 124);
    snprintf(prefix, sizeof prefix, "%.155s", (char *)b + 345);
    bool ustar = memcmp(b + 257, "ustar", 5) == 0;
    snprintf(m->name, sizeof m->name, "%s%s%.100s", ustar ? prefix : "", ustar && *prefix ? "/" : "",
             (char *)b);
    m->size = strtoull(size, NULL, 8);
    m->type = (char)b[156];
    return true;
}

/* Content of a member with its padding; to fd, or nowhere when fd is -1. */
static int copy_content(gzFile in, unsigned long long size, int fd)
{
    unsigned char b[BLOCK];
    for (; size; size -= size < BLOCK ? size : BLOCK) {
        if (!read_block(in, b))
            return RAG_EFORMAT;
        if (fd >= 0 && rag_fs_write_all(fd, b, size < BLOCK ? (size_t)size : BLOCK) != 0)
            return RAG_EIO;
    }
    return 0;
}

static int write_member(gzFile in, const struct member *m, const char *path, struct rag_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot create %s: %s", path, strerror(errno));
    int rc = copy_content(in, m->size, fd);
    if (rc == 0 && fsync(fd) != 0)
        rc = RAG_EIO;
    if (rc == RAG_EIO)
        rag_err_set(err, rc, "cannot write %s: %s", path, strerror(errno));
    close(fd);
    return rc;
}

int rag_fetch_unpack(const char *archive, const char *name, const char *path, struct rag_err *err)
{
    struct member m;
    int rc = RAG_ENOTFOUND;
    gzFile in = gzopen(archive, "rbe");
    if (!in)
        return rag_err_set(err, RAG_EIO, "cannot open %s: %s", archive, strerror(errno));
    while (rc == RAG_ENOTFOUND && read_header(in, &m)) {
        bool regular = m.type == '0' || m.type == '\0';
        if (m.size > RAG_LIMIT_MODEL_FILE)
            rc = RAG_EFORMAT;
        else if (regular && strcmp(m.name, name) == 0)
            rc = write_member(in, &m, path, err);
        else if (copy_content(in, m.size, -1))
            rc = RAG_EFORMAT;
    }
    gzclose(in);
    if (rc == RAG_ENOTFOUND)
        rag_err_set(err, rc, "%s holds no %s", archive, name);
    if (rc == RAG_EFORMAT)
        rag_err_set(err, rc, "%s is broken or not complete", archive);
    return rc;
}
