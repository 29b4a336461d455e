/* Times one evaluation, value and gradient, of each style loss where VGG-19 has its layers for a picture of 512x512.
 *
 *   bench_losses [THREADS]      shortest of several */
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "loss/loss.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const ImpShape shapes[] = {
    {64, 512, 512, 1}, {128, 256, 256, 1}, {256, 128, 128, 1}, {512, 64, 64, 1}, {512, 32, 32, 1}};
static const char *const layers[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};

enum { MOST_PATCHES = 128 * 128 }; /* from relu3_1 on, where the method uses them: the time grows with the square */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void stop(const ImpError *error) {
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

static void *room(size_t count, size_t size) {
    void *memory = imp_alloc(count, size);
    if (memory) return memory;
    fprintf(stderr, "there is not enough memory\n");
    exit(1);
}

/* Rectified, as activations are. */
static ImpTensor make_tensor(ImpShape shape, uint64_t seed) {
    ImpRandom random;
    ImpTensor tensor = {.shape = shape, .layout = IMP_LAYOUT_BLOCKED, .block = imp_kernels()->block};
    size_t count = imp_tensor_floats(shape, tensor.layout, tensor.block);
    tensor.data = room(count, sizeof(float));
    imp_random_seed(&random, seed);
    imp_random_normal(&random, tensor.data, count, 1);
    for (size_t i = 0; i < count; i++) tensor.data[i] = tensor.data[i] > 0 ? tensor.data[i] : 0;
    return tensor;
}

typedef ImpStatus (*Make)(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error);

static ImpStatus make_gram(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error) {
    size_t channels = (size_t)style->shape.channels;
    double *target = room(channels * channels, sizeof *target);
    ImpStatus status = imp_gram_target(IMP_NORMALISE_RELATIVE, style, style->shape.channels, places, target, error);
    if (status == IMP_OK)
        status = imp_gram_loss_new(0, 1, IMP_NORMALISE_RELATIVE, target, style->shape, style->shape.channels, places,
                                   loss, error);
    imp_free(target);
    return status;
}

static ImpStatus make_histogram(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error) {
    ImpHistogramTarget *target = NULL;
    ImpStatus status = imp_histogram_target_new(style->shape.channels, &target, error);
    if (status == IMP_OK) status = imp_histogram_target_add(target, style, places, 1, error);
    if (status == IMP_OK)
        status = imp_histogram_loss_new(0, 1, IMP_NORMALISE_RELATIVE, target, style->shape, style->shape.channels,
                                        places, loss, error);
    imp_histogram_target_free(&target);
    return status;
}

static ImpStatus make_moments(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error) {
    double *target = room(2 * (size_t)style->shape.channels, sizeof *target);
    ImpStatus status = imp_moments_target(style, places, target, error);
    if (status == IMP_OK)
        status = imp_moments_loss_new(0, 1, IMP_NORMALISE_RELATIVE, target, style->shape, style->shape.channels, places,
                                      loss, error);
    imp_free(target);
    return status;
}

static ImpStatus make_wasserstein(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error) {
    size_t channels = (size_t)style->shape.channels;
    double *target = room(channels + channels * channels, sizeof *target);
    ImpStatus status = imp_wasserstein_target(style, places, target, error);
    if (status == IMP_OK)
        status = imp_wasserstein_loss_new(0, 1, IMP_NORMALISE_RELATIVE, target, style->shape, style->shape.channels,
                                          places, loss, error);
    imp_free(target);
    return status;
}

static ImpStatus make_patch(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error) {
    ImpPatchSet *set = NULL;
    ImpPatchOptions options = {.size = 3, .stride = 1, .style_stride = 1};
    ImpStatus status = imp_patch_set_new(style->shape.channels, 0, &set, error);
    if (status == IMP_OK) status = imp_patch_set_add(set, style, NULL, error);
    if (status == IMP_OK)
        status = imp_patch_loss_new(0, 1, IMP_NORMALISE_RELATIVE, &set, &options, style->shape, style->shape.channels,
                                    places, loss, error);
    imp_patch_set_free(&set);
    return status;
}

static ImpStatus make_laplacian(const ImpTensor *style, const float *places, ImpLoss **loss, ImpError *error) {
    (void)places;
    return imp_laplacian_loss_new(0, 1, 4, style, loss, error);
}

static void time_loss(const char *name, Make make, const ImpTensor *style, const ImpTensor *x, const float *places) {
    ImpError error;
    ImpLoss *loss;
    double best[2] = {1e9, 1e9}, value;
    ImpTensor gradient = *x;
    gradient.data = room(imp_tensor_floats(x->shape, x->layout, x->block), sizeof(float));
    if (make(style, places, &loss, &error) != IMP_OK) stop(&error);
    for (int i = 0; i < 5; i++) {
        double start = now();
        if (imp_loss_value(loss, x, &value, &error) != IMP_OK) stop(&error);
        double middle = now();
        imp_loss_add_gradient(loss, x, &gradient);
        double end = now();
        if (middle - start < best[0]) best[0] = middle - start;
        if (end - middle < best[1]) best[1] = end - middle;
    }
    printf("  %-12s%s value %7.2f ms, gradient %7.2f ms, together %7.2f ms\n", name, places ? ", masked," : ",",
           1e3 * best[0], 1e3 * best[1], 1e3 * (best[0] + best[1]));
    imp_loss_free(&loss);
    imp_free(gradient.data);
}

int main(int argc, char **argv) {
    static const Make makes[] = {make_gram, make_histogram, make_moments, make_wasserstein};
    static const char *const names[] = {"gram", "histogram", "moments", "wasserstein"};
    imp_threads_set(argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0);
    printf("%d threads, %s\n", imp_threads_get(), imp_kernels()->name);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        ImpTensor style = make_tensor(shapes[s], 1), x = make_tensor(shapes[s], 2);
        float *places = room(imp_shape_places(shapes[s]), sizeof *places);
        for (size_t i = 0; i < imp_shape_places(shapes[s]); i++) places[i] = (float)(i % 4) / 3;
        printf("%s, %d x %d x %d\n", layers[s], shapes[s].channels, shapes[s].height, shapes[s].width);
        for (size_t m = 0; m < 2 * sizeof makes / sizeof *makes; m++)
            time_loss(names[m / 2], makes[m / 2], &style, &x, m % 2 ? places : NULL);
        if (imp_shape_places(shapes[s]) <= MOST_PATCHES) time_loss("patch", make_patch, &style, &x, NULL);
        imp_free(style.data);
        imp_free(x.data);
        imp_free(places);
    }
    ImpTensor picture = make_tensor((ImpShape){3, 512, 512, 1}, 1), other = make_tensor((ImpShape){3, 512, 512, 1}, 2);
    picture.layout = other.layout = IMP_LAYOUT_PLAIN;
    picture.block = other.block = 1;
    printf("picture, 3 x 512 x 512\n");
    time_loss("laplacian", make_laplacian, &picture, &other, NULL);
    imp_free(picture.data);
    imp_free(other.data);
    return 0;
}
