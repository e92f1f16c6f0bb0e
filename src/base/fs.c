/* fs.c: whole reads and durable writes. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool rag_fs_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool rag_fs_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int rag_fs_mkdirs(const char *path, struct rag_err *err)
{
    char buf[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof buf)
        return rag_err_set(err, RAG_EINVAL, "folder name of %zu bytes is not usable (1 to %d)", n,
                           PATH_MAX - 1);
    memcpy(buf, path, n + 1);
    for (char *p = buf + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char c = *p;
        *p = '\0';
        if (mkdir(buf, 0700) != 0 && errno != EEXIST)
            return rag_err_set(err, RAG_EIO, "cannot create folder %s: %s", buf, strerror(errno));
        *p = c;
        if (c == '\0')
            break;
    }
    if (!rag_fs_is_dir(path))
        return rag_err_set(err, RAG_EIO, "%s exists and is not a folder", path);
    return 0;
}

int rag_fs_read(const char *path, struct rag_buf *buf, struct rag_err *err)
{
    int rc = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rag_err_set(err, errno == ENOENT ? RAG_ENOTFOUND : RAG_EIO, "cannot open %s: %s", path,
                           strerror(errno));
    for (;;) {
        char chunk[65536];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = rag_err_set(err, RAG_EIO, "cannot read %s: %s", path, strerror(errno));
            goto out;
        }
        if (n == 0)
            break;
        if (rag_buf_add(buf, chunk, (size_t)n)) {
            rc = rag_err_set(err, buf->err, "%s is larger than %zu bytes", path, buf->max);
            goto out;
        }
    }
out:
    close(fd);
    return rc;
}

int rag_fs_write_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t w = write(fd, at, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        at += w;
        n -= (size_t)w;
    }
    return 0;
}

int rag_fs_sync_dir(const char *path, struct rag_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot open folder %s: %s", path, strerror(errno));
    int rc = 0;
    if (fsync(fd) != 0)
        rc = rag_err_set(err, RAG_EIO, "cannot sync folder %s: %s", path, strerror(errno));
    close(fd);
    return rc;
}

int rag_fs_write_durable(const char *path, const void *p, size_t n, struct rag_err *err)
{
    char tmp[PATH_MAX], dir[PATH_MAX];
    if ((size_t)snprintf(tmp, sizeof tmp, "%s.tmp.%d", path, (int)getpid()) >= sizeof tmp)
        return rag_err_set(err, RAG_EINVAL, "path is too long: %.200s...", path);
    snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return rag_err_set(err, RAG_EIO, "cannot create %s: %s", tmp, strerror(errno));
    int rc = 0, e = rag_fs_write_all(fd, p, n);
    if (e == 0 && fsync(fd) != 0)
        e = -errno;
    close(fd);
    if (e == 0 && rename(tmp, path) != 0)
        e = -errno;
    if (e != 0) {
        rc = rag_err_set(err, RAG_EIO, "cannot write %s: %s", path, strerror(-e));
        unlink(tmp);
        return rc;
    }
    return rag_fs_sync_dir(slash ? dir : ".", err);
}

static int remove_at(int dirfd, const char *name)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return -ENOMEM;
    }
    int rc = 0;
    for (struct dirent *e; rc == 0 && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            rc = remove_at(fd, e->d_name);
    closedir(d);
    if (rc == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) != 0)
        rc = -errno;
    return rc;
}

int rag_fs_remove_tree(const char *path, struct rag_err *err)
{
    int rc = remove_at(AT_FDCWD, path);
    if (rc)
        return rag_err_set(err, RAG_EIO, "cannot delete %s: %s", path, strerror(-rc));
    return 0;
}

char *rag_fs_exe_dir(char *buf, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", buf, cap - 1);
    if (n <= 0 || (size_t)n >= cap - 1)
        return NULL;
    buf[n] = '\0';
    char *slash = strrchr(buf, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return buf;
}
