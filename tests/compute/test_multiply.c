/* Products of matrices against the plain sum, in sides that do not fill a tile. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/tensor/multiply.h"
#include <math.h>

static double *numbers(size_t count, uint64_t seed) {
    ImpRandom random;
    double *values = imp_alloc(count, sizeof *values);
    assert_non_null(values);
    imp_random_seed(&random, seed);
    for (size_t i = 0; i < count; i++) values[i] = 2 * imp_random_uniform(&random) - 1;
    return values;
}

static void check(size_t rows, size_t inner, size_t columns) {
    double *a = numbers(rows * inner, 1), *b = numbers(inner * columns, 2);
    double *c[2] = {numbers(rows * columns, 3), numbers(rows * columns, 4)}, *turned = numbers(rows * inner, 5);
    int before = imp_threads_get();
    for (int k = 0; k < 2; k++) {
        imp_threads_set(k + 1);
        imp_matrix_multiply(rows, inner, columns, a, b, c[k]);
    }
    imp_threads_set(before);
    imp_matrix_transpose(rows, inner, a, turned);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t k = 0; k < inner; k++) sum += turned[k * rows + i] * b[k * columns + j];
            assert_true(fabs(c[0][i * columns + j] - sum) <= 1e-14 * (double)inner);
        }
    assert_memory_equal(c[0], c[1], rows * columns * sizeof *a);
    imp_free(a);
    imp_free(b);
    imp_free(c[0]);
    imp_free(c[1]);
    imp_free(turned);
}

static void products_are_sums(void **state) {
    (void)state;
    check(1, 1, 1);
    check(3, 8, 5);
    check(5, 7, 2);
    check(64, 64, 128);
    check(130, 67, 259);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(products_are_sums)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
