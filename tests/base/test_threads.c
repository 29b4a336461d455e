/* Every piece is done exactly once for any number of threads, and the kernel tier can be lowered, never raised. */
#include "base/cpu.h"
#include "base/threads.h"
#include "unit.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { PIECES = 1000 };

static void mark(void *context, size_t i) {
    atomic_fetch_add((atomic_int *)context + i, 1);
}

static void each_piece_is_done_once(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, PIECES};
    for (int threads = 1; threads <= 4; threads++) {
        int former = imp_threads_set(threads);
        assert_int_equal(imp_threads_get(), threads);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            atomic_int done[PIECES] = {0};
            imp_parallel(counts[c], mark, done);
            for (size_t i = 0; i < PIECES; i++) assert_int_equal(atomic_load(&done[i]), i < counts[c]);
        }
        assert_int_equal(imp_threads_set(former), threads);
    }
    int former = imp_threads_set(0);
    assert_int_equal(imp_threads_get(), imp_threads_available());
    imp_threads_set(former);
    assert_true(imp_threads_available() >= 1);
}

static void sums_go_in_order(void **state) {
    (void)state;
    /* In any other order the small ones survive. */
    const double values[] = {1e16, 1, 1, 1, -1e16, 3};
    assert_true(imp_sum_in_order(values, 6) == 3);
    assert_true(imp_sum_in_order(values, 0) == 0);
}

static void tiers_only_go_down(void **state) {
    (void)state;
    ImpCpuLevel most = imp_cpu_level();
    for (ImpCpuLevel level = IMP_CPU_BASELINE; level <= IMP_CPU_AVX512; level++) {
        assert_int_equal(imp_cpu_force(level), level < most ? level : most);
        assert_int_equal(imp_cpu_level(), level < most ? level : most);
    }
    assert_string_equal(imp_cpu_level_name(IMP_CPU_BASELINE), "baseline");
    assert_string_equal(imp_cpu_level_name(IMP_CPU_AVX512), "avx512");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_piece_is_done_once),
        cmocka_unit_test(sums_go_in_order),
        cmocka_unit_test(tiers_only_go_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
