#include "base/random.h"

#include <math.h>

static uint64_t rotate_left(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

static uint64_t split_mix(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void imp_random_seed(ImpRandom *random, uint64_t seed) {
    for (int i = 0; i < 4; i++) random->state[i] = split_mix(&seed);
}

uint64_t imp_random_next(ImpRandom *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double imp_random_uniform(ImpRandom *random) {
    return (double)(imp_random_next(random) >> 11) * 0x1p-53;
}

uint64_t imp_random_below(ImpRandom *random, uint64_t bound) {
    uint64_t biased = (0 - bound) % bound; /* 2^64 mod bound: values below it would come up too often */
    uint64_t value;
    do value = imp_random_next(random);
    while (value < biased);
    return value % bound;
}

void imp_random_normal(ImpRandom *random, float *out, size_t count, double deviation) {
    const double two_pi = 6.283185307179586;
    for (size_t i = 0; i < count; i += 2) {
        double radius = deviation * sqrt(-2 * log(1 - imp_random_uniform(random)));
        double angle = two_pi * imp_random_uniform(random);
        out[i] = (float)(radius * cos(angle));
        if (i + 1 < count) out[i + 1] = (float)(radius * sin(angle));
    }
}
