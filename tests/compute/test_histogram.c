/* The histogram kernels of each tier against plain loops. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "compute/kernel/kernel.h"
#include "compute/kernel/reference.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { PLACES = 301, BINS = 37, MOST_LANES = 16 };

/* Everything for one block, aligned as activations are. */
typedef struct Block {
    float source[PLACES * MOST_LANES], target[PLACES * MOST_LANES], expected[PLACES * MOST_LANES];
    float counts[BINS * MOST_LANES], wanted[BINS * MOST_LANES];
    float weights[PLACES], least[MOST_LANES], scale[MOST_LANES];
    ImpBinMap map[BINS * MOST_LANES];
} Block;

/* Rectified numbers, a lane without any, one that is constant, one with numbers beyond its bins, and none. */
static Block *make_block(size_t lanes) {
    Block *block = imp_alloc(1, sizeof *block);
    ImpRandom random;
    assert_non_null(block);
    imp_random_seed(&random, 3);
    imp_random_normal(&random, block->source, PLACES * lanes, 1);
    for (size_t i = 0; i < PLACES * lanes; i++) {
        size_t lane = i % lanes;
        if (lane == 1) block->source[i] = 0;
        if (lane == 2) block->source[i] = -3.5f;
        if (lane > 4) block->source[i] = fmaxf(block->source[i], 0);
    }
    for (size_t i = 0; i < PLACES; i++) block->weights[i] = (float)(i % 4) / 4;
    for (size_t lane = 0; lane < lanes; lane++) {
        block->least[lane] = lane == 2 ? -3.5f : lane > 4 ? 0 : -4;
        block->scale[lane] = lane == 2 ? 0 : lane == 3 ? 100 : BINS / 8.0f;
    }
    for (size_t i = 0; i < BINS * lanes; i++)
        block->map[i] = (ImpBinMap){(float)i * 0.1f, (float)imp_random_uniform(&random)};
    return block;
}

static void check_range(const ImpKernels *kernels, const Block *block, const float *weights) {
    size_t lanes = (size_t)kernels->block;
    float least[MOST_LANES], greatest[MOST_LANES];
    for (size_t lane = 0; lane < lanes; lane++) {
        least[lane] = FLT_MAX;
        greatest[lane] = -FLT_MAX;
    }
    kernels->histogram_range(PLACES, block->source, weights, least, greatest);
    for (size_t lane = 0; lane < lanes; lane++) {
        float low = FLT_MAX, high = -FLT_MAX;
        for (size_t i = 0; i < PLACES; i++) {
            if (weights && weights[i] == 0) continue;
            low = fminf(low, block->source[i * lanes + lane]);
            high = fmaxf(high, block->source[i * lanes + lane]);
        }
        assert_true(least[lane] == low && greatest[lane] == high);
    }
}

static void check_tier(const ImpKernels *kernels, const float *weights, Block *block) {
    size_t lanes = (size_t)kernels->block;
    ImpBins bins = {.bins = BINS, .least = block->least, .scale = block->scale};
    check_range(kernels, block, weights);
    memset(block->counts, 0, sizeof block->counts);
    memset(block->wanted, 0, sizeof block->wanted);
    kernels->histogram_count(&bins, PLACES, block->source, weights, block->counts);
    imp_reference_histogram_count(kernels->block, &bins, PLACES, block->source, weights, block->wanted);
    assert_memory_equal(block->counts, block->wanted, sizeof block->counts);
    kernels->histogram_map(&bins, PLACES, block->source, block->map, block->target);
    imp_reference_histogram_map(kernels->block, &bins, PLACES, block->source, block->map, block->expected);
    for (size_t i = 0; i < PLACES * lanes; i++)
        assert_true(fabsf(block->target[i] - block->expected[i]) <= 1e-6f * (1 + fabsf(block->expected[i])));
}

static void histograms_of_all_tiers(void **state) {
    (void)state;
    for (ImpCpuLevel level = IMP_CPU_BASELINE; level <= IMP_CPU_AVX512; level++) {
        const ImpKernels *kernels = imp_kernels_of(level);
        if (!kernels) continue;
        Block *block = make_block((size_t)kernels->block);
        check_tier(kernels, NULL, block);
        check_tier(kernels, block->weights, block);
        imp_free(block);
    }
}

/* They are in the first bin, are passed over by ranges, and show in what a map makes of them. */
static void numbers_that_are_none(void **state) {
    (void)state;
    for (ImpCpuLevel level = IMP_CPU_BASELINE; level <= IMP_CPU_AVX512; level++) {
        const ImpKernels *kernels = imp_kernels_of(level);
        if (!kernels) continue;
        size_t lanes = (size_t)kernels->block;
        Block *block = make_block(lanes);
        ImpBins bins = {.bins = BINS, .least = block->least, .scale = block->scale};
        float before[MOST_LANES], least[MOST_LANES] = {0}, greatest[MOST_LANES] = {0};
        block->source[3 * lanes] = NAN;
        block->source[5 * lanes] = INFINITY;
        block->source[7 * lanes] = -INFINITY;
        kernels->histogram_count(&bins, PLACES, block->source, NULL, block->counts);
        imp_reference_histogram_count(kernels->block, &bins, PLACES, block->source, NULL, block->wanted);
        assert_memory_equal(block->counts, block->wanted, sizeof block->counts);
        kernels->histogram_map(&bins, PLACES, block->source, block->map, block->target);
        for (size_t i = 3; i <= 7; i += 2) assert_false(isfinite(block->target[i * lanes]));
        kernels->histogram_range(4, block->source, NULL, least, greatest);
        block->source[3 * lanes] = block->source[2 * lanes];
        memcpy(before, least, sizeof before);
        memset(least, 0, sizeof least);
        kernels->histogram_range(4, block->source, NULL, least, greatest);
        assert_true(before[0] == least[0]);
        imp_free(block);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(histograms_of_all_tiers),
                                       cmocka_unit_test(numbers_that_are_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
