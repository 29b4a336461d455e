#include "compute/kernel/vector.h"

#include <math.h>

enum { LANES = 16 };

static inline __attribute__((always_inline)) double add_lanes(double *lane) {
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++) lane[j] += lane[j + width];
    return lane[0];
}

static inline __attribute__((always_inline)) float most_lane(const float *lane) {
    float most = 0;
    for (int j = 0; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
    return most;
}

/* FOR_LANES runs its statement for i = 0..n-1 with j = i mod LANES, in whole blocks and then the rest. */
#define FOR_LANES(n, statement)                                                                                        \
    do {                                                                                                               \
        size_t whole = (n) / LANES * LANES;                                                                            \
        for (size_t block = 0; block < whole; block += LANES)                                                          \
            for (size_t j = 0; j < LANES; j++) {                                                                       \
                size_t i = block + j;                                                                                  \
                statement                                                                                              \
            }                                                                                                          \
        for (size_t i = whole; i < (n); i++) {                                                                         \
            size_t j = i - whole;                                                                                      \
            statement                                                                                                  \
        }                                                                                                              \
    } while (0)

/* AVX2 is as fast as memory delivers; AVX-512 was tried and gains nothing. */
#define TARGET
#define TIER(name) name##_baseline
#include "compute/kernel/vector_tier.inc"
#undef TARGET
#undef TIER

#if defined(__x86_64__)
#define TARGET     __attribute__((target("avx2")))
#define TIER(name) name##_avx2
#include "compute/kernel/vector_tier.inc"
#endif

const ImpVectorKernels *imp_vector_kernels(ImpCpuLevel level) {
#if defined(__x86_64__)
    if (level >= IMP_CPU_AVX2) return &kernels_avx2;
#endif
    (void)level;
    return &kernels_baseline;
}
