/* oneDNN's convolutions as this project asks for them, against plain loops in double. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "compute/tensor/dnnl_convolution.h"
#include <math.h>
#include <string.h>

static float *floats(size_t count) {
    float *block = imp_alloc(count, sizeof *block);
    assert_non_null(block);
    return block;
}

static float *normal(ImpRandom *random, size_t count, double deviation) {
    float *values = floats(count);
    imp_random_normal(random, values, count, deviation);
    return values;
}

/* Result (o,y,x) of plain `source`. */
static double convolve(const ImpDnnlConvolutionSpec *spec, const float *source, const float *weights, int o, int y,
                       int x) {
    ImpShape from = spec->source.shape;
    double sum = 0;
    for (int i = 0; i < from.channels; i++)
        for (int ky = 0; ky < spec->kernel; ky++)
            for (int kx = 0; kx < spec->kernel; kx++) {
                int row = y * spec->stride + ky - spec->padding, column = x * spec->stride + kx - spec->padding;
                if (row < 0 || column < 0 || row >= from.height || column >= from.width) continue;
                sum += (double)weights[((o * from.channels + i) * spec->kernel + ky) * spec->kernel + kx] *
                       (double)source[(i * from.height + row) * from.width + column];
            }
    return sum;
}

static void check_result(const ImpDnnlConvolutionSpec *spec, const float *source, const float *weights,
                         const float *bias, const float *blocked) {
    ImpShape to = spec->target.shape;
    ImpTensor tensor = spec->target;
    tensor.data = (float *)blocked;
    float *plain = floats(imp_shape_count(to)), *result = plain;
    imp_tensor_to_plain(&tensor, plain);
    for (int o = 0; o < to.channels; o++)
        for (int y = 0; y < to.height; y++)
            for (int x = 0; x < to.width; x++, result++) {
                double expected = convolve(spec, source, weights, o, y, x) + (double)bias[o];
                if (spec->relu && expected < 0) expected = 0;
                if (!(fabs((double)*result - expected) <= 1e-5))
                    fail_msg("%d -> %d, %d x %d: %g is not %g", spec->source.shape.channels, to.channels, to.height,
                             to.width, (double)*result, expected);
            }
    imp_free(plain);
}

/* Numbers beyond the last channel must be 0: the layers behind multiply them. */
static void check_padding(const ImpTensor *tensor) {
    size_t places = imp_shape_places(tensor->shape), b = (size_t)tensor->block;
    size_t room = imp_tensor_floats(tensor->shape, tensor->layout, tensor->block);
    for (size_t i = 0; i < room; i++)
        if (i / b / places * b + i % b >= (size_t)tensor->shape.channels) assert_true(tensor->data[i] == 0);
}

static void check(int in, int out, int height, int width, int kernel, int stride, int padding, bool relu) {
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(in + out + height + width));
    int block = imp_kernels()->block;
    ImpShape from = {in, height, width, 1};
    ImpShape to = {out, (height + 2 * padding - kernel) / stride + 1, (width + 2 * padding - kernel) / stride + 1, 1};
    bool plain = in == 3;
    ImpDnnlConvolutionSpec spec = {
        .source = {.shape = from, .layout = plain ? IMP_LAYOUT_PLAIN : IMP_LAYOUT_BLOCKED, .block = plain ? 1 : block},
        .target = {.shape = to, .layout = IMP_LAYOUT_BLOCKED, .block = block},
        .kernel = kernel,
        .stride = stride,
        .padding = padding,
        .relu = relu};
    float *picture = normal(&random, imp_shape_count(from), 1), *bias = normal(&random, (size_t)out, 0.5);
    size_t n_weights = (size_t)out * (size_t)in * (size_t)kernel * (size_t)kernel;
    float *weights = normal(&random, n_weights, 1 / sqrt((double)(in * kernel * kernel)));
    size_t room = imp_tensor_floats(to, IMP_LAYOUT_BLOCKED, block);
    ImpTensor source = spec.source, target = spec.target;
    source.data = floats(imp_tensor_floats(from, source.layout, block));
    target.data = floats(room);
    float *first = floats(room);
    imp_tensor_from_plain(&source, picture);
    for (int threads = 1; threads <= 3; threads++) {
        ImpError error;
        ImpDnnlConvolution *convolution;
        int before = imp_threads_set(threads);
        for (size_t i = 0; i < room; i++) target.data[i] = 7; /* what the arena left there */
        assert_int_equal(imp_dnnl_forward_new(&spec, &convolution, &error), IMP_OK);
        assert_true(imp_dnnl_convolution_run(convolution, weights, bias, source.data, target.data));
        imp_dnnl_convolution_free(&convolution);
        imp_threads_set(before);
        assert_null(convolution);
        if (threads > 1) assert_memory_equal(first, target.data, room * sizeof *first);
        memcpy(first, target.data, room * sizeof *first);
    }
    check_result(&spec, picture, weights, bias, target.data);
    check_padding(&target);
    imp_free(picture);
    imp_free(bias);
    imp_free(weights);
    imp_free(source.data);
    imp_free(target.data);
    imp_free(first);
}

static void convolutions(void **state) {
    (void)state;
    static const int sides[][2] = {{1, 1}, {1, 7}, {3, 5}, {9, 4}, {17, 33}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        check(3, 64, sides[i][0], sides[i][1], 3, 1, 1, true);
        check(3, 16, sides[i][0], sides[i][1], 3, 1, 1, false);
        check(3, 13, sides[i][0] + 2, sides[i][1] + 2, 3, 1, 0, true);
    }
    check(32, 16, 9, 12, 1, 1, 0, false);
    check(16, 32, 9, 12, 3, 2, 1, true);
    check(3, 32, 20, 21, 9, 1, 4, false);
    check(10, 21, 7, 6, 3, 1, 1, true);
}

static void running_out_of_memory(void **state) {
    (void)state;
    ImpError error;
    ImpDnnlConvolution *convolution = (ImpDnnlConvolution *)&error;
    ImpDnnlConvolutionSpec spec = {0};
    imp_alloc_fail_after(0);
    ImpStatus status = imp_dnnl_forward_new(&spec, &convolution, &error);
    imp_alloc_fail_after(-1);
    assert_int_equal(status, IMP_ERROR_MEMORY);
    assert_null(convolution);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
