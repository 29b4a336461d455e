/* The Wasserstein loss against the formula in double, with square roots of matrices by Newton's iteration. */
#include "check.h"

#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 * 60 * 50, MOST_CHANNELS = 40, MOST_SQUARE = MOST_CHANNELS * MOST_CHANNELS };

static const double weight = 2.5;
static float activation[MOST], style[MOST], places[60 * 50];

typedef struct Context {
    ImpShape shape;
    ImpNormalisation normalisation;
    int channels;
    const float *places;
    double target[MOST_CHANNELS + MOST_SQUARE];
} Context;

static ImpStatus make(const void *context, ImpLoss **loss, ImpError *error) {
    const Context *c = context;
    return imp_wasserstein_loss_new(0, weight, c->normalisation, c->target, c->shape, c->channels, c->places, loss,
                                    error);
}

/* --- matrices (n,n) ----------------------------------------------------------------------------------------------- */

static void multiply(int n, const double *a, const double *b, double *c) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            c[i * n + j] = 0;
            for (int k = 0; k < n; k++) c[i * n + j] += a[i * n + k] * b[k * n + j];
        }
}

/* By elimination with row pivots. */
static void invert(int n, const double *from, double *to) {
    double a[MOST_SQUARE];
    memcpy(a, from, (size_t)(n * n) * sizeof *a);
    for (int i = 0; i < n * n; i++) to[i] = i / n == i % n;
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k])) pivot = i;
        for (int j = 0; j < n; j++) {
            double swap = a[k * n + j], other = to[k * n + j];
            a[k * n + j] = a[pivot * n + j], a[pivot * n + j] = swap;
            to[k * n + j] = to[pivot * n + j], to[pivot * n + j] = other;
        }
        double factor = 1 / a[k * n + k];
        for (int j = 0; j < n; j++) a[k * n + j] *= factor, to[k * n + j] *= factor;
        for (int i = 0; i < n; i++) {
            double by = i == k ? 0 : a[i * n + k];
            for (int j = 0; j < n; j++) a[i * n + j] -= by * a[k * n + j], to[i * n + j] -= by * to[k * n + j];
        }
    }
}

/* The iteration of Denman and Beavers 1976. */
static void square_root(int n, const double *matrix, double *root) {
    double other[MOST_SQUARE], inverse[MOST_SQUARE], of_other[MOST_SQUARE];
    memcpy(root, matrix, (size_t)(n * n) * sizeof *root);
    for (int i = 0; i < n * n; i++) other[i] = i / n == i % n;
    for (int step = 0; step < 30; step++) {
        invert(n, root, inverse);
        invert(n, other, of_other);
        for (int i = 0; i < n * n; i++) root[i] = (root[i] + of_other[i]) / 2;
        for (int i = 0; i < n * n; i++) other[i] = (other[i] + inverse[i]) / 2;
    }
}

/* --- the formula -------------------------------------------------------------------------------------------------- */

/* (C) and (C,C) */
static void statistics(const Context *c, const double *x, double *mean, double *covariance) {
    size_t n = imp_shape_places(c->shape), channels = (size_t)c->shape.channels;
    double total = 0;
    for (size_t i = 0; i < n; i++) total += c->places ? (double)c->places[i] : 1;
    for (size_t k = 0; k < channels; k++) {
        mean[k] = 0;
        for (size_t i = 0; i < n; i++) mean[k] += (c->places ? (double)c->places[i] : 1) * x[k * n + i] / total;
    }
    for (size_t k = 0; k < channels; k++)
        for (size_t j = 0; j < channels; j++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += (c->places ? (double)c->places[i] : 1) * (x[k * n + i] - mean[k]) * (x[j * n + i] - mean[j]);
            covariance[k * channels + j] = sum / total;
        }
}

