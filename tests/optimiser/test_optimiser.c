/* What every optimiser promises: the same bits for any number of threads, resuming as if nothing had happened, and
 * leaving things as they were when the objective stops, fails or runs out of memory. */
#include "unit.h"

#include "base/memory.h"
#include "base/threads.h"
#include "optimiser/lbfgs_private.h"
#include "problems.h"

enum { N = 23, ITERATIONS = 24 };

/* The optimisers under test. A short history, so that the ring of pairs turns over. */
typedef enum Kind { LBFGS, WOLFE, ADAM, KINDS } Kind;

static ImpStatus make(Kind kind, size_t n, ImpOptimiser **out, ImpError *error) {
    if (kind == ADAM) {
        ImpAdamOptions options = imp_adam_defaults();
        return imp_adam_new(n, &options, out, error);
    }
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    options.history = 5;
    options.tolerance_gradient = options.tolerance_change = -1;
    options.strong_wolfe = kind == WOLFE;
    return imp_lbfgs_new(n, &options, out, error);
}

static ImpOptimiser *must_make(Kind kind, size_t n) {
    ImpOptimiser *optimiser = NULL;
    assert_int_equal(make(kind, n, &optimiser, NULL), IMP_OK);
    return optimiser;
}

/* The clamped quadratic makes line searches long, the valley makes them curved. */
static Problem problem_of(size_t n, bool is_rosenbrock) {
    return (Problem){.n = n, .rosenbrock = is_rosenbrock, .clamp = !is_rosenbrock, .stop_at = -1};
}

static void must_iterate(ImpOptimiser *optimiser, float *x, Problem *problem, int count) {
    for (int k = 0; k < count; k++) {
        bool converged;
        ImpError error = {0};
        if (imp_optimiser_iterate(optimiser, x, evaluate_problem, problem, &converged, &error) != IMP_OK)
            fail_msg("iteration %d: %s", k, error.message);
        assert_false(converged);
    }
}

/* x after so many uninterrupted iterations, and how many evaluations they took. To be freed. */
static float *run_whole(Kind kind, Problem problem, int iterations, long *evaluations) {
    float *x = start_of(problem.n);
    ImpOptimiser *optimiser = must_make(kind, problem.n);
    must_iterate(optimiser, x, &problem, iterations);
    imp_optimiser_free(&optimiser);
    if (evaluations) *evaluations = problem.evaluations;
    return x;
}

static void assert_same(const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0)
            fail_msg("element %zu is %.9g, not %.9g", i, (double)a[i], (double)b[i]);
}

static void bits_do_not_depend_on_threads(void **state) {
    (void)state;
    static const size_t lengths[] = {1, 17, 3 * IMP_PIECE + 5};
    int former = imp_threads_get();
    for (int kind = 0; kind < KINDS; kind++)
        for (int l = 0; l < 3; l++) {
            imp_threads_set(1);
            Problem problem = problem_of(lengths[l], lengths[l] == 17);
            float *one = run_whole((Kind)kind, problem, 12, NULL);
            for (int threads = 2; threads <= 3; threads++) {
                imp_threads_set(threads);
                float *many = run_whole((Kind)kind, problem, 12, NULL);
                assert_same(many, one, problem.n);
                free(many);
            }
            free(one);
        }
    imp_threads_set(former);
}

/* Another optimiser in the state of this one, by way of a bundle. */
static ImpOptimiser *through_bundle(ImpOptimiser *optimiser, Kind kind, size_t n) {
    ImpBundle *bundle = NULL;
    ImpError error = {0};
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_save(optimiser, bundle, NULL), IMP_OK);
    for (size_t i = 0; i < bundle->count; i++)
        assert_ptr_equal(strstr(bundle->arrays[i].name, "optimiser."), bundle->arrays[i].name);
    ImpOptimiser *other = must_make(kind, n);
    if (imp_optimiser_load(other, bundle, &error) != IMP_OK) fail_msg("%s", error.message);
    assert_true(imp_optimiser_iterations(other) == imp_optimiser_iterations(optimiser));
    imp_bundle_free(&bundle);
    return other;
}

