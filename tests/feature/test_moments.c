/* Means and deviations of activations against plain sums, and their gradients against differences. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "compute/kernel/kernel.h"
#include "feature/moments.h"
#include <math.h>
#include <string.h>

enum { IMAGES = 2, CHANNELS = 19, HEIGHT = 5, WIDTH = 4, PLACES = HEIGHT * WIDTH };

static ImpTensor make_tensor(float *plain) {
    ImpTensor tensor = {.shape = {CHANNELS, HEIGHT, WIDTH, IMAGES}, .layout = IMP_LAYOUT_BLOCKED};
    tensor.block = imp_kernels()->block;
    tensor.data = imp_alloc(imp_tensor_floats(tensor.shape, tensor.layout, tensor.block), sizeof(float));
    imp_tensor_from_plain(&tensor, plain);
    return tensor;
}

static void fill(float *values, size_t count, uint64_t seed) {
    ImpRandom random;
    imp_random_seed(&random, seed);
    imp_random_normal(&random, values, count, 1);
}

static void they_are_those_of_the_channels(void **state) {
    (void)state;
    static float plain[IMAGES * CHANNELS * PLACES], mean[IMAGES * CHANNELS], deviation[IMAGES * CHANNELS];
    fill(plain, IMAGES * CHANNELS * PLACES, 1);
    for (int i = 0; i < IMAGES * CHANNELS * PLACES; i++) plain[i] += 100;
    ImpTensor tensor = make_tensor(plain);
    imp_moments(&tensor, NULL, mean, deviation);
    for (int c = 0; c < IMAGES * CHANNELS; c++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < PLACES; i++) sum += (double)plain[c * PLACES + i];
        for (int i = 0; i < PLACES; i++) squares += pow((double)plain[c * PLACES + i] - sum / PLACES, 2);
        assert_true(fabs((double)mean[c] - sum / PLACES) < 1e-5);
        assert_true(fabs((double)deviation[c] - sqrt(squares / PLACES + 1e-5)) < 1e-5);
    }
    imp_free(tensor.data);
}

static double loss(const float *plain, const float *a, const float *b) {
    static float mean[IMAGES * CHANNELS], deviation[IMAGES * CHANNELS];
    ImpTensor tensor = make_tensor((float *)plain);
    double sum = 0;
    imp_moments(&tensor, NULL, mean, deviation);
    for (int c = 0; c < IMAGES * CHANNELS; c++)
        sum += (double)a[c] * (double)mean[c] + (double)b[c] * (double)deviation[c];
    imp_free(tensor.data);
    return sum;
}

static void the_gradient_is_theirs(void **state) {
    (void)state;
    static float plain[IMAGES * CHANNELS * PLACES], slope[IMAGES * CHANNELS * PLACES],
        zeros[IMAGES * CHANNELS * PLACES];
    static float a[IMAGES * CHANNELS], b[IMAGES * CHANNELS], mean[IMAGES * CHANNELS], deviation[IMAGES * CHANNELS];
    fill(plain, IMAGES * CHANNELS * PLACES, 1);
    fill(a, IMAGES * CHANNELS, 2);
    fill(b, IMAGES * CHANNELS, 3);
    ImpTensor tensor = make_tensor(plain), gradient = make_tensor(zeros);
    imp_moments(&tensor, NULL, mean, deviation);
    imp_moments_add_gradient(&tensor, NULL, mean, deviation, a, b, &gradient);
    imp_moments_add_gradient(&tensor, NULL, mean, deviation, a, b, &gradient); /* added, so twice as much */
    imp_tensor_to_plain(&gradient, slope);
    for (int k = 0; k < 40; k++) {
        int at = k * 37 % (IMAGES * CHANNELS * PLACES);
        float kept = plain[at], step = 1e-2f;
        plain[at] = kept + step;
        double above = loss(plain, a, b);
        plain[at] = kept - step;
        double below = loss(plain, a, b), wanted = (above - below) / (2 * (double)step);
        plain[at] = kept;
        if (fabs((double)slope[at] - 2 * wanted) > 2e-4)
            fail_msg("at %d: %g and %g", at, (double)slope[at], 2 * wanted);
    }
    imp_free(tensor.data);
    imp_free(gradient.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_those_of_the_channels),
        cmocka_unit_test(the_gradient_is_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
