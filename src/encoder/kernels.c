/* kernels.c: chooses the kernels by what the processor has. */
#include "encoder/kernels.h"

#include <string.h>

#ifdef __x86_64__
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}
#endif

static bool always(void)
{
    return true;
}

static const struct {
    const struct rag_kernels *kernels;
    bool (*present)(void);
} choices[] = {
#ifdef __x86_64__
    {&rag_kernels_avx512, has_avx512},
    {&rag_kernels_avx2, has_avx2},
#endif
    {&rag_kernels_portable, always},
};

int rag_kernels_choose(const char *isa, const struct rag_kernels **out, struct rag_err *err)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const char *name = choices[i].kernels->isa;
        if (isa && strcmp(isa, name) != 0)
            continue;
        if (choices[i].present()) {
            *out = choices[i].kernels;
            return 0;
        }
        if (isa)
            return rag_err_set(err, RAG_EUNSUPPORTED,
                               "this processor has no %s; leave the choice to the program", isa);
    }
    return rag_err_set(err, RAG_EINVAL, "unknown instruction set %s; expected avx512, avx2 or portable", isa);
}