static double plain(const void *context, const double *x) {
    const Context *c = context;
    int n = c->shape.channels;
    double mean[MOST_CHANNELS], own[MOST_SQUARE], wanted[MOST_SQUARE], root[MOST_SQUARE], product[MOST_SQUARE];
    double middle[MOST_SQUARE], distance = 0, size = 0, trace = 0;
    statistics(c, x, mean, own);
    memcpy(wanted, c->target + n, (size_t)(n * n) * sizeof *wanted);
    for (int i = 0; i < n; i++) trace += wanted[i * n + i];
    for (int i = 0; i < n; i++) own[i * n + i] += 1e-5 * trace / n;
    for (int i = 0; i < n; i++) wanted[i * n + i] += 1e-5 * trace / n;
    square_root(n, wanted, root);
    multiply(n, root, own, product);
    multiply(n, product, root, middle);
    square_root(n, middle, product);
    for (int i = 0; i < n; i++) {
        distance += pow(mean[i] - c->target[i], 2) + own[i * n + i] + wanted[i * n + i] - 2 * product[i * n + i];
        size += pow(c->target[i], 2) + c->target[n + i * n + i];
    }
    if (c->normalisation == IMP_NORMALISE_GATYS) return weight * distance;
    if (c->normalisation == IMP_NORMALISE_MEAN) return weight * distance / c->channels;
    if (c->normalisation == IMP_NORMALISE_RELATIVE) return weight * distance / size;
    return weight * sqrt(distance);
}

static Subject subject_of(Context *context, ImpShape shape, ImpNormalisation normalisation, bool weighted) {
    ImpError error;
    size_t n = imp_shape_places(shape);
    check_fill(activation, imp_shape_count(shape), 1, 0.5f);
    check_fill(style, imp_shape_count(shape), 2, 0);
    for (size_t i = 0; i < n; i++) style[i] += 2 * style[n + i]; /* channels that go together */
    for (size_t i = 0; i < n; i++) places[i] = i % 5 == 0 ? 0 : (float)(i % 7 + 1) / 7;
    *context = (Context){.shape = shape, .normalisation = normalisation, .channels = shape.channels};
    context->places = weighted ? places : NULL;
    ImpTensor tensor = check_tensor(shape, IMP_LAYOUT_BLOCKED, style);
    assert_int_equal(imp_wasserstein_target(&tensor, context->places, context->target, &error), IMP_OK);
    imp_free(tensor.data);
    return (Subject){.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .make = make, .plain = plain, .context = context};
}

static const ImpShape shapes[] = {{2, 4, 5, 1}, {5, 6, 5, 1}, {17, 8, 7, 1}};

static void it_follows_the_formula(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int normalisation = 0; normalisation < 4; normalisation++)
            for (int weighted = 0; weighted < 2; weighted++) {
                Context context;
                Subject subject = subject_of(&context, shapes[s], (ImpNormalisation)normalisation, weighted);
                context.channels = s == 1 ? 40 : shapes[s].channels;
                check_formula(&subject, activation, 1e-5, 1e-4);
            }
}

static void targets_are_means_and_covariances(void **state) {
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        Context context;
        Subject subject = subject_of(&context, shapes[2], IMP_NORMALISE_MEAN, weighted);
        static double wide[17 * 56], mean[17], covariance[17 * 17];
        for (size_t i = 0; i < imp_shape_count(subject.shape); i++) wide[i] = (double)style[i];
        statistics(&context, wide, mean, covariance);
        for (int i = 0; i < 17; i++) assert_true(fabs(context.target[i] - mean[i]) < 1e-6);
        for (int i = 0; i < 17 * 17; i++) assert_true(fabs(context.target[17 + i] - covariance[i]) < 1e-5);
    }
}

/* Rounding in float leaves about 1e-7 of the covariance, whose root is what `scaled` sees. */
static void at_the_style_it_rests(void **state) {
    (void)state;
    for (int normalisation = 0; normalisation < 4; normalisation++)
        for (int weighted = 0; weighted < 2; weighted++) {
            if (normalisation == IMP_NORMALISE_SCALED) continue;
            Context context;
            Subject subject = subject_of(&context, shapes[2], (ImpNormalisation)normalisation, weighted);
            check_rest(&subject, style, 1e-6);
        }
}

