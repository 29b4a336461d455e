#include "compute/kernel/window.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { LANES = IMP_WINDOW_LANES, GROUP = 4 }; /* windows side by side */

#define INLINE static inline __attribute__((always_inline))

#define TARGET
#define TIER(name) name##_baseline
#define B          4
#include "compute/kernel/window_tier.inc"
#undef TARGET
#undef TIER
#undef B

#if defined(__x86_64__)
#define TARGET     __attribute__((target("avx2")))
#define TIER(name) name##_avx2
#define B          8
#include "compute/kernel/window_tier.inc"
#undef TARGET
#undef TIER
#undef B

#define TARGET     __attribute__((target("avx512f")))
#define TIER(name) name##_avx512
#define B          16
#include "compute/kernel/window_tier.inc"
#endif

const ImpWindowKernels *imp_window_kernels(ImpCpuLevel level) {
#if defined(__x86_64__)
    if (level >= IMP_CPU_AVX512) return &kernels_avx512;
    if (level >= IMP_CPU_AVX2) return &kernels_avx2;
#endif
    (void)level;
    return &kernels_baseline;
}