static void resumed_runs_are_the_same(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int valley = 0; valley < 2; valley++) {
            Problem problem = problem_of(N, valley);
            long evaluations;
            float *whole = run_whole((Kind)kind, problem, ITERATIONS, &evaluations);
            for (int k = 0; k <= ITERATIONS; k++) {
                Problem resumed = problem;
                float *x = start_of(N);
                ImpOptimiser *first = must_make((Kind)kind, N);
                must_iterate(first, x, &resumed, k);
                ImpOptimiser *second = through_bundle(first, (Kind)kind, N);
                imp_optimiser_free(&first);
                must_iterate(second, x, &resumed, ITERATIONS - k);
                assert_same(x, whole, N);
                assert_int_equal(resumed.evaluations, evaluations);
                imp_optimiser_free(&second);
                free(x);
            }
            free(whole);
        }
}

/* Runs with a failure at one evaluation, after which x must be what it was (projected), goes on, and ends where an
 * undisturbed run does. */
static void run_disturbed(Kind kind, Problem problem, const float *whole, bool save) {
    ImpStatus expected = problem.failure != IMP_OK ? problem.failure : IMP_ERROR_NUMBER;
    float *x = start_of(problem.n), *before = start_of(problem.n);
    ImpOptimiser *optimiser = must_make(kind, problem.n);
    int failures = 0;
    while (imp_optimiser_iterations(optimiser) < ITERATIONS) {
        memcpy(before, x, problem.n * sizeof *x);
        int64_t iterations = imp_optimiser_iterations(optimiser);
        bool converged = true;
        ImpError error = {0};
        ImpStatus status = imp_optimiser_iterate(optimiser, x, evaluate_problem, &problem, &converged, &error);
        assert_false(converged);
        if (status == IMP_OK) continue;
        failures++;
        assert_int_equal(status, expected);
        assert_int_equal(error.status, expected);
        assert_true(strlen(error.message) > 20);
        assert_true(imp_optimiser_iterations(optimiser) == iterations);
        for (size_t i = 0; problem.clamp && i < problem.n; i++) {
            before[i] = fminf(fmaxf(before[i], 0), 1);
            x[i] = fminf(fmaxf(x[i], 0), 1);
        }
        assert_same(x, before, problem.n);
        if (!save) continue;
        ImpOptimiser *other = through_bundle(optimiser, kind, problem.n);
        imp_optimiser_free(&optimiser);
        optimiser = other;
    }
    assert_int_equal(failures, 1);
    assert_same(x, whole, problem.n);
    imp_optimiser_free(&optimiser);
    free(before);
    free(x);
}

static void disturb_everywhere(Problem problem) {
    for (int kind = 0; kind < KINDS; kind++) {
        Problem clean = problem;
        clean.stop_at = -1;
        long evaluations;
        float *whole = run_whole((Kind)kind, clean, ITERATIONS, &evaluations);
        assert_true(evaluations >= ITERATIONS);
        for (long at = 0; at < evaluations; at++)
            for (int save = 0; save < 2; save++) {
                problem.stop_at = at;
                run_disturbed((Kind)kind, problem, whole, save);
            }
        free(whole);
    }
}

static void stopping_anywhere_changes_nothing(void **state) {
    (void)state;
    Problem valley = problem_of(N, true);
    valley.failure = IMP_ERROR_STOPPED;
    disturb_everywhere(valley);
    valley.failure = IMP_ERROR_MEMORY;
    disturb_everywhere(valley);
}

/* x is projected when an evaluation begins: stopping a clamped run must leave its path alone too. */
static void stopping_a_clamped_run_changes_nothing(void **state) {
    (void)state;
    Problem box = problem_of(N, true);
    box.clamp = true;
    box.failure = IMP_ERROR_STOPPED;
    for (int kind = 0; kind < KINDS; kind++) {
        long evaluations;
        box.stop_at = -1;
        float *whole = run_whole((Kind)kind, box, ITERATIONS, &evaluations);
        for (box.stop_at = 0; box.stop_at < evaluations; box.stop_at++) run_disturbed((Kind)kind, box, whole, true);
        free(whole);
    }
}

static void numbers_that_are_not_finite_are_refused(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < 3; k++)
        for (int value = 0; value < 2; value++) {
            Problem problem = problem_of(N, true);
            problem.bad = bad[k];
            problem.bad_value = value;
            disturb_everywhere(problem);
        }
}

/* After a line search, the value and gradient that are kept are those at x, or none is when another trial than the last
 * was the best; both happen. */
