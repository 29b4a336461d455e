/* What training networks needs: steps along a gradient that comes from outside, clipping, weight decay, schedules and
 * the moving average. The numbers of training.json are PyTorch's (make_training.py). */
#include "unit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/threads.h"
#include "optimiser/average.h"
#include "optimiser/optimiser.h"
#include "optimiser/schedule.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_N = 40, GOLDEN_FIRST = 24, STEPS = 10 };

static json_t *read_golden(void) {
    const char *source = getenv("IMPASTO_SOURCE");
    if (!source) skip_because("IMPASTO_SOURCE does not name the source tree");
    char *path = imp_format("%s/tests/optimiser/training.json", source);
    ImpFileView file;
    ImpError error = {0};
    json_error_t where;
    if (imp_file_map(path, &file, &error) != IMP_OK) fail_msg("%s", error.message);
    json_t *golden = json_loadb((const char *)file.data, file.size, 0, &where);
    if (!golden) fail_msg("%s: %s", path, where.text);
    imp_file_unmap(&file);
    imp_free(path);
    return golden;
}

static double number(const json_t *row, const char *name) {
    return json_number_value(json_object_get(row, name));
}

static double number_at(const json_t *row, const char *name, size_t i) {
    return json_number_value(json_array_get(json_object_get(row, name), i));
}

static bool is(const json_t *row, const char *name, const char *text) {
    return strcmp(json_string_value(json_object_get(row, name)), text) == 0;
}

static ImpSchedule schedule_of(const json_t *row) {
    ImpSchedule s = {.kind = IMP_SCHEDULE_CONSTANT, .rate = number(row, "rate"), .steps = STEPS};
    if (is(row, "schedule", "cosine")) s.kind = IMP_SCHEDULE_COSINE, s.last = 0.001;
    if (is(row, "schedule", "linear")) s.kind = IMP_SCHEDULE_LINEAR, s.last = 0.01 * s.rate;
    if (is(row, "schedule", "steps")) s.kind = IMP_SCHEDULE_STEPS, s.every = 4, s.factor = 0.5;
    return s;
}

static ImpOptimiser *optimiser_of(const json_t *row) {
    ImpAdamOptions options = imp_adam_training_defaults();
    options.learning_rate = number(row, "rate");
    options.beta2 = number(row, "beta2");
    options.weight_decay = number(row, "decay");
    options.decoupled = is(row, "kind", "AdamW");
    ImpOptimiser *optimiser = NULL;
    assert_int_equal(imp_adam_new(GOLDEN_N, &options, &optimiser, NULL), IMP_OK);
    if (json_is_false(json_object_get(row, "all")))
        assert_int_equal(imp_adam_set_decayed(optimiser, &(ImpRange){0, GOLDEN_FIRST}, 1, NULL), IMP_OK);
    return optimiser;
}

static void golden_gradient(int k, const float *x, double times, float *gradient) {
    for (int i = 0; i < GOLDEN_N; i++)
        gradient[i] = (float)(times * (cos(0.7 * i + 1.3 * k) * pow(10, -(i % 4)) + (double)x[i] / 10));
}

static void assert_near(double got, double wanted, double tolerance, const char *what, int i) {
    if (!(fabs(got - wanted) <= tolerance * (1 + fabs(wanted))))
        fail_msg("%s %d is %.9g, not %.9g", what, i, got, wanted);
}

/* `times` gradients are added up; the scale takes that back. */
static void follow_golden(const json_t *row, double times) {
    ImpOptimiser *optimiser = optimiser_of(row);
    ImpSchedule schedule = schedule_of(row);
    assert_int_equal(imp_schedule_check(&schedule, NULL), IMP_OK);
    float x[GOLDEN_N], gradient[GOLDEN_N];
    for (int i = 0; i < GOLDEN_N; i++) x[i] = (float)sin(2.0 * i);
    for (int k = 0; k < STEPS; k++) {
        double norm, rate = imp_schedule_rate(&schedule, k);
        assert_near(rate, number_at(row, "rates", (size_t)k), 1e-12, "rate", k);
        imp_optimiser_set_learning_rate(optimiser, rate);
        golden_gradient(k, x, times, gradient);
        assert_int_equal(imp_adam_move(optimiser, x, gradient, 1 / times, number(row, "clip"), &norm, NULL), IMP_OK);
        assert_near(norm, number_at(row, "norms", (size_t)k), 1e-6, "norm", k);
        if (k != 0 && k != STEPS - 1) continue;
        for (int i = 0; i < GOLDEN_N; i++)
            assert_near((double)x[i], number_at(row, k ? "x10" : "x1", (size_t)i), 1e-6, "x", i);
    }
    assert_int_equal(imp_optimiser_iterations(optimiser), STEPS);
    imp_optimiser_free(&optimiser);
}

