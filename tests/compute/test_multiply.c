/* Products of matrices, of each tier, against the plain sum, in sides that do not fill a tile. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "compute/kernel/reference.h"
#include <math.h>

static double *numbers(size_t count, uint64_t seed) {
    ImpRandom random;
    double *values = imp_alloc(count, sizeof *values);
    assert_non_null(values);
    imp_random_seed(&random, seed);
    for (size_t i = 0; i < count; i++) values[i] = 2 * imp_random_uniform(&random) - 1;
    return values;
}

static void check(const ImpKernels *kernels, size_t rows, size_t inner, size_t columns) {
    double *a = numbers(rows * inner, 1), *b = numbers(inner * columns, 2), *expected = numbers(rows * columns, 3);
    double *c[2] = {numbers(rows * columns, 4), numbers(rows * columns, 5)};
    double *scratch = numbers(kernels->multiply_scratch(inner, columns), 6);
    int before = imp_threads_get();
    for (int k = 0; k < 2; k++) {
        imp_threads_set(k + 1);
        kernels->multiply(rows, inner, columns, a, b, c[k], scratch);
    }
    imp_threads_set(before);
    imp_reference_multiply(rows, inner, columns, a, b, expected);
    for (size_t i = 0; i < rows * columns; i++) assert_true(fabs(c[0][i] - expected[i]) <= 1e-14 * (double)inner);
    assert_memory_equal(c[0], c[1], rows * columns * sizeof *a);
    imp_free(a);
    imp_free(b);
    imp_free(c[0]);
    imp_free(c[1]);
    imp_free(expected);
    imp_free(scratch);
}

static void products_of_all_tiers(void **state) {
    (void)state;
    for (ImpCpuLevel level = IMP_CPU_BASELINE; level <= IMP_CPU_AVX512; level++) {
        const ImpKernels *kernels = imp_kernels_of(level);
        if (!kernels) continue;
        check(kernels, 1, 1, 1);
        check(kernels, 3, 8, 5);
        check(kernels, 7, 5, 17);
        check(kernels, 64, 64, 128);
        check(kernels, 67, 130, 59);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(products_of_all_tiers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
