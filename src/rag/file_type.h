/* file_type.h: MIME type by file name. */
#ifndef RAG_RAG_FILE_TYPE_H
#define RAG_RAG_FILE_TYPE_H

/* Static text; "application/octet-stream" for an unknown extension. */
const char *rag_file_type(const char *name);

#endif
