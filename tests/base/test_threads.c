/* Every piece is done exactly once for any number of threads, and the kernel tier can be lowered, never raised. */
#include "base/cpu.h"
#include "base/threads.h"
#include "unit.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

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

typedef struct Nest {
    atomic_int done[8][8];
    atomic_int strangers; /* pieces within pieces that another thread did */
} Nest;

typedef struct Inner {
    Nest *nest;
    size_t outer;
    int thread;
} Inner;

static void inside(void *context, size_t i) {
    Inner *inner = context;
    atomic_fetch_add(&inner->nest->done[inner->outer][i], 1);
    if (imp_thread_index() != inner->thread) atomic_fetch_add(&inner->nest->strangers, 1);
}

static void outside(void *context, size_t i) {
    Inner inner = {context, i, imp_thread_index()};
    imp_parallel(8, inside, &inner);
}

static void within_a_piece_there_is_one_thread(void **state) {
    (void)state;
    Nest nest = {0};
    int former = imp_threads_set(3);
    imp_parallel(8, outside, &nest);
    imp_threads_set(former);
    for (int i = 0; i < 64; i++) assert_int_equal(atomic_load(&nest.done[i / 8][i % 8]), 1);
    assert_int_equal(atomic_load(&nest.strangers), 0);
}

static void add_index(void *context, size_t i) {
    atomic_fetch_add((atomic_size_t *)context, i + 1);
}

/* Jobs of all lengths in a row, with pauses in which workers fall asleep, and other numbers of threads between. */
static void *run_many(void *context) {
    struct timespec pause = {.tv_nsec = 200000};
    atomic_size_t *wrong = context;
    for (size_t k = 0; k < 3000; k++) {
        atomic_size_t sum = 0;
        size_t count = k % 7;
        if (k % 500 == 0) imp_threads_set(1 + (int)(k / 500) % 4);
        imp_parallel(count, add_index, &sum);
        if (atomic_load(&sum) != count * (count + 1) / 2) atomic_fetch_add(wrong, 1);
        if (k % 100 == 0) nanosleep(&pause, NULL);
    }
    return NULL;
}

static void callers_do_not_meet(void **state) {
    (void)state;
    enum { CALLERS = 3 };
    pthread_t threads[CALLERS];
    atomic_size_t wrong = 0;
    for (int i = 0; i < CALLERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_many, &wrong), 0);
    run_many(&wrong);
    for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    imp_threads_set(0);
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
        cmocka_unit_test(each_piece_is_done_once), cmocka_unit_test(within_a_piece_there_is_one_thread),
        cmocka_unit_test(callers_do_not_meet),     cmocka_unit_test(sums_go_in_order),
        cmocka_unit_test(tiers_only_go_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
