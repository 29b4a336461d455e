/* What a tier's file sets up before it includes the kernels: TIER (its name), B (channels in a block) and NR (blocks of
 * output channels that a matrix kernel keeps in registers; with MR places they fill the register file). */
#include "base/memory.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include <stdint.h>
#include <string.h>

typedef float Vec __attribute__((vector_size(4 * B)));
typedef int32_t VecMask __attribute__((vector_size(4 * B)));

enum { MR = 6 };

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE Vec load(const float *p) {
    return *(const Vec *)(const void *)p;
}

INLINE void store(float *p, Vec v) {
    *(Vec *)(void *)p = v;
}

INLINE Vec splat(float x) {
    return x - (Vec){0};
}

/* v where test > 0, else 0 */
INLINE Vec where_positive(Vec test, Vec v) {
    return (Vec)((VecMask)v & (VecMask)(test > (Vec){0}));
}

INLINE int blocks_of(int channels) {
    return (channels + B - 1) / B;
}
