/* base64.c: RFC 4648 base64, encoding only. */
#include "api/base64.h"

int rag_base64(struct rag_buf *out, const void *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        unsigned long bits = (unsigned long)b[i] << 16 | (have > 1 ? (unsigned long)b[i + 1] << 8 : 0) |
                             (have > 2 ? b[i + 2] : 0);
        char four[4] = {digits[bits >> 18 & 63], digits[bits >> 12 & 63],
                        have > 1 ? digits[bits >> 6 & 63] : '=', have > 2 ? digits[bits & 63] : '='};
        rag_buf_add(out, four, 4);
    }
    return out->err;
}
