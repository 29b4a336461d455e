/* L-BFGS and Adam against PyTorch's on the problems of make_golden.py. */
#include "unit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "optimiser/lbfgs_private.h"
#include "problems.h"

enum { MOST_POINTS = 100 };

/* How many times PyTorch's own float32 deviation from the exact trajectory ours may be; the deviation that is forgiven
 * in any case; and from which deviation of PyTorch's on there is nothing to compare. All relative to 1 + |number|. */
static const double allowed_ratio = 3, allowed_anyway = 6e-6, lost = 0.1;

typedef struct Points {
    double value[MOST_POINTS], p[MOST_POINTS], q[MOST_POINTS];
    size_t count, n;
} Points;

static void log_point(void *context, double value, const float *x) {
    Points *points = context;
    if (points->count == MOST_POINTS) return;
    double p = 0, q = 0;
    for (size_t i = 0; i < points->n; i++) {
        p += sin((double)i + 1) * (double)x[i];
        q += cos(2 * (double)i) * (double)x[i];
    }
    points->value[points->count] = value;
    points->p[points->count] = p;
    points->q[points->count++] = q;
}

static json_t *read_golden(void) {
    const char *source = getenv("IMPASTO_SOURCE");
    if (!source) skip_because("IMPASTO_SOURCE does not name the source tree");
    char *path = imp_format("%s/tests/optimiser/golden.json", source);
    ImpFileView file;
    ImpError error = {0};
    json_t *golden = NULL;
    if (imp_file_map(path, &file, &error) != IMP_OK) fail_msg("%s", error.message);
    if (imp_json_parse((const char *)file.data, file.size, path, &golden, &error) != IMP_OK)
        fail_msg("%s", error.message);
    imp_file_unmap(&file);
    imp_free(path);
    return golden;
}

static double number(const json_t *row, const char *name, size_t i) {
    return json_number_value(json_array_get(json_object_get(row, name), i));
}

static bool flag(const json_t *row, const char *name) {
    return json_is_true(json_object_get(row, name));
}

static ImpOptimiser *optimiser_of(const json_t *row, size_t n) {
    ImpOptimiser *optimiser = NULL;
    if (strcmp(json_string_value(json_object_get(row, "kind")), "adam") == 0) {
        ImpAdamOptions options = imp_adam_defaults();
        assert_int_equal(imp_adam_new(n, &options, &optimiser, NULL), IMP_OK);
        return optimiser;
    }
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    options.history = (int)json_integer_value(json_object_get(row, "history"));
    options.strong_wolfe = flag(row, "strong_wolfe");
    if (!flag(row, "constant")) options.tolerance_gradient = options.tolerance_change = -1;
    assert_int_equal(imp_lbfgs_new(n, &options, &optimiser, NULL), IMP_OK);
    return optimiser;
}

/* Every evaluation, as they come. */
static void run_fixed(ImpOptimiser *optimiser, Problem *problem, float *x, size_t count, Points *points) {
    problem->log = log_point;
    problem->log_context = points;
    bool converged;
    while (points->count < count)
        assert_int_equal(imp_optimiser_iterate(optimiser, x, evaluate_problem, problem, &converged, NULL), IMP_OK);
}

/* The iterates, projected, and the trials of each line search. */
static void run_search(ImpOptimiser *optimiser, Problem *problem, float *x, size_t count, Points *points,
                       long *trials) {
    ImpLbfgs *l = (ImpLbfgs *)optimiser;
    float *gradient = malloc(problem->n * sizeof *gradient);
    for (size_t k = 0; k < count; k++) {
        double value;
        Problem quiet = *problem;
        assert_int_equal(evaluate_problem(&quiet, x, gradient, &value, NULL), IMP_OK);
        log_point(points, value, x);
        long before = problem->evaluations + (l->phase == IMP_LBFGS_EVALUATE);
        bool converged;
        assert_int_equal(imp_optimiser_iterate(optimiser, x, evaluate_problem, problem, &converged, NULL), IMP_OK);
        trials[k] = problem->evaluations - before;
    }
    free(gradient);
}

static double deviation(const json_t *row, const Points *points, size_t k) {
    const double ours[3] = {points->value[k], points->p[k], points->q[k]};
    static const char *const names[3] = {"value", "p", "q"};
    double most = 0;
    for (int i = 0; i < 3; i++) {
        double exact = number(row, names[i], k);
        most = fmax(most, fabs(ours[i] - exact) / (1 + fabs(exact)));
    }
    return most;
}

/* Compares up to where PyTorch's float32 loses the exact trajectory; says how many points that were. */
static size_t compare(const json_t *row, const Points *points, const long *trials, const char *title) {
    size_t k = 0;
    double worst = 0;
    for (; k < points->count && number(row, "spread", k) < lost; k++) {
        double ours = deviation(row, points, k), allowed = allowed_ratio * number(row, "spread", k) + allowed_anyway;
        if (!(ours <= allowed))
            fail_msg("%s: point %zu deviates by %.3g, at most %.3g allowed", title, k, ours, allowed);
        if (ours / allowed > worst) worst = ours / allowed;
    }
    for (size_t i = 0; trials && i + 1 < k; i++) {
        long exact = (long)number(row, "trials", i); /* long searches end where rounding decides */
        if (labs(trials[i] - exact) > exact / 5)
            fail_msg("%s: line search %zu took %ld trials, not %ld", title, i, trials[i], exact);
    }
    print_message("%s: %zu points, at most %.0f %% of the deviation allowed\n", title, k, 100 * worst);
    return k;
}

static size_t run_row(const json_t *row) {
    const char *name = json_string_value(json_object_get(row, "problem"));
    bool is_rosenbrock = strcmp(name, "rosenbrock") == 0, search = flag(row, "strong_wolfe");
    Problem problem = {.n = is_rosenbrock ? 20 : 50,
                       .rosenbrock = is_rosenbrock,
                       .clamp = flag(row, "clamp"),
                       .constant = flag(row, "constant"),
                       .stop_at = -1};
    Points points = {.n = problem.n};
    long trials[MOST_POINTS] = {0};
    size_t count = json_array_size(json_object_get(row, "value"));
    assert_in_range(count, 1, MOST_POINTS);
    float *x = start_of(problem.n);
    ImpOptimiser *optimiser = optimiser_of(row, problem.n);
    if (search)
        run_search(optimiser, &problem, x, count, &points, trials);
    else
        run_fixed(optimiser, &problem, x, count, &points);
    char title[128];
    snprintf(title, sizeof title, "%s %s%s%s%s, history %d", json_string_value(json_object_get(row, "kind")), name,
             problem.clamp ? ", clamped" : "", search ? ", line search" : "", problem.constant ? ", stalling" : "",
             (int)json_integer_value(json_object_get(row, "history")));
    size_t compared = compare(row, &points, search ? trials : NULL, title);
    imp_optimiser_free(&optimiser);
    free(x);
    return compared;
}

static void trajectories_are_those_of_pytorch(void **state) {
    (void)state;
    json_t *golden = read_golden();
    json_t *rows = json_object_get(golden, "trajectories"), *row;
    size_t i, rows_compared = 0;
    json_array_foreach(rows, i, row) {
        size_t most = json_array_size(json_object_get(row, "value"));
        size_t compared = run_row(row);
        assert_true(compared == most || compared >= 25);
        rows_compared++;
    }
    assert_int_equal(rows_compared, 21);
    json_decref(golden);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trajectories_are_those_of_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