static void kept_gradients_are_those_at_x(void **state) {
    (void)state;
    int kept = 0, dropped = 0;
    for (int valley = 0; valley < 2; valley++) {
        Problem problem = problem_of(50, valley), fresh = problem;
        float *x = start_of(problem.n), *gradient = start_of(problem.n);
        ImpOptimiser *optimiser = must_make(WOLFE, problem.n);
        const ImpLbfgs *l = (const ImpLbfgs *)optimiser;
        for (int k = 0; k < 30; k++) {
            must_iterate(optimiser, x, &problem, 1);
            if (l->phase == IMP_LBFGS_EVALUATE) dropped++;
            if (l->phase != IMP_LBFGS_EVALUATED) continue;
            double value;
            assert_int_equal(evaluate_problem(&fresh, x, gradient, &value, NULL), IMP_OK);
            assert_true(value == l->value);
            assert_same(l->gradient, gradient, problem.n);
            kept++;
        }
        imp_optimiser_free(&optimiser);
        free(gradient);
        free(x);
    }
    assert_true(kept > 20);
    assert_true(dropped > 2);
}

static ImpStatus evaluate_explosive(void *context, float *x, float *gradient, double *value, ImpError *error) {
    (void)context;
    (void)error;
    for (int i = 0; i < 2; i++) gradient[i] = 3e38F * (x[i] > 0 ? 1.0F : -1.0F);
    *value = 0;
    return IMP_OK;
}

static void directions_that_overflow_are_refused(void **state) {
    (void)state;
    float x[2] = {1e-12F, 1};
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    options.tolerance_change = options.tolerance_gradient = -1;
    options.learning_rate = 1e20;
    ImpOptimiser *optimiser = NULL;
    assert_int_equal(imp_lbfgs_new(2, &options, &optimiser, NULL), IMP_OK);
    ImpStatus status = IMP_OK;
    ImpError error = {0};
    for (int k = 0; k < 10 && status == IMP_OK; k++) {
        bool converged;
        status = imp_optimiser_iterate(optimiser, x, evaluate_explosive, NULL, &converged, &error);
    }
    assert_int_equal(status, IMP_ERROR_NUMBER);
    assert_non_null(strstr(error.message, "L-BFGS"));
    imp_optimiser_free(&optimiser);
}

/* Everything an optimiser allocates; IMP_ERROR_MEMORY as soon as something fails. */
static ImpStatus live_a_life(Kind kind, ImpError *error) {
    Problem problem = problem_of(N, true);
    float x[N] = {0};
    ImpOptimiser *optimiser = NULL, *other = NULL;
    ImpBundle *bundle = NULL;
    ImpStatus status = make(kind, N, &optimiser, error);
    if (status != IMP_OK) assert_null(optimiser);
    bool converged;
    for (int k = 0; k < 5 && status == IMP_OK; k++)
        status = imp_optimiser_iterate(optimiser, x, evaluate_problem, &problem, &converged, error);
    if (status == IMP_OK) status = imp_bundle_new(&bundle, error);
    if (status == IMP_OK) status = imp_optimiser_save(optimiser, bundle, error);
    if (status == IMP_OK) status = make(kind, N, &other, error);
    if (status == IMP_OK) status = imp_optimiser_load(other, bundle, error);
    if (bundle) imp_bundle_free(&bundle);
    imp_optimiser_free(&optimiser);
    imp_optimiser_free(&other);
    return status;
}

static void running_out_of_memory_is_an_error(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        int failures = 0;
        for (long at = 0;; at++) {
            ImpError error = {0};
            imp_alloc_fail_after(at);
            ImpStatus status = live_a_life((Kind)kind, &error);
            imp_alloc_fail_after(-1);
            if (status == IMP_OK) break;
            failures++;
            assert_int_equal(status, IMP_ERROR_MEMORY);
            assert_non_null(strstr(error.message, "memory"));
        }
        assert_true(failures > 10);
    }
}