/* Normal distributions in one dimension each: (m - n)^2 + (s - t)^2. */
static void channels_on_their_own(void **state) {
    (void)state;
    enum { N = 4 };
    Context context;
    Subject subject = subject_of(&context, (ImpShape){2, 2, 2, 1}, IMP_NORMALISE_GATYS, false);
    static const double target[] = {1, -2, 9, 0, 0, 0.25};
    static const float numbers[] = {3, 3, 5, 5, 1, 2, 1, 2}; /* means 4, 1.5; deviations 1, 0.5 */
    memcpy(context.target, target, sizeof target);
    double value;
    float gradient[2 * N];
    check_run(&subject, numbers, &value, gradient);
    double expected = 3 * 3 + 3.5 * 3.5 + 2 * 2 + 0 * 0;
    assert_true(fabs(value / (weight * expected) - 1) < 1e-4);
}

static void dead_channels_and_flat_styles_are_numbers(void **state) {
    (void)state;
    for (int which = 0; which < 2; which++) {
        Context context;
        Subject subject = subject_of(&context, shapes[2], IMP_NORMALISE_RELATIVE, false);
        if (which == 0)
            memset(activation, 0, sizeof activation);
        else
            memset(context.target, 0, sizeof context.target);
        double value;
        float gradient[17 * 56];
        check_run(&subject, activation, &value, gradient);
        assert_true(isfinite(value) && value > 0);
        for (int i = 0; i < 17 * 56; i++) assert_true(isfinite(gradient[i]));
    }
}

static void numbers_that_are_none(void **state) {
    (void)state;
    Context context;
    Subject subject = subject_of(&context, shapes[2], IMP_NORMALISE_RELATIVE, false);
    double value;
    float gradient[17 * 56];
    activation[30] = NAN;
    check_run(&subject, activation, &value, gradient);
    assert_true(isnan(value));
    ImpError error;
    ImpLoss *loss = NULL;
    context.target[17 + 5] = NAN;
    assert_int_equal(make(&context, &loss, &error), IMP_ERROR_NUMBER);
    assert_null(loss);
}

static void weights_choose_places(void **state) {
    (void)state;
    Context context;
    Subject subject = subject_of(&context, shapes[1], IMP_NORMALISE_MEAN, true);
    double values[2];
    float gradients[2][150];
    check_run(&subject, activation, &values[0], gradients[0]);
    for (int i = 0; i < 150; i++)
        if (places[i % 30] == 0) activation[i] = 1e4f;
    check_run(&subject, activation, &values[1], gradients[1]);
    assert_true(values[0] == values[1]);
    assert_memory_equal(gradients[0], gradients[1], sizeof gradients[0]);
    for (int i = 0; i < 30; i++) places[i] = 1;
    check_run(&subject, activation, &values[0], gradients[0]);
    context.places = NULL;
    check_run(&subject, activation, &values[1], gradients[1]);
    assert_true(values[0] == values[1]);
    assert_memory_equal(gradients[0], gradients[1], sizeof gradients[0]);
    memset(places, 0, sizeof places);
    context.places = places;
    check_rest(&subject, activation, 0);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        Context context;
        Subject subject = subject_of(&context, (ImpShape){40, 60, 50, 1}, IMP_NORMALISE_RELATIVE, weighted);
        check_threads(&subject, activation);
    }
}

static void running_out_of_memory(void **state) {
    (void)state;
    Context context;
    Subject subject = subject_of(&context, shapes[1], IMP_NORMALISE_MEAN, true);
    check_memory(&subject);
    ImpTensor tensor = check_tensor(subject.shape, IMP_LAYOUT_BLOCKED, style);
    ImpStatus status;
    long countdown = 0;
    do {
        ImpError error;
        imp_alloc_fail_after(countdown++);
        status = imp_wasserstein_target(&tensor, places, context.target, &error);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || status == IMP_ERROR_MEMORY);
    } while (status != IMP_OK);
    assert_true(countdown > 4);
    imp_free(tensor.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_the_formula),
        cmocka_unit_test(targets_are_means_and_covariances),
        cmocka_unit_test(at_the_style_it_rests),
        cmocka_unit_test(channels_on_their_own),
        cmocka_unit_test(dead_channels_and_flat_styles_are_numbers),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(weights_choose_places),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
