/* upload.h: files on their way into and out of data_dir/files. */
#ifndef RAG_RAG_UPLOAD_H
#define RAG_RAG_UPLOAD_H

#include "rag/engine.h"

/* Deletes stored files that neither a document nor an unfinished job needs: what a crash between commit and
 * unlink, or between storing and job row, left behind. */
void rag_upload_sweep(struct rag_engine *e);
/* Deletes one stored file (path relative to data_dir) after its document is gone. */
void rag_upload_remove(struct rag_engine *e, const char *stored_path);

#endif