/* No room for another pair: the iteration fails, and when there is room again the run goes its way. */
static void missing_memory_for_a_pair_changes_nothing(void **state) {
    (void)state;
    for (int kind = LBFGS; kind <= WOLFE; kind++)
        for (int at = 1; at <= 5; at++)
            for (long room = 0; room < 2; room++) {
                Problem problem = problem_of(N, true);
                float *whole = run_whole((Kind)kind, problem, ITERATIONS, NULL);
                float *x = start_of(N), *before = start_of(N);
                ImpOptimiser *optimiser = must_make((Kind)kind, N);
                must_iterate(optimiser, x, &problem, at);
                memcpy(before, x, N * sizeof *x);
                bool converged;
                imp_alloc_fail_after(room);
                ImpStatus status = imp_optimiser_iterate(optimiser, x, evaluate_problem, &problem, &converged, NULL);
                imp_alloc_fail_after(-1);
                assert_int_equal(status, IMP_ERROR_MEMORY);
                assert_same(x, before, N);
                must_iterate(optimiser, x, &problem, ITERATIONS - at);
                assert_same(x, whole, N);
                imp_optimiser_free(&optimiser);
                free(x);
                free(before);
                free(whole);
            }
}

/* A bundle with the state after a few iterations; WOLFE's has a gradient too. */
static ImpBundle *state_of(Kind kind) {
    Problem problem = problem_of(N, true);
    float *x = start_of(N);
    ImpOptimiser *optimiser = must_make(kind, N);
    ImpBundle *bundle = NULL;
    must_iterate(optimiser, x, &problem, 9);
    assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_save(optimiser, bundle, NULL), IMP_OK);
    imp_optimiser_free(&optimiser);
    free(x);
    return bundle;
}

/* Loading must fail and leave an optimiser that runs as a fresh one. */
static void assert_refused(Kind kind, const ImpBundle *bundle, const char *what) {
    Problem problem = problem_of(N, true);
    float *whole = run_whole(kind, problem, 6, NULL), *x = start_of(N), *other = start_of(N);
    ImpOptimiser *optimiser = must_make(kind, N);
    must_iterate(optimiser, other, &(Problem){.n = N, .rosenbrock = true, .stop_at = -1}, 3);
    ImpError error = {0};
    if (imp_optimiser_load(optimiser, bundle, &error) != IMP_ERROR_FORMAT) fail_msg("%s was not refused", what);
    assert_true(strlen(error.message) > 20);
    assert_true(imp_optimiser_iterations(optimiser) == 0);
    must_iterate(optimiser, x, &problem, 6);
    assert_same(x, whole, N);
    imp_optimiser_free(&optimiser);
    free(whole);
    free(other);
    free(x);
}

static void broken_arrays_are_refused(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        ImpBundle *bundle = state_of((Kind)kind);
        assert_true(bundle->count >= 3);
        for (size_t i = 0; i < bundle->count; i++) {
            ImpArray *array = &bundle->arrays[i], kept = *array;
            array->name = (char *)"missing";
            assert_refused((Kind)kind, bundle, kept.name);
            *array = kept;
            array->dtype = kept.dtype == IMP_DTYPE_F32 ? IMP_DTYPE_I32 : IMP_DTYPE_U64;
            assert_refused((Kind)kind, bundle, kept.name);
            *array = kept;
            array->count--;
            assert_refused((Kind)kind, bundle, kept.name);
            array->count += 2;
            assert_refused((Kind)kind, bundle, kept.name);
            *array = kept;
        }
        imp_bundle_free(&bundle);
    }
}

static void numbers_out_of_place_are_refused(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        ImpBundle *bundle = state_of((Kind)kind);
        for (size_t i = 0; i < bundle->count; i++) {
            ImpArray *array = &bundle->arrays[i];
            for (size_t k = 0; k<array->count; k += array->count> 8 ? array->count / 5 : 1) {
                if (array->dtype == IMP_DTYPE_F32) {
                    float *at = (float *)array->data + k, kept = *at;
                    *at = k % 2 ? NAN : INFINITY;
                    assert_refused((Kind)kind, bundle, array->name);
                    *at = kept;
                } else if (array->dtype == IMP_DTYPE_F64) {
                    double *at = (double *)array->data + k, kept = *at;
                    *at = k % 2 ? (double)NAN : -(double)INFINITY;
                    assert_refused((Kind)kind, bundle, array->name);
                    *at = kept;
                } else {
                    int64_t *at = (int64_t *)array->data + k, kept = *at;
                    *at = INT64_MIN;
                    assert_refused((Kind)kind, bundle, array->name);
                    *at = kept;
                }
            }
        }
        ImpArray *second = &bundle->arrays[2];
        if (kind == ADAM) {
            ((float *)second->data)[3] = -1e-3F;
            assert_refused(ADAM, bundle, "a negative second moment");
        }
        imp_bundle_free(&bundle);
    }
}

