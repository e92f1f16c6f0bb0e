/* kernels_portable.c: the kernels in whatever the baseline of the target has: SSE2 on x86-64, NEON on arm64.
 */
#define LANES     4
#define TILE_ROWS 6
#define KERNELS   rag_kernels_portable
#define ISA       "portable"
#include "encoder/kernels_template.h"
