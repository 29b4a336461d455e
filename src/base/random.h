/* Random numbers: xoshiro256** (Blackman, Vigna 2018) seeded by SplitMix64. The state is plain data, so that a
 * checkpoint can hold it. */
#ifndef IMP_BASE_RANDOM_H
#define IMP_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct ImpRandom {
    uint64_t state[4];
} ImpRandom;

void imp_random_seed(ImpRandom *random, uint64_t seed);
uint64_t imp_random_next(ImpRandom *random);
/* [0,1), 53 bits. */
double imp_random_uniform(ImpRandom *random);
/* 0..bound-1 without bias; bound >= 1. */
uint64_t imp_random_below(ImpRandom *random, uint64_t bound);
/* `count` values of N(0, deviation^2) (Box and Muller 1958). */
void imp_random_normal(ImpRandom *random, float *out, size_t count, double deviation);

#endif
