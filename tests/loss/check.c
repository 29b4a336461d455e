#include "check.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include <math.h>
#include <stdlib.h>

ImpTensor check_tensor(ImpShape shape, ImpLayout layout, const float *plain) {
    ImpTensor tensor = {
        .shape = shape, .layout = layout, .block = layout == IMP_LAYOUT_PLAIN ? 1 : imp_kernels()->block};
    tensor.data = imp_alloc(imp_tensor_floats(shape, layout, tensor.block), sizeof(float));
    assert_non_null(tensor.data);
    imp_tensor_from_plain(&tensor, plain);
    return tensor;
}

void check_fill(float *numbers, size_t count, uint64_t seed, float mean) {
    ImpRandom random;
    imp_random_seed(&random, seed);
    imp_random_normal(&random, numbers, count, 1);
    for (size_t i = 0; i < count; i++) numbers[i] += mean;
}

static ImpLoss *make(const Subject *subject) {
    ImpError error;
    ImpLoss *loss = NULL;
    if (subject->make(subject->context, &loss, &error) != IMP_OK) fail_msg("%s", error.message);
    return loss;
}

static float *ones(size_t count) {
    float *numbers = malloc(count * sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = 1;
    return numbers;
}

void check_run(const Subject *subject, const float *x, double *value, float *gradient) {
    ImpError error;
    size_t count = imp_shape_count(subject->shape);
    float *before = ones(count);
    ImpLoss *loss = make(subject);
    ImpTensor activation = check_tensor(subject->shape, subject->layout, x);
    ImpTensor sum = check_tensor(subject->shape, subject->layout, before);
    imp_alloc_fail_after(0);
    assert_int_equal(imp_loss_value(loss, &activation, value, &error), IMP_OK);
    imp_loss_add_gradient(loss, &activation, &sum);
    imp_alloc_fail_after(-1);
    imp_tensor_to_plain(&sum, gradient);
    for (size_t i = 0; i < count; i++) gradient[i] -= 1;
    /* Lanes beyond the channels stay as they were. */
    size_t block = (size_t)sum.block, channels = (size_t)sum.shape.channels, places = imp_shape_places(sum.shape);
    bool padded = block > 1 && isfinite(*value);
    for (size_t i = 0; padded && i < imp_tensor_floats(sum.shape, sum.layout, sum.block); i++)
        if (i / (places * block) * block + i % block >= channels) assert_true(sum.data[i] == 0);
    free(before);
    imp_free(activation.data);
    imp_free(sum.data);
    imp_loss_free(&loss);
}

static double derivative(const Subject *subject, double *x, size_t i) {
    double start = x[i], step = 1e-5;
    x[i] = start + step;
    double above = subject->plain(subject->context, x);
    x[i] = start - step;
    double below = subject->plain(subject->context, x);
    x[i] = start;
    return (above - below) / (2 * step);
}

void check_formula(const Subject *subject, const float *x, double value_tolerance, double gradient_tolerance) {
    size_t count = imp_shape_count(subject->shape), step = count / 101 + 1;
    double value, most = 0, *wide = malloc(count * sizeof *wide);
    float *gradient = malloc(count * sizeof *gradient);
    for (size_t i = 0; i < count; i++) wide[i] = (double)x[i];
    check_run(subject, x, &value, gradient);
    double expected = subject->plain(subject->context, wide);
    if (!(fabs(value - expected) <= value_tolerance * fabs(expected))) fail_msg("value %g is not %g", value, expected);
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs((double)gradient[i]));
    for (size_t i = 0; i < count; i += step) {
        double slope = derivative(subject, wide, i);
        if (!(fabs((double)gradient[i] - slope) <= gradient_tolerance * most + 2e-7))
            fail_msg("%zu: derivative %g is not %g; the largest is %g", i, (double)gradient[i], slope, most);
    }
    free(wide);
    free(gradient);
}

void check_rest(const Subject *subject, const float *x, double least) {
    size_t count = imp_shape_count(subject->shape);
    double value;
    float *gradient = malloc(count * sizeof *gradient);
    check_run(subject, x, &value, gradient);
    if (!(value >= 0 && value <= least)) fail_msg("value %g", value);
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)gradient[i]) <= least)) fail_msg("%zu: derivative %g", i, (double)gradient[i]);
    free(gradient);
}

void check_threads(const Subject *subject, const float *x) {
    size_t count = imp_shape_count(subject->shape);
    double values[2];
    float *gradients = malloc(2 * count * sizeof *gradients);
    int before = imp_threads_get();
    for (int threads = 1; threads <= 2; threads++) {
        imp_threads_set(threads);
        check_run(subject, x, &values[threads - 1], gradients + (size_t)(threads - 1) * count);
    }
    imp_threads_set(before);
    assert_true(values[0] == values[1]);
    assert_memory_equal(gradients, gradients + count, count * sizeof *gradients);
    free(gradients);
}

void check_memory(const Subject *subject) {
    ImpStatus status;
    long countdown = 0;
    do {
        ImpError error;
        ImpLoss *loss = NULL;
        imp_alloc_fail_after(countdown++);
        status = subject->make(subject->context, &loss, &error);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK ? loss != NULL : status == IMP_ERROR_MEMORY && !loss);
        imp_loss_free(&loss);
    } while (status != IMP_OK);
    assert_true(countdown > 3);
}