/* Counters that lie are refused or harmless. */
static void no_counter_is_trusted(void **state) {
    (void)state;
    static const int64_t lies[] = {-1, 0, 1, 2, 3, 4, 5, 6, 8, 9, 22, 24, 1000, INT32_MAX, INT64_MAX};
    for (int kind = 0; kind < KINDS; kind++) {
        ImpBundle *bundle = state_of((Kind)kind);
        ImpArray *counters = &bundle->arrays[0];
        assert_int_equal(counters->dtype, IMP_DTYPE_I64);
        for (size_t k = 0; k < counters->count; k++)
            for (size_t l = 0; l < sizeof lies / sizeof *lies; l++) {
                int64_t *at = (int64_t *)counters->data + k, kept = *at;
                *at = lies[l];
                Problem problem = problem_of(N, true);
                float x[N] = {0};
                bool converged;
                ImpOptimiser *optimiser = must_make((Kind)kind, N);
                ImpStatus status = imp_optimiser_load(optimiser, bundle, NULL);
                assert_true(status == IMP_OK || status == IMP_ERROR_FORMAT);
                if (status == IMP_OK)
                    (void)imp_optimiser_iterate(optimiser, x, evaluate_problem, &problem, &converged, NULL);
                imp_optimiser_free(&optimiser);
                *at = kept;
            }
        imp_bundle_free(&bundle);
    }
}

static void states_of_others_are_refused(void **state) {
    (void)state;
    ImpBundle *empty = NULL;
    assert_int_equal(imp_bundle_new(&empty, NULL), IMP_OK);
    for (int kind = 0; kind < KINDS; kind++) {
        assert_refused((Kind)kind, empty, "an empty bundle");
        ImpBundle *bundle = state_of((Kind)kind);
        if (kind != ADAM) assert_refused(ADAM, bundle, "a state of L-BFGS");
        if (kind == ADAM) assert_refused(LBFGS, bundle, "a state of Adam");
        if (kind == WOLFE) assert_refused(LBFGS, bundle, "a state with a line search");
        ImpOptimiser *longer = must_make((Kind)kind, N + 1);
        ImpError error = {0};
        assert_int_equal(imp_optimiser_load(longer, bundle, &error), IMP_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "23"));
        imp_optimiser_free(&longer);
        imp_bundle_free(&bundle);
    }
    imp_bundle_free(&empty);
}

static void shorter_history_is_refused(void **state) {
    (void)state;
    ImpBundle *bundle = state_of(LBFGS);
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    ImpError error = {0};
    ImpOptimiser *optimiser = NULL;
    options.history = 4;
    assert_int_equal(imp_lbfgs_new(N, &options, &optimiser, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_load(optimiser, bundle, &error), IMP_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "history"));
    imp_optimiser_free(&optimiser);
    imp_bundle_free(&bundle);
}

/* f = 0.5 c |x|^2 + 7 */
typedef struct Bowl {
    float c;
    int evaluations;
} Bowl;

static ImpStatus evaluate_bowl(void *context, float *x, float *gradient, double *value, ImpError *error) {
    (void)error;
    Bowl *bowl = context;
    bowl->evaluations++;
    *value = 7;
    for (int i = 0; i < 3; i++) {
        gradient[i] = bowl->c * x[i];
        *value += 0.5 * (double)gradient[i] * (double)x[i];
    }
    return IMP_OK;
}

