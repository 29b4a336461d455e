/* The alpha-norm and total variation with an exponent: values against the formulas written out in double, gradients
 * against central differences of them. */
#include "unit.h"

#include "base/random.h"
#include "base/threads.h"
#include "loss/loss.h"
#include <math.h>
#include <string.h>

enum { CHANNELS = 3, HEIGHT = 5, WIDTH = 7, PLACES = HEIGHT * WIDTH, COUNT = CHANNELS * PLACES };

static const double weight = 2.5, bound = 0.3;
static const float mean[CHANNELS] = {0.48f, 0.45f, 0.4f};
static float picture_data[COUNT], gradient_data[COUNT]; /* (C,H,W) */

static ImpTensor tensor_of(float *data, ImpShape shape) {
    return (ImpTensor){.shape = shape, .layout = IMP_LAYOUT_PLAIN, .block = 1, .data = data};
}

static double alpha_reference(const double *x, ImpShape shape, double alpha) {
    double sum = 0;
    int count = (int)imp_shape_count(shape);
    for (int i = 0; i < count; i++) sum += pow(fabs(x[i] - (double)mean[i / (count / CHANNELS)]) / bound, alpha);
    return weight * sum / count;
}

static double tv_reference(const double *x, ImpShape shape, double beta) {
    double sum = 0, rest = beta < 2 ? 1e-4 : 0;
    for (int c = 0; c < CHANNELS; c++)
        for (int v = 0; v < shape.height; v++)
            for (int u = 0; u < shape.width; u++) {
                const double *at = x + (c * shape.height + v) * shape.width + u;
                double across = u + 1 < shape.width ? at[1] - at[0] : 0;
                double down = v + 1 < shape.height ? at[shape.width] - at[0] : 0;
                sum += pow((across * across + down * down) / (bound * bound) + rest, beta / 2) - pow(rest, beta / 2);
            }
    return weight * sum / (double)imp_shape_count(shape);
}

typedef double (*Reference)(const double *x, ImpShape shape, double exponent);

static ImpLoss *make(Reference reference, ImpShape shape, double exponent) {
    ImpError error;
    ImpLoss *loss;
    ImpStatus status = reference == tv_reference
                           ? imp_tv_beta_loss_new(0, weight, exponent, bound, shape, &loss, &error)
                           : imp_alpha_loss_new(0, weight, exponent, bound, mean, shape, &loss, &error);
    assert_int_equal(status, IMP_OK);
    return loss;
}

/* The gradient is added to what is there. */
static void check(Reference reference, ImpShape shape, double exponent) {
    ImpError error;
    double value, x[COUNT] = {0}, most = 0, slopes[COUNT];
    int count = (int)imp_shape_count(shape);
    ImpLoss *loss = make(reference, shape, exponent);
    ImpTensor picture = tensor_of(picture_data, shape), gradient = tensor_of(gradient_data, shape);
    for (int i = 0; i < count; i++) gradient_data[i] = 1;
    for (int i = 0; i < count; i++) x[i] = (double)picture_data[i];
    assert_int_equal(imp_loss_value(loss, &picture, &value, &error), IMP_OK);
    imp_loss_add_gradient(loss, &picture, &gradient);
    double expected = reference(x, shape, exponent);
    if (!(fabs(value - expected) <= 1e-9 * fabs(expected) + 1e-15))
        fail_msg("%g: %g, not %g", exponent, value, expected);
    for (int i = 0; i < count; i++) {
        double start = x[i], step = 1e-6;
        x[i] = start + step;
        double above = reference(x, shape, exponent);
        x[i] = start - step;
        slopes[i] = (above - reference(x, shape, exponent)) / (2 * step);
        x[i] = start;
        most = fmax(most, fabs(slopes[i]));
    }
    for (int i = 0; i < count; i++)
        if (!(fabs((double)gradient_data[i] - 1 - slopes[i]) <= 1e-5 * most + 2e-7))
            fail_msg("%g, %d: derivative %g, not %g", exponent, i, (double)gradient_data[i] - 1, slopes[i]);
    imp_loss_free(&loss);
}

static const ImpShape shapes[] = {
    {CHANNELS, HEIGHT, WIDTH, 1}, {CHANNELS, 1, WIDTH, 1}, {CHANNELS, HEIGHT, 1, 1}, {CHANNELS, 1, 1, 1}};

