/* The loss of means and deviations against the formula in double. */
#include "check.h"

#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 * 60 * 50, MOST_CHANNELS = 40 };

static const double weight = 2.5;
static float activation[MOST], style[MOST], places[60 * 50];

typedef struct Context {
    ImpShape shape;
    ImpNormalisation normalisation;
    int channels;
    const float *places;
    double target[2 * MOST_CHANNELS];
} Context;

static ImpStatus make(const void *context, ImpLoss **loss, ImpError *error) {
    const Context *c = context;
    return imp_moments_loss_new(0, weight, c->normalisation, c->target, c->shape, c->channels, c->places, loss, error);
}

static void plain_moments(const Context *c, const double *x, double *moments) {
    size_t n = imp_shape_places(c->shape), channels = (size_t)c->shape.channels;
    for (size_t k = 0; k < channels; k++) {
        double sum = 0, squares = 0, total = 0;
        for (size_t i = 0; i < n; i++) total += c->places ? (double)c->places[i] : 1;
        for (size_t i = 0; i < n; i++) sum += (c->places ? (double)c->places[i] : 1) * x[k * n + i] / total;
        for (size_t i = 0; i < n; i++)
            squares += (c->places ? (double)c->places[i] : 1) * pow(x[k * n + i] - sum, 2) / total;
        moments[k] = sum;
        moments[channels + k] = sqrt(squares + 1e-5);
    }
}

static double plain(const void *context, const double *x) {
    const Context *c = context;
    double moments[2 * MOST_CHANNELS], squares = 0, magnitudes = 0, of_target = 0;
    plain_moments(c, x, moments);
    for (int i = 0; i < 2 * c->shape.channels; i++) {
        squares += pow(moments[i] - c->target[i], 2);
        magnitudes += fabs(moments[i] - c->target[i]);
        of_target += pow(c->target[i], 2);
    }
    if (c->normalisation == IMP_NORMALISE_GATYS) return weight * squares;
    if (c->normalisation == IMP_NORMALISE_MEAN) return weight * squares / c->channels;
    if (c->normalisation == IMP_NORMALISE_RELATIVE) return weight * squares / of_target;
    return weight * sqrt((double)c->shape.channels / c->channels) * squares / (magnitudes + 1e-8);
}

static Subject subject_of(Context *context, ImpShape shape, ImpNormalisation normalisation, bool weighted) {
    ImpError error;
    size_t n = imp_shape_places(shape);
    check_fill(activation, imp_shape_count(shape), 1, 0.5f);
    check_fill(style, imp_shape_count(shape), 2, 0);
    for (size_t i = 0; i < n; i++) places[i] = i % 3 == 0 ? 0 : (float)(i % 7 + 1) / 7;
    if (n == 1) places[0] = 0.4f;
    *context = (Context){.shape = shape, .normalisation = normalisation, .channels = shape.channels};
    context->places = weighted ? places : NULL;
    ImpTensor tensor = check_tensor(shape, IMP_LAYOUT_BLOCKED, style);
    assert_int_equal(imp_moments_target(&tensor, context->places, context->target, &error), IMP_OK);
    imp_free(tensor.data);
    return (Subject){.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .make = make, .plain = plain, .context = context};
}

static const ImpShape shapes[] = {{3, 1, 1, 1}, {5, 4, 1, 1}, {3, 4, 5, 1}, {17, 3, 3, 1}, {33, 5, 4, 1}};

static void it_follows_the_formula(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int normalisation = 0; normalisation < 4; normalisation++)
            for (int weighted = 0; weighted < 2; weighted++) {
                Context context;
                Subject subject = subject_of(&context, shapes[s], (ImpNormalisation)normalisation, weighted);
                check_formula(&subject, activation, 1e-5, 1e-4);
                context.channels = 3 * shapes[s].channels;
                check_formula(&subject, activation, 1e-5, 1e-4);
            }
}

static void targets_are_the_moments(void **state) {
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        Context context;
        subject_of(&context, (ImpShape){17, 5, 4, 1}, IMP_NORMALISE_MEAN, weighted);
        double wide[17 * 20], expected[2 * 17];
        for (int i = 0; i < 17 * 20; i++) wide[i] = (double)style[i];
        plain_moments(&context, wide, expected);
        for (int i = 0; i < 34; i++) assert_true(fabs(context.target[i] - expected[i]) < 1e-6);
    }
}

static void at_the_style_it_rests(void **state) {
    (void)state;
    for (int normalisation = 0; normalisation < 4; normalisation++)
        for (int weighted = 0; weighted < 2; weighted++) {
            Context context;
            Subject subject = subject_of(&context, shapes[3], (ImpNormalisation)normalisation, weighted);
            check_rest(&subject, style, 0);
        }
}

/* Places that weigh nothing may hold anything; weights of 1 are none; without any weight nothing is left. */
static void weights_choose_places(void **state) {
    (void)state;
    Context context;
    Subject subject = subject_of(&context, shapes[2], IMP_NORMALISE_MEAN, true);
    double values[2];
    float gradients[2][60];
    check_run(&subject, activation, &values[0], gradients[0]);
    for (int i = 0; i < 60; i++)
        if (places[i % 20] == 0) activation[i] = 1e4f;
    check_run(&subject, activation, &values[1], gradients[1]);
    assert_true(values[0] == values[1]);
    for (int i = 0; i < 60; i++) assert_true(gradients[0][i] == gradients[1][i]);
    for (int i = 0; i < 20; i++) places[i] = 1;
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
    Subject subject = subject_of(&context, shapes[2], IMP_NORMALISE_MEAN, true);
    check_memory(&subject);
    ImpTensor tensor = check_tensor(subject.shape, IMP_LAYOUT_BLOCKED, style);
    ImpError error;
    imp_alloc_fail_after(0);
    assert_int_equal(imp_moments_target(&tensor, NULL, context.target, &error), IMP_ERROR_MEMORY);
    imp_alloc_fail_after(-1);
    imp_free(tensor.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_the_formula),
        cmocka_unit_test(targets_are_the_moments),
        cmocka_unit_test(at_the_style_it_rests),
        cmocka_unit_test(weights_choose_places),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