static void tolerances_end_a_run(void **state) {
    (void)state;
    static const struct {
        float c, x;
        double gradient, change;
        int evaluations; /* until it converges */
    } runs[] = {
        {1, 0, 1e-7, 1e-9, 1},     /* the gradient is zero at once */
        {1, 4e-5F, 1e-7, 1e-7, 1}, /* g.d = -|g|^2 > -1e-7 */
        {1, 0.25F, 1e-7, 1e-9, 2}, /* t = min(1, 1/0.25) = 1 leads to the minimum */
        {1.5F, 0.5F, -1, 0.5, 2},  /* g.d = -0.5625, t = 1, f changes by less than 0.2 */
    };
    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++)
        for (int search = 0; search < 2; search++) {
            ImpLbfgsOptions options = imp_lbfgs_defaults();
            options.tolerance_gradient = runs[k].gradient;
            options.tolerance_change = runs[k].change;
            options.strong_wolfe = search;
            ImpOptimiser *optimiser = NULL;
            assert_int_equal(imp_lbfgs_new(3, &options, &optimiser, NULL), IMP_OK);
            Bowl bowl = {.c = runs[k].c};
            float x[3] = {runs[k].x, 0, 0}, before[3] = {0};
            bool converged = false;
            int iterations = 0;
            while (!converged && iterations++ < 10) {
                memcpy(before, x, sizeof x);
                assert_int_equal(imp_optimiser_iterate(optimiser, x, evaluate_bowl, &bowl, &converged, NULL), IMP_OK);
            }
            assert_true(converged);
            assert_same(x, before, 3);
            assert_int_equal(bowl.evaluations, runs[k].evaluations);
            imp_optimiser_free(&optimiser);
        }
}

/* A small change is reported once; iterating on moves x, as another step() of PyTorch would. */
static void iterating_on_passes_a_small_change(void **state) {
    (void)state;
    for (int search = 0; search < 2; search++) {
        Problem problem = problem_of(N, true);
        ImpLbfgsOptions options = imp_lbfgs_defaults();
        options.tolerance_change = 0.05;
        options.strong_wolfe = search;
        ImpOptimiser *optimiser = NULL;
        assert_int_equal(imp_lbfgs_new(N, &options, &optimiser, NULL), IMP_OK);
        float *x = start_of(N), *before = start_of(N);
        bool converged = false;
        while (!converged) {
            memcpy(before, x, N * sizeof *x);
            assert_int_equal(imp_optimiser_iterate(optimiser, x, evaluate_problem, &problem, &converged, NULL), IMP_OK);
        }
        int64_t iterations = imp_optimiser_iterations(optimiser);
        assert_true(iterations > 1);
        assert_same(x, before, N);
        ImpOptimiser *other = NULL;
        ImpBundle *bundle = NULL;
        assert_int_equal(imp_bundle_new(&bundle, NULL), IMP_OK);
        assert_int_equal(imp_optimiser_save(optimiser, bundle, NULL), IMP_OK);
        assert_int_equal(imp_lbfgs_new(N, &options, &other, NULL), IMP_OK);
        assert_int_equal(imp_optimiser_load(other, bundle, NULL), IMP_OK);
        assert_int_equal(imp_optimiser_iterate(other, before, evaluate_problem, &problem, &converged, NULL), IMP_OK);
        assert_int_equal(imp_optimiser_iterate(optimiser, x, evaluate_problem, &problem, &converged, NULL), IMP_OK);
        assert_false(converged);
        assert_true(imp_optimiser_iterations(optimiser) == iterations + 1);
        assert_same(x, before, N);
        imp_bundle_free(&bundle);
        imp_optimiser_free(&optimiser);
        imp_optimiser_free(&other);
        free(x);
        free(before);
    }
}

static void first_steps_are_as_written(void **state) {
    (void)state;
    Bowl bowl = {.c = 2};
    float x[3] = {1, -2, 3};
    bool converged;
    ImpLbfgsOptions options = imp_lbfgs_defaults();
    options.learning_rate = 0.5;
    ImpOptimiser *optimiser = NULL;
    assert_int_equal(imp_lbfgs_new(3, &options, &optimiser, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_iterate(optimiser, x, evaluate_bowl, &bowl, &converged, NULL), IMP_OK);
    for (int i = 0; i < 3; i++) { /* x - 0.5 g / |g|_1, |g|_1 = 12 */
        static const float from[3] = {1, -2, 3};
        assert_true(fabsf(x[i] - (from[i] - 0.5F / 12 * 2 * from[i])) < 1e-6F);
    }
    imp_optimiser_free(&optimiser);

    ImpAdamOptions adam = imp_adam_defaults();
    float *first, *second, y[3] = {1, -2, 3};
    assert_int_equal(imp_adam_new(3, &adam, &optimiser, NULL), IMP_OK);
    assert_int_equal(imp_optimiser_iterate(optimiser, y, evaluate_bowl, &bowl, &converged, NULL), IMP_OK);
    imp_adam_moments(optimiser, &first, &second);
    for (int i = 0; i < 3; i++) { /* the first step has the length of the learning rate, whatever the gradient */
        static const float from[3] = {1, -2, 3};
        assert_true(fabsf(fabsf(y[i] - from[i]) - 0.02F) < 1e-6F);
        assert_true(fabsf(first[i] - 0.1F * 2 * from[i]) < 1e-6F);
        assert_true(fabsf(second[i] - 0.01F * 4 * from[i] * from[i]) < 1e-6F);
    }
    assert_int_equal(imp_adam_step(optimiser), 1);
    imp_adam_set_step(optimiser, 40);
    assert_int_equal(imp_adam_step(optimiser), 40);
    imp_optimiser_free(&optimiser);
    assert_null(optimiser);
    imp_optimiser_free(&optimiser);
}

static void reset_begins_anew(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        Problem problem = problem_of(N, true);
        float *whole = run_whole((Kind)kind, problem, ITERATIONS, NULL), *x = start_of(N), *other = start_of(N);
        ImpOptimiser *optimiser = must_make((Kind)kind, N);
        must_iterate(optimiser, other, &problem, 8);
        imp_optimiser_reset(optimiser);
        must_iterate(optimiser, x, &problem, ITERATIONS);
        assert_same(x, whole, N);
        imp_optimiser_free(&optimiser);
        free(whole);
        free(x);
        free(other);
    }
}

