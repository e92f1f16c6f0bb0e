/* auth.h: the optional API key. */
#ifndef RAG_API_AUTH_H
#define RAG_API_AUTH_H

#include <stdbool.h>

/* key NULL or "": everybody may. authorization: "Bearer <key>" or the key alone; x_api_key: the key. Both may
 * be NULL. Takes the same time wherever the difference is. */
bool rag_auth_ok(const char *key, const char *authorization, const char *x_api_key);

#endif
