/* pdf.c: placeholder while the others are tried */
#include "reader/reader.h"
int rag_read_pdf(struct rag_reader *r)
{
    return rag_err_set(r->err, RAG_EUNSUPPORTED, "later");
}
