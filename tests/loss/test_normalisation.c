/* IMP_NORMALISE_SCALED and IMP_NORMALISE_RELATIVE: values against sums written out, gradients against central
 * differences of them in double. */
#include "unit.h"

#include "base/random.h"
#include "compute/kernel/kernel.h"
#include "loss/loss.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 16, HEIGHT = 5, WIDTH = 7, PLACES = HEIGHT * WIDTH, COUNT = CHANNELS * PLACES };
static const ImpShape shape = {CHANNELS, HEIGHT, WIDTH, 1};

/* `data` (C,H,W) in the layout of the kernels in force, in `room`. */
static ImpTensor blocked(const float *data, float *room) {
    ImpTensor tensor = {.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .block = imp_kernels()->block, .data = room};
    imp_tensor_from_plain(&tensor, data);
    return tensor;
}

static ImpNormalisation normalisation; /* under test */

static double distance(const double *values, const double *target, size_t count) {
    double squares = 0, magnitudes = 0, of_target = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = values[i] - target[i];
        squares += difference * difference;
        magnitudes += fabs(difference);
        of_target += target[i] * target[i];
    }
    return squares / (normalisation == IMP_NORMALISE_SCALED ? magnitudes + 1e-8 : of_target);
}

static double content_reference(const double *activation, const float *target, double weight) {
    static double wide_target[COUNT];
    for (int i = 0; i < COUNT; i++) wide_target[i] = (double)target[i];
    return weight * distance(activation, wide_target, COUNT);
}

/* Gram matrix of (C,H,W) over H W. */
static void gram_reference(const double *activation, double *gram) {
    memset(gram, 0, CHANNELS * CHANNELS * sizeof *gram);
    for (int p = 0; p < PLACES; p++)
        for (int i = 0; i < CHANNELS; i++)
            for (int j = 0; j < CHANNELS; j++)
                gram[i * CHANNELS + j] += activation[i * PLACES + p] * activation[j * PLACES + p] / PLACES;
}

static double style_reference(const double *activation, const double *target, double weight) {
    static double gram[CHANNELS * CHANNELS];
    gram_reference(activation, gram);
    return weight * distance(gram, target, CHANNELS * CHANNELS);
}

static float activation_data[COUNT], target_data[COUNT], gradient_data[COUNT]; /* (C,H,W) */
static float rooms[3][COUNT] __attribute__((aligned(64)));
static double wide[COUNT];

static void fill(void) {
    ImpRandom random;
    imp_random_seed(&random, 5);
    imp_random_normal(&random, activation_data, COUNT, 1);
    imp_random_normal(&random, target_data, COUNT, 1);
    for (int i = 0; i < COUNT; i++) wide[i] = (double)activation_data[i];
    memset(gradient_data, 0, sizeof gradient_data);
}

static void check_gradient(double (*reference)(void *context), void *context) {
    double most = 0;
    for (int i = 0; i < COUNT; i++) most = fmax(most, fabs((double)gradient_data[i]));
    for (int i = 0; i < COUNT; i += 3) {
        double kept = wide[i], h = 1e-6;
        wide[i] = kept + h;
        double above = reference(context);
        wide[i] = kept - h;
        double slope = (above - reference(context)) / (2 * h);
        wide[i] = kept;
        assert_true(fabs(slope - (double)gradient_data[i]) < 1e-4 * most);
    }
}

static double content_at(void *context) {
    (void)context;
    return content_reference(wide, target_data, 3);
}

static void check_content(ImpNormalisation tested) {
    normalisation = tested;
    fill();
    ImpError error;
    ImpLoss *loss;
    ImpTensor activation = blocked(activation_data, rooms[0]), target = blocked(target_data, rooms[1]);
    ImpTensor gradient = blocked(gradient_data, rooms[2]);
    double value;
    assert_int_equal(imp_content_loss_new(0, 3, normalisation, &target, target.shape.channels, &loss, &error), IMP_OK);
    assert_int_equal(imp_loss_value(loss, &activation, &value, &error), IMP_OK);
    assert_true(fabs(value / content_reference(wide, target_data, 3) - 1) < 1e-6);
    imp_loss_add_gradient(loss, &activation, &gradient);
    imp_tensor_to_plain(&gradient, gradient_data);
    check_gradient(content_at, NULL);
    imp_loss_free(&loss);
}

static double style_at(void *context) {
    return style_reference(wide, context, 3);
}

static void check_gram(ImpNormalisation tested) {
    normalisation = tested;
    fill();
    static double target[CHANNELS * CHANNELS], expected[CHANNELS * CHANNELS];
    ImpError error;
    ImpLoss *loss;
    ImpTensor activation = blocked(activation_data, rooms[0]), style = blocked(target_data, rooms[1]);
    ImpTensor gradient = blocked(gradient_data, rooms[2]);
    double value;
    assert_int_equal(imp_gram_target(normalisation, &style, style.shape.channels, NULL, target, &error), IMP_OK);
    static double wide_style[COUNT];
    for (int i = 0; i < COUNT; i++) wide_style[i] = (double)target_data[i];
    gram_reference(wide_style, expected);
    for (int i = 0; i < CHANNELS * CHANNELS; i++) assert_true(fabs(target[i] - expected[i]) < 1e-5);
    assert_int_equal(imp_gram_loss_new(0, 3, normalisation, target, shape, shape.channels, NULL, &loss, &error),
                     IMP_OK);
    assert_int_equal(imp_loss_value(loss, &activation, &value, &error), IMP_OK);
    assert_true(fabs(value / style_reference(wide, target, 3) - 1) < 1e-5);
    imp_loss_add_gradient(loss, &activation, &gradient);
    imp_tensor_to_plain(&gradient, gradient_data);
    check_gradient(style_at, target);
    imp_loss_free(&loss);
}

static void scaled_distances(void **state) {
    (void)state;
    check_content(IMP_NORMALISE_SCALED);
    check_gram(IMP_NORMALISE_SCALED);
}

static void relative_distances(void **state) {
    (void)state;
    check_content(IMP_NORMALISE_RELATIVE);
    check_gram(IMP_NORMALISE_RELATIVE);
}

static void no_difference_is_no_loss(void **state) {
    (void)state;
    normalisation = IMP_NORMALISE_SCALED;
    fill();
    ImpError error;
    ImpLoss *loss;
    ImpTensor activation = blocked(activation_data, rooms[0]), gradient = blocked(gradient_data, rooms[2]);
    double value;
    assert_int_equal(imp_content_loss_new(0, 3, normalisation, &activation, activation.shape.channels, &loss, &error),
                     IMP_OK);
    assert_int_equal(imp_loss_value(loss, &activation, &value, &error), IMP_OK);
    assert_true(value == 0);
    imp_loss_add_gradient(loss, &activation, &gradient);
    imp_tensor_to_plain(&gradient, gradient_data);
    for (int i = 0; i < COUNT; i++) assert_true(gradient_data[i] == 0);
    imp_loss_free(&loss);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scaled_distances), cmocka_unit_test(relative_distances),
                                       cmocka_unit_test(no_difference_is_no_loss)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
