/* auth.c: compares the API key of a request in constant time. */
#include "api/auth.h"

#include <string.h>
#include <strings.h>

#include "base/sha256.h"

/* Digests have one length, so that not even the key's length shows in the time. */
static bool same(const char *a, const char *b)
{
    char da[65], db[65];
    struct rag_sha256 s;
    rag_sha256_init(&s);
    rag_sha256_add(&s, a, strlen(a));
    rag_sha256_hex(&s, da);
    rag_sha256_init(&s);
    rag_sha256_add(&s, b, strlen(b));
    rag_sha256_hex(&s, db);
    volatile unsigned char diff = 0;
    for (size_t i = 0; i < sizeof da; i++)
        diff |= (unsigned char)(da[i] ^ db[i]);
    return diff == 0;
}

bool rag_auth_ok(const char *key, const char *authorization, const char *x_api_key)
{
    if (!key || !*key)
        return true;
    if (authorization && !strncasecmp(authorization, "Bearer ", 7))
        authorization += 7 + strspn(authorization + 7, " ");
    return (authorization && same(key, authorization)) || (x_api_key && same(key, x_api_key));
}