static void options_out_of_range_are_refused(void **state) {
    (void)state;
    ImpOptimiser *optimiser = NULL;
    for (int k = 0; k < 8; k++) {
        ImpLbfgsOptions o = imp_lbfgs_defaults();
        if (k == 1) o.learning_rate = 0;
        if (k == 2) o.learning_rate = (double)NAN;
        if (k == 3) o.history = 0;
        if (k == 4) o.history = 1 << 30;
        if (k == 5) o.tolerance_gradient = (double)NAN;
        if (k == 6) o.tolerance_change = (double)NAN;
        if (k == 7) o.max_line_evaluations = 0;
        ImpError error = {0};
        assert_int_equal(imp_lbfgs_new(k > 0, &o, &optimiser, &error), IMP_ERROR_ARGUMENT);
        assert_true(strlen(error.message) > 20);
        assert_null(optimiser);
    }
    for (int k = 0; k < 8; k++) {
        ImpAdamOptions o = imp_adam_defaults();
        if (k == 1) o.learning_rate = -1;
        if (k == 2) o.beta1 = 1;
        if (k == 3) o.beta2 = -0.1;
        if (k == 4) o.beta2 = (double)NAN;
        if (k == 5) o.epsilon = 0;
        if (k == 6) o.learning_rate = (double)INFINITY;
        if (k == 7) o.weight_decay = -1e-4;
        ImpError error = {0};
        assert_int_equal(imp_adam_new(k > 0, &o, &optimiser, &error), IMP_ERROR_ARGUMENT);
        assert_true(strlen(error.message) > 20);
    }
    ImpLbfgsOptions o = imp_lbfgs_defaults();
    assert_int_equal(imp_lbfgs_new(SIZE_MAX / 2, &o, &optimiser, NULL), IMP_ERROR_MEMORY);
    assert_int_equal(imp_lbfgs_bytes(1000, &o), 203 * 4000);
    assert_true(imp_lbfgs_bytes(SIZE_MAX / 2, &o) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(resumed_runs_are_the_same),
        cmocka_unit_test(stopping_anywhere_changes_nothing),
        cmocka_unit_test(stopping_a_clamped_run_changes_nothing),
        cmocka_unit_test(numbers_that_are_not_finite_are_refused),
        cmocka_unit_test(kept_gradients_are_those_at_x),
        cmocka_unit_test(directions_that_overflow_are_refused),
        cmocka_unit_test(running_out_of_memory_is_an_error),
        cmocka_unit_test(missing_memory_for_a_pair_changes_nothing),
        cmocka_unit_test(broken_arrays_are_refused),
        cmocka_unit_test(numbers_out_of_place_are_refused),
        cmocka_unit_test(no_counter_is_trusted),
        cmocka_unit_test(states_of_others_are_refused),
        cmocka_unit_test(shorter_history_is_refused),
        cmocka_unit_test(tolerances_end_a_run),
        cmocka_unit_test(iterating_on_passes_a_small_change),
        cmocka_unit_test(first_steps_are_as_written),
        cmocka_unit_test(reset_begins_anew),
        cmocka_unit_test(options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