static void steps_are_those_of_pytorch(void **state) {
    (void)state;
    json_t *golden = read_golden(), *row;
    size_t i;
    assert_int_equal(json_array_size(golden), 8);
    json_array_foreach(golden, i, row) follow_golden(row, 1);
    json_array_foreach(golden, i, row) follow_golden(row, 4);
    json_decref(golden);
}

/* ---- Longer vectors ---- */

enum { N = 3 * IMP_PIECE + 5 };

static const ImpRange three_ranges[] = {{3, 90}, {IMP_PIECE - 7, 2 * IMP_PIECE + 9}, {3 * IMP_PIECE, N}};

static ImpOptimiser *make(bool decoupled) {
    ImpAdamOptions options = imp_adam_training_defaults();
    options.weight_decay = 0.5;
    options.decoupled = decoupled;
    ImpOptimiser *optimiser = NULL;
    assert_int_equal(imp_adam_new(N, &options, &optimiser, NULL), IMP_OK);
    assert_int_equal(imp_adam_set_decayed(optimiser, three_ranges, 3, NULL), IMP_OK);
    return optimiser;
}

static float *new_vector(void) {
    float *x = malloc(N * sizeof *x);
    assert_non_null(x);
    for (int i = 0; i < N; i++) x[i] = (float)cos(i);
    return x;
}

/* Steps first..end-1 with the average of x. */
static void train(ImpOptimiser *optimiser, ImpAverage *average, float *x, int first, int end) {
    float *gradient = malloc(N * sizeof *gradient);
    for (int k = first; k < end; k++) {
        for (int i = 0; i < N; i++) gradient[i] = (float)sin(i + k) + x[i];
        assert_int_equal(imp_adam_move(optimiser, x, gradient, 0.5, 20, NULL, NULL), IMP_OK);
        if (average) imp_average_add(average, x);
    }
    free(gradient);
}

static ImpAverage *new_average(double decay) {
    ImpAverage *average;
    assert_int_equal(imp_average_new(N, decay, &average, NULL), IMP_OK);
    return average;
}

static void bits_do_not_depend_on_threads(void **state) {
    (void)state;
    int former = imp_threads_get();
    for (int decoupled = 0; decoupled < 2; decoupled++) {
        float *x[3];
        ImpAverage *average[3];
        for (int t = 0; t < 3; t++) {
            imp_threads_set(t + 1);
            x[t] = new_vector();
            average[t] = new_average(0.99);
            ImpOptimiser *optimiser = make(decoupled);
            train(optimiser, average[t], x[t], 0, 5);
            imp_optimiser_free(&optimiser);
        }
        for (int t = 1; t < 3; t++) {
            assert_memory_equal(x[t], x[0], N * sizeof(float));
            assert_memory_equal(imp_average_values(average[t]), imp_average_values(average[0]), N * sizeof(float));
        }
        for (int t = 0; t < 3; t++) {
            free(x[t]);
            imp_average_free(&average[t]);
        }
    }
    imp_threads_set(former);
}

static void resumed_trainings_are_the_same(void **state) {
    (void)state;
    float *x = new_vector(), *y = new_vector();
    ImpOptimiser *whole = make(true), *half = make(true), *rest = make(true);
    ImpAverage *average = new_average(0.9), *before = new_average(0.9), *after = new_average(0.9);
    train(whole, average, x, 0, 9);
    train(half, before, y, 0, 4);
    ImpBundle *bundle;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_save(half, bundle, NULL), IMP_OK);
    assert_int_equal(imp_average_save(before, bundle, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_load(rest, bundle, NULL), IMP_OK);
    assert_int_equal(imp_average_load(after, bundle, NULL), IMP_OK);
    imp_bundle_free(&bundle);
    train(rest, after, y, 4, 9);
    assert_memory_equal(x, y, N * sizeof *x);
    assert_memory_equal(imp_average_values(average), imp_average_values(after), N * sizeof *x);
    assert_int_equal(imp_average_count(after), 9);
    imp_optimiser_free(&whole);
    imp_optimiser_free(&half);
    imp_optimiser_free(&rest);
    imp_average_free(&average);
    imp_average_free(&before);
    imp_average_free(&after);
    free(x);
    free(y);
}

