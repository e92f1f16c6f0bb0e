/* kernels_avx2.c: the kernels with 8 lanes; compiled with -mavx2 -mfma (cmake/encoder.cmake). */
#ifdef __x86_64__
#define LANES     8
#define TILE_ROWS 6
#define KERNELS   rag_kernels_avx2
#define ISA       "avx2"
#include "encoder/kernels_template.h"
#endif
