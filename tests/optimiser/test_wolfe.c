/* The line search alone, in double: the very trials that PyTorch makes, and what it does with trouble. */
#include "unit.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "optimiser/wolfe.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 64 };

typedef struct Curve {
    double (*function)(double t, double *slope);
    double trials[MOST_TRIALS];
    int count, fail_at; /* this trial is stopped; negative: none */
} Curve;

static double parabola(double t, double *slope) {
    *slope = 2 * (t - 3);
    return (t - 3) * (t - 3);
}

static double cosine(double t, double *slope) {
    *slope = -sin(t + 0.5);
    return cos(t + 0.5);
}

static double decay(double t, double *slope) {
    *slope = -exp(-t) + 0.1 * t;
    return exp(-t) + 0.05 * t * t;
}

static double kink(double t, double *slope) {
    double root = sqrt((t - 1) * (t - 1) + 1e-6);
    *slope = (t - 1) / root;
    return root;
}

static double ripples(double t, double *slope) {
    *slope = 0.2 * (t - 2) - 8 * sin(8 * t + 0.3);
    return 0.1 * (t - 2) * (t - 2) + cos(8 * t + 0.3);
}

static double quartic(double t, double *slope) {
    *slope = 4 * t * t * t - 9 * t * t - 1;
    return t * t * t * t - 3 * t * t * t - t;
}

static double wall(double t, double *slope) {
    double e = exp(10 * (t - 1));
    *slope = 10 * e - 1;
    return e - t;
}

static double stairs(double t, double *slope) {
    *slope = 0.02 * t - 2 - 4 * cos(4 * t);
    return 0.01 * t * t - 2 * t - sin(4 * t);
}

static double ledge(double t, double *slope) {
    double h = tanh(40 * (t - 2.5));
    *slope = t * t * t - 3 * t * t - 0.001 + 40 * (1 - h * h);
    return t * t * t * t / 4 - t * t * t - 0.001 * t + h;
}

static double cliff(double t, double *slope) {
    double step = 1 / (1 + exp(-20 * (t - 3)));
    *slope = 0.002 * t - 1 + 380 * step * (1 - step);
    return 0.001 * t * t - t + 19 * step;
}

static double endless(double t, double *slope) {
    *slope = -1;
    return -t;
}

static double flat_after_start(double t, double *slope) {
    *slope = t > 0 ? 0 : -1;
    return t > 0 ? 1 : 0;
}

static const struct {
    const char *name;
    double (*function)(double t, double *slope);
} curves[] = {{"parabola", parabola}, {"cosine", cosine},   {"decay", decay},    {"kink", kink},
              {"ripples", ripples},   {"quartic", quartic}, {"wall", wall},      {"stairs", stairs},
              {"ledge", ledge},       {"cliff", cliff},     {"endless", endless}};

static ImpStatus evaluate(void *context, double t, double *value, double *slope, ImpError *error) {
    Curve *curve = context;
    if (curve->count == curve->fail_at) return imp_fail(error, IMP_ERROR_STOPPED, "stopped");
    assert_in_range(curve->count, 0, MOST_TRIALS - 1);
    curve->trials[curve->count++] = t;
    *value = curve->function(t, slope);
    return IMP_OK;
}

static ImpStatus search(Curve *curve, double first, int most, double *t) {
    ImpLine line = {.evaluate = evaluate, .context = curve, .reach = 1, .max_evaluations = most};
    line.value = curve->function(0, &line.slope);
    return imp_wolfe_search(&line, first, t, NULL);
}

static json_t *read_lines(json_t **golden) {
    const char *source = getenv("IMPASTO_SOURCE");
    if (!source) skip_because("IMPASTO_SOURCE does not name the source tree");
    char *path = imp_format("%s/tests/optimiser/golden.json", source);
    ImpFileView file;
    ImpError error = {0};
    if (imp_file_map(path, &file, &error) != IMP_OK) fail_msg("%s", error.message);
    if (imp_json_parse((const char *)file.data, file.size, path, golden, &error) != IMP_OK)
        fail_msg("%s", error.message);
    imp_file_unmap(&file);
    imp_free(path);
    return json_object_get(*golden, "lines");
}

static void check_line(const json_t *row) {
    const char *name = json_string_value(json_object_get(row, "name"));
    Curve curve = {.fail_at = -1};
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (strcmp(curves[i].name, name) == 0) curve.function = curves[i].function;
    assert_non_null(curve.function);
    double first = json_number_value(json_object_get(row, "first")), t;
    assert_int_equal(search(&curve, first, 25, &t), IMP_OK);
    const json_t *trials = json_object_get(row, "trials");
    assert_int_equal(curve.count, json_array_size(trials));
    for (int i = 0; i < curve.count; i++) {
        double exact = json_number_value(json_array_get(trials, (size_t)i));
        if (fabs(curve.trials[i] - exact) > 1e-9 * exact)
            fail_msg("%s from %g: trial %d is %.17g, not %.17g", name, first, i, curve.trials[i], exact);
    }
    double exact = json_number_value(json_object_get(row, "t"));
    assert_true(fabs(t - exact) <= 1e-9 * exact);
}

static void trials_are_those_of_pytorch(void **state) {
    (void)state;
    json_t *golden = NULL, *row;
    json_t *rows = read_lines(&golden);
    size_t i;
    json_array_foreach(rows, i, row) check_line(row);
    assert_int_equal(json_array_size(rows), 48);
    json_decref(golden);
}

static void result_fulfils_the_conditions(void **state) {
    (void)state;
    for (size_t i = 0; i + 1 < sizeof curves / sizeof *curves; i++)
        for (double first = 0.03; first < 100; first *= 1.7) {
            Curve curve = {.function = curves[i].function, .fail_at = -1};
            double t, slope, slope0, value0 = curve.function(0, &slope0);
            assert_int_equal(search(&curve, first, 25, &t), IMP_OK);
            double value = curve.function(t, &slope);
            if (curve.count > 25) continue; /* ended early */
            if (value > value0 + 1e-4 * t * slope0 || fabs(slope) > 0.9 * fabs(slope0))
                fail_msg("%s from %g: t = %g does not fulfil the strong Wolfe conditions", curves[i].name, first, t);
        }
}

static void nothing_lower_gives_zero(void **state) {
    (void)state;
    Curve curve = {.function = flat_after_start, .fail_at = -1};
    double t = -1;
    assert_int_equal(search(&curve, 1, 25, &t), IMP_OK);
    assert_true(t == 0);
    assert_in_range(curve.count, 2, 26);
}

static void evaluations_are_bounded(void **state) {
    (void)state;
    for (int most = 1; most < 30; most++) {
        Curve curve = {.function = endless, .fail_at = -1};
        double t;
        assert_int_equal(search(&curve, 1, most, &t), IMP_OK);
        assert_int_equal(curve.count, most + 1);
        assert_true(t == curve.trials[most]);
    }
}

static void failures_are_passed_on(void **state) {
    (void)state;
    Curve whole = {.function = kink, .fail_at = -1};
    double t;
    assert_int_equal(search(&whole, 30, 25, &t), IMP_OK);
    assert_true(whole.count > 3);
    for (int i = 0; i < whole.count; i++) {
        Curve curve = {.function = kink, .fail_at = i};
        assert_int_equal(search(&curve, 30, 25, &t), IMP_ERROR_STOPPED);
        assert_int_equal(curve.count, i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_are_those_of_pytorch), cmocka_unit_test(result_fulfils_the_conditions),
        cmocka_unit_test(nothing_lower_gives_zero),    cmocka_unit_test(evaluations_are_bounded),
        cmocka_unit_test(failures_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