static void values_and_gradients(void **state) {
    (void)state;
    static const double alphas[] = {2, 3, 4, 6, 7.5}, betas[] = {1, 1.5, 2, 2.5, 3, 4};
    ImpRandom random;
    imp_random_seed(&random, 3);
    for (int i = 0; i < COUNT; i++) picture_data[i] = (float)imp_random_uniform(&random);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) check(alpha_reference, shapes[s], alphas[i]);
        for (size_t i = 0; i < sizeof betas / sizeof *betas; i++) check(tv_reference, shapes[s], betas[i]);
    }
}

/* At the mean colour, everywhere, nothing costs and nothing pulls, not even where the slope would jump. */
static void flat_pictures_cost_nothing(void **state) {
    (void)state;
    static const double exponents[] = {1, 1.5, 2, 6};
    for (int i = 0; i < COUNT; i++) picture_data[i] = mean[i / PLACES];
    for (size_t k = 0; k < sizeof exponents / sizeof *exponents; k++)
        for (int tv = exponents[k] < 2; tv < 2; tv++) {
            ImpError error;
            double value;
            ImpLoss *loss = make(tv ? tv_reference : alpha_reference, shapes[0], exponents[k]);
            ImpTensor picture = tensor_of(picture_data, shapes[0]), gradient = tensor_of(gradient_data, shapes[0]);
            memset(gradient_data, 0, sizeof gradient_data);
            assert_int_equal(imp_loss_value(loss, &picture, &value, &error), IMP_OK);
            imp_loss_add_gradient(loss, &picture, &gradient);
            assert_true(value == 0);
            for (int i = 0; i < COUNT; i++) assert_true(gradient_data[i] == 0);
            imp_loss_free(&loss);
        }
}

/* The same picture, larger, costs the same: what changes is only the border. */
static void weights_do_not_depend_on_the_size(void **state) {
    (void)state;
    enum { SIDE = 96, LARGE = 3 * SIDE * SIDE };
    static float small[3 * SIDE * SIDE / 4], large[LARGE];
    for (int scale = 1; scale <= 2; scale++)
        for (int i = 0, side = SIDE * scale / 2; i < 3 * side * side; i++)
            (scale == 1 ? small : large)[i] =
                0.5f + 0.3f * sinf(0.7f * (float)(i % side) + 0.4f * (float)(i / side % side));
    for (int tv = 0; tv < 2; tv++) {
        double values[2];
        for (int k = 0; k < 2; k++) {
            ImpError error;
            ImpShape shape = {3, SIDE * (k + 1) / 2, SIDE * (k + 1) / 2, 1};
            ImpLoss *loss = make(tv ? tv_reference : alpha_reference, shape, 2);
            ImpTensor picture = tensor_of(k ? large : small, shape);
            assert_int_equal(imp_loss_value(loss, &picture, &values[k], &error), IMP_OK);
            imp_loss_free(&loss);
        }
        assert_true(fabs(values[1] / values[0] - 1) < 0.05);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    static float picture[3 * 200 * 150], gradients[2][3 * 200 * 150];
    ImpShape shape = {3, 200, 150, 1};
    ImpRandom random;
    imp_random_seed(&random, 5);
    for (size_t i = 0; i < sizeof picture / sizeof *picture; i++) picture[i] = (float)imp_random_uniform(&random);
    int before = imp_threads_get();
    for (int tv = 0; tv < 2; tv++) {
        double values[2];
        memset(gradients, 0, sizeof gradients);
        for (int k = 0; k < 2; k++) {
            ImpError error;
            imp_threads_set(k + 1);
            ImpLoss *loss = make(tv ? tv_reference : alpha_reference, shape, 3);
            ImpTensor at = tensor_of(picture, shape), gradient = tensor_of(gradients[k], shape);
            assert_int_equal(imp_loss_value(loss, &at, &values[k], &error), IMP_OK);
            imp_loss_add_gradient(loss, &at, &gradient);
            imp_loss_free(&loss);
        }
        assert_true(values[0] == values[1]);
        assert_memory_equal(gradients[0], gradients[1], sizeof gradients[0]);
    }
    imp_threads_set(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients),
        cmocka_unit_test(flat_pictures_cost_nothing),
        cmocka_unit_test(weights_do_not_depend_on_the_size),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
