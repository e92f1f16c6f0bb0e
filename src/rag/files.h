/* files.h: the stored files of documents, data_dir/files/<id>. The client's name is a label, never part of a
 * path. */
#ifndef RAG_RAG_FILES_H
#define RAG_RAG_FILES_H

#include "rag/engine.h"

/* Syncs a received file and moves it to its place; fills name (the label), stored_path, sha256 and size of
 * out, in a. The folder is synced by the caller, once for all files of an upload. */
int rag_file_store(const struct rag_settings *s, struct rag_arena *a, const struct rag_upload_file *file,
                   struct rag_store_job_file *out, struct rag_err *err);
/* Deletes one stored file (path relative to data_dir) that nothing needs any more. */
void rag_file_remove(struct rag_engine *e, const char *stored_path);
/* Deletes stored files that neither a document nor an unfinished job needs: what a crash between commit and
 * unlink, or between storing and job row, left behind. */
void rag_file_sweep(struct rag_engine *e);

#endif