/* Only what lies in the ranges shrinks, to the element. */
static void decay_keeps_to_its_ranges(void **state) {
    (void)state;
    float *x = new_vector(), *from = new_vector(), *gradient = calloc(N, sizeof *gradient);
    ImpOptimiser *optimiser = make(true);
    imp_optimiser_set_learning_rate(optimiser, 0.5);
    assert_int_equal(imp_adam_move(optimiser, x, gradient, 1, 0, NULL, NULL), IMP_OK);
    for (size_t i = 0; i < N; i++) {
        bool inside = false;
        for (int r = 0; r < 3; r++) inside = inside || (i >= three_ranges[r].begin && i < three_ranges[r].end);
        if (x[i] != (inside ? 0.75F * from[i] : from[i])) fail_msg("element %zu", i);
    }
    assert_int_equal(imp_adam_set_decayed(optimiser, NULL, 0, NULL), IMP_OK);
    memcpy(from, x, N * sizeof *x);
    assert_int_equal(imp_adam_move(optimiser, x, gradient, 1, 0, NULL, NULL), IMP_OK);
    assert_memory_equal(x, from, N * sizeof *x);
    static const ImpRange wrong[][2] = {{{5, 9}, {8, 12}}, {{9, 5}, {9, 9}}, {{0, 3}, {7, N + 1}}};
    for (int k = 0; k < 3; k++)
        assert_int_equal(imp_adam_set_decayed(optimiser, wrong[k], 2, NULL), IMP_ERROR_ARGUMENT);
    imp_optimiser_free(&optimiser);
    free(x);
    free(from);
    free(gradient);
}

static void gradients_that_are_not_finite_change_nothing(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    float *x = new_vector(), *y = new_vector(), *gradient = new_vector();
    ImpOptimiser *optimiser = make(true), *other = make(true);
    train(optimiser, NULL, x, 0, 2);
    train(other, NULL, y, 0, 2);
    for (int k = 0; k < 3; k++) {
        gradient[N - 2] = bad[k];
        ImpError error = {0};
        double norm;
        assert_int_equal(imp_adam_move(optimiser, x, gradient, 1, 1, &norm, &error), IMP_ERROR_NUMBER);
        assert_non_null(strstr(error.message, "step 3"));
        assert_false(isfinite(norm));
    }
    train(optimiser, NULL, x, 2, 4);
    train(other, NULL, y, 2, 4);
    assert_memory_equal(x, y, N * sizeof *x);
    imp_optimiser_free(&optimiser);
    imp_optimiser_free(&other);
    free(x);
    free(y);
    free(gradient);
}

/* ---- The moving average ---- */

/* The textbook form in double. */
static void average_is_bias_corrected(void **state) {
    (void)state;
    enum { COUNT = 300 };
    static const double decays[] = {0, 0.9, 0.999};
    for (int d = 0; d < 3; d++) {
        ImpAverage *average;
        assert_int_equal(imp_average_new(2, decays[d], &average, NULL), IMP_OK);
        double sum[2] = {0, 0};
        for (int k = 1; k <= COUNT; k++) {
            float x[2] = {(float)sin(k), (float)(3 + cos(0.1 * k))};
            imp_average_add(average, x);
            for (int i = 0; i < 2; i++) {
                sum[i] = decays[d] * sum[i] + (1 - decays[d]) * (double)x[i];
                double wanted = sum[i] / (1 - pow(decays[d], k));
                assert_near((double)imp_average_values(average)[i], wanted, 2e-6, "average", k);
            }
        }
        assert_int_equal(imp_average_count(average), COUNT);
        imp_average_free(&average);
        imp_average_free(&average);
    }
    ImpAverage *average;
    assert_int_equal(imp_average_new(3, 1, &average, NULL), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_average_new(3, (double)NAN, &average, NULL), IMP_ERROR_ARGUMENT);
    assert_int_equal(imp_average_new(0, 0.5, &average, NULL), IMP_ERROR_ARGUMENT);
    assert_null(average);
}

static void refuse_average(int64_t version, int64_t n, int64_t count, float value) {
    const int64_t counters[3] = {version, n, count};
    const float values[2] = {1, value};
    ImpBundle *bundle;
    ImpAverage *average;
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_average_new(2, 0.5, &average, NULL), IMP_OK);
    imp_average_add(average, (const float[2]){4, 5});
    imp_bundle_add_flat(bundle, "average.counters", IMP_DTYPE_I64, 3, counters, NULL);
    imp_bundle_add_flat(bundle, "average.values", IMP_DTYPE_F32, 2, values, NULL);
    ImpError error = {0};
    assert_int_equal(imp_average_load(average, bundle, &error), IMP_ERROR_FORMAT);
    assert_true(strlen(error.message) > 20);
    assert_int_equal(imp_average_count(average), 0);
    assert_true(imp_average_values(average)[0] == 0);
    imp_average_free(&average);
    imp_bundle_free(&bundle);
}

