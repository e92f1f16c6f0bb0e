/* fs.h: files and folders: whole reads, durable writes. Paths are NUL-terminated; errors name the path. */
#ifndef RAG_BASE_FS_H
#define RAG_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

bool rag_fs_exists(const char *path);
bool rag_fs_is_dir(const char *path);
/* mkdir -p with mode 0700 for what is new. */
int rag_fs_mkdirs(const char *path, struct rag_err *err);
/* Appends the whole file to buf (whose maximum bounds it). */
int rag_fs_read(const char *path, struct rag_buf *buf, struct rag_err *err);
/* Temporary file, fsync, rename, fsync of the folder: after return the content survives a power cut. Mode
 * 0600. */
int rag_fs_write_durable(const char *path, const void *p, size_t n, struct rag_err *err);
/* fsync of a directory, so that its entries survive. */
int rag_fs_sync_dir(const char *path, struct rag_err *err);
/* Deletes a folder and what is in it, without following links. Absent is fine. */
int rag_fs_remove_tree(const char *path, struct rag_err *err);
/* Folder of the running executable, no trailing slash; written to buf; NULL on failure. */
char *rag_fs_exe_dir(char *buf, size_t cap);
/* write(2) until all is written. 0 or -errno. */
int rag_fs_write_all(int fd, const void *p, size_t n);

#endif
