/* kernels_avx512.c: the kernels with 16 lanes; compiled with -mavx512f -mavx512dq (cmake/encoder.cmake). */
#ifdef __x86_64__
#define LANES     16
#define TILE_ROWS 12
#define KERNELS   rag_kernels_avx512
#define ISA       "avx512"
#include "encoder/kernels_template.h"
#endif