static void broken_averages_are_refused(void **state) {
    (void)state;
    refuse_average(2, 2, 1, 1);
    refuse_average(1, 3, 1, 1);
    refuse_average(1, -2, 1, 1);
    refuse_average(1, 2, -1, 1);
    refuse_average(1, 2, INT64_MAX, 1);
    refuse_average(1, 2, 1, NAN);
    ImpBundle *bundle;
    ImpAverage *average = new_average(0.5);
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_average_load(average, bundle, NULL), IMP_ERROR_FORMAT);
    imp_average_free(&average);
    imp_bundle_free(&bundle);
}

/* ---- Schedules ---- */

static void warmup_is_linear(void **state) {
    (void)state;
    ImpSchedule s = {.kind = IMP_SCHEDULE_CONSTANT, .rate = 0.1, .warmup = 4};
    static const double wanted[] = {0.02, 0.04, 0.06, 0.08, 0.1, 0.1};
    for (int k = 0; k < 6; k++) assert_near(imp_schedule_rate(&s, k), wanted[k], 1e-12, "rate", k);
    s.kind = IMP_SCHEDULE_COSINE;
    s.steps = 104;
    s.last = 0.01;
    assert_near(imp_schedule_rate(&s, 3), 0.08, 1e-12, "rate", 3);
    assert_near(imp_schedule_rate(&s, 4), 0.1, 1e-12, "rate", 4);
    assert_near(imp_schedule_rate(&s, 54), 0.055, 1e-12, "rate", 54);
    assert_near(imp_schedule_rate(&s, 104), 0.01, 1e-12, "rate", 104);
    assert_near(imp_schedule_rate(&s, 1000), 0.01, 1e-12, "rate", 1000);
    s = (ImpSchedule){.kind = IMP_SCHEDULE_INVERSE, .rate = 1e-4, .factor = 5e-5};
    assert_near(imp_schedule_rate(&s, 0), 1e-4, 1e-12, "rate", 0);
    assert_near(imp_schedule_rate(&s, 20000), 5e-5, 1e-12, "rate", 20000);
}

static void rates_are_never_zero(void **state) {
    (void)state;
    ImpSchedule s = {.kind = IMP_SCHEDULE_LINEAR, .rate = 1, .steps = 5};
    assert_true(imp_schedule_rate(&s, 5) > 0);
    s = (ImpSchedule){.kind = IMP_SCHEDULE_STEPS, .rate = 1, .every = 1, .factor = 0.1};
    assert_true(imp_schedule_rate(&s, 1000000) > 0);
}

static void impossible_schedules_are_refused(void **state) {
    (void)state;
    const double nan = (double)NAN;
    const ImpSchedule wrong[] = {
        {.kind = IMP_SCHEDULE_CONSTANT, .rate = 0},
        {.kind = IMP_SCHEDULE_CONSTANT, .rate = nan},
        {.kind = IMP_SCHEDULE_CONSTANT, .rate = 1, .warmup = -1},
        {.kind = IMP_SCHEDULE_COSINE, .rate = 1},
        {.kind = IMP_SCHEDULE_COSINE, .rate = 1, .steps = 5, .warmup = 5},
        {.kind = IMP_SCHEDULE_LINEAR, .rate = 1, .steps = 5, .last = 2},
        {.kind = IMP_SCHEDULE_LINEAR, .rate = 1, .steps = 5, .last = nan},
        {.kind = IMP_SCHEDULE_STEPS, .rate = 1, .factor = 0.5},
        {.kind = IMP_SCHEDULE_STEPS, .rate = 1, .factor = 1.5, .every = 1},
        {.kind = IMP_SCHEDULE_INVERSE, .rate = 1, .factor = -1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ImpError error = {0};
        assert_int_equal(imp_schedule_check(&wrong[i], &error), IMP_ERROR_ARGUMENT);
        assert_true(strlen(error.message) > 20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_pytorch),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(resumed_trainings_are_the_same),
        cmocka_unit_test(decay_keeps_to_its_ranges),
        cmocka_unit_test(gradients_that_are_not_finite_change_nothing),
        cmocka_unit_test(average_is_bias_corrected),
        cmocka_unit_test(broken_averages_are_refused),
        cmocka_unit_test(warmup_is_linear),
        cmocka_unit_test(rates_are_never_zero),
        cmocka_unit_test(impossible_schedules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
