/* The window kernels of each tier against a plain sum in double, and against each other bit by bit. */
#include "unit.h"

#include "base/random.h"
#include "compute/kernel/window.h"
#include <math.h>
#include <string.h>

enum { LANES = IMP_WINDOW_LANES, SPANS = 9, MOST_BLOCKS = 4, COUNT = 39, NUMBERS = 4096 };

typedef struct Case {
    ImpWindowSpan spans[SPANS];
    float values[SPANS * MOST_BLOCKS * LANES], weights[SPANS * MOST_BLOCKS * LANES];
    float numbers[NUMBERS];
    ImpWindow window;
} Case;

static void make_case(Case *c, size_t n_spans, uint64_t seed) {
    ImpRandom random;
    size_t used = 0;
    imp_random_seed(&random, seed);
    for (size_t s = 0; s < n_spans; s++) {
        size_t blocks = 1 + imp_random_below(&random, MOST_BLOCKS);
        c->spans[s] = (ImpWindowSpan){imp_random_below(&random, 1000), used, blocks};
        used += blocks * LANES;
    }
    for (size_t i = 0; i < used; i++) {
        c->values[i] = (float)imp_random_uniform(&random);
        c->weights[i] = imp_random_below(&random, 4) == 0 ? 0 : (float)imp_random_uniform(&random);
    }
    for (size_t i = 0; i < NUMBERS; i++) c->numbers[i] = (float)imp_random_uniform(&random);
    c->window = (ImpWindow){c->spans, n_spans, c->values, c->weights};
}

static double plain_distance(const Case *c, const float *numbers) {
    double sum = 0;
    for (size_t s = 0; s < c->window.n_spans; s++)
        for (size_t i = 0; i < c->spans[s].blocks * LANES; i++) {
            double difference = (double)numbers[c->spans[s].offset + i] - (double)c->values[c->spans[s].first + i];
            sum += (double)c->weights[c->spans[s].first + i] * difference * difference;
        }
    return sum;
}

static void distances_are_those_of_plain_sums(void **state) {
    (void)state;
    static Case c;
    for (size_t n_spans = 0; n_spans <= SPANS; n_spans++) {
        float first[COUNT] = {0};
        make_case(&c, n_spans, n_spans + 1);
        for (int level = IMP_CPU_BASELINE; level <= (int)imp_cpu_level(); level++) {
            float out[COUNT];
            imp_window_kernels((ImpCpuLevel)level)->distances(&c.window, c.numbers + 1, 3, COUNT, INFINITY, out);
            for (size_t i = 0; i < COUNT; i++) {
                double plain = plain_distance(&c, c.numbers + 1 + 3 * i);
                assert_true(fabs((double)out[i] - plain) <= 1e-5 * plain);
            }
            if (level == IMP_CPU_BASELINE) memcpy(first, out, sizeof out);
            assert_memory_equal(out, first, sizeof out);
        }
    }
}

static void a_bound_changes_only_what_is_beyond(void **state) {
    (void)state;
    static Case c;
    int cut_short = 0;
    for (size_t n_spans = 1; n_spans <= SPANS; n_spans++) {
        make_case(&c, n_spans, 100 + n_spans);
        for (int level = IMP_CPU_BASELINE; level <= (int)imp_cpu_level(); level++) {
            const ImpWindowKernels *kernels = imp_window_kernels((ImpCpuLevel)level);
            float full[COUNT], out[COUNT];
            kernels->distances(&c.window, c.numbers, 3, COUNT, INFINITY, full);
            for (int share = 0; share < 4; share++) {
                float bound = full[0] * 0.4f * (float)share;
                kernels->distances(&c.window, c.numbers, 3, COUNT, bound, out);
                for (size_t i = 0; i < COUNT; i++) {
                    if (full[i] <= bound) assert_true(out[i] == full[i]);
                    assert_true(out[i] <= full[i] && (full[i] <= bound || out[i] > bound));
                    cut_short += out[i] < full[i];
                }
            }
        }
    }
    assert_true(cut_short > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_plain_sums),
        cmocka_unit_test(a_bound_changes_only_what_is_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
