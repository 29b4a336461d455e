/* Every kernel of every tier this processor has, compared with the plain loops of reference.c: awkward channels,
 * awkward sides, all flags, and the same bits for one, two and three threads. With --bench: times on VGG's layers
 * instead. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "compute/kernel/reference.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Largest difference allowed, relative to the largest magnitude of the reference (and to 1, whichever is more). Float32
 * sums have an error near 1e-6 here; Winograd's transforms multiply it by a few. */
static const double convolution_tolerance = 1e-5, sum_tolerance = 4e-6;

enum { CANARIES = 64 };

static float *floats(size_t count) {
    float *block = imp_alloc(count + CANARIES, sizeof *block);
    assert_non_null(block);
    for (size_t i = count; i < count + CANARIES; i++) block[i] = 12345.0f;
    return block;
}

/* Frees what floats() gave, when nothing was written behind its end. */
static void release(float *block, size_t count) {
    for (size_t i = count; block && i < count + CANARIES; i++) assert_true(block[i] == 12345.0f);
    imp_free(block);
}

static float *copy_of(const float *from, size_t count) {
    float *copy = floats(count);
    memcpy(copy, from, count * sizeof *copy);
    return copy;
}

static size_t blocked_floats(int block, int channels, size_t places) {
    return (size_t)((channels + block - 1) / block * block) * places;
}

static float *normal(ImpRandom *random, size_t count, double deviation) {
    float *values = floats(count);
    imp_random_normal(random, values, count, deviation);
    return values;
}

/* Blocked random activations, `places` of all images together: the lanes beyond the channels are 0, and so are a few
 * numbers, for masks and ties. */
static float *activations(ImpRandom *random, int block, int channels, int images, size_t places) {
    size_t count = blocked_floats(block, channels, places), b = (size_t)block, one = places / (size_t)images;
    size_t blocks = (size_t)((channels + block - 1) / block);
    float *values = normal(random, count, 1);
    for (size_t i = 0; i < count; i++)
        if (i / b / one % blocks * b + i % b >= (size_t)channels || imp_random_below(random, 8) == 0) values[i] = 0;
    return values;
}

static double worst_difference(const float *result, const float *expected, size_t count) {
    double most = 1, worst = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(result[i])) return INFINITY;
        most = fmax(most, fabs((double)expected[i]));
        worst = fmax(worst, fabs((double)result[i] - (double)expected[i]));
    }
    return worst / most;
}

static void expect_close(const float *result, const float *expected, size_t count, double tolerance, const char *what) {
    double worst = worst_difference(result, expected, count);
    if (!(worst <= tolerance)) fail_msg("%s: relative difference %g is above %g", what, worst, tolerance);
}

/* Calls body once for every tier. */
static void for_tiers(void (*body)(const ImpKernels *kernels)) {
    for (ImpCpuLevel level = IMP_CPU_BASELINE; level <= IMP_CPU_AVX512; level++) {
        const ImpKernels *kernels = imp_kernels_of(level);
        if (kernels) body(kernels);
    }
}

/* --- convolution -------------------------------------------------------------------------------------------------- */

enum {
    TRANSPOSED = 1,
    BIAS = 2,
    TARGET_MASK = 4,
    RELU = 8,
    ACCUMULATE = 16,
    SOURCE_RELU = 32,
    SOURCE_MASK = 64,
    ALL = 96
};

static void run_winograd(const ImpKernels *kernels, ImpWinograd job, int threads) {
    int before = imp_threads_set(threads);
    size_t scratch = kernels->winograd_scratch(&job, threads);
    job.scratch = floats(scratch);
    kernels->winograd(&job);
    release(job.scratch, scratch);
    imp_threads_set(before);
}

static void check_winograd(const ImpKernels *kernels, int in, int out, int height, int width, int flags) {
    char what[160];
    snprintf(what, sizeof what, "%s winograd %d -> %d, %d x %d, flags %d", kernels->name, in, out, height, width,
             flags);
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(in * 1000 + out * 100 + height * 10 + width + flags));
    int padding = height > 2 && width > 2 ? 1 + (flags + height) % 3 - 1 : 1 + (flags + height) % 2;
    int images = 1 + (in + width) % 3 / 2 * 2;
    size_t places = (size_t)(images * height * width);
    size_t out_places = (size_t)(images * (height + 2 * padding - 2) * (width + 2 * padding - 2));
    size_t n_in = blocked_floats(kernels->block, in, places);
    size_t n_out = blocked_floats(kernels->block, out, out_places), n_weights = (size_t)in * (size_t)out * 9;
    float *source = activations(&random, kernels->block, in, images, places);
    float *source_mask = activations(&random, kernels->block, in, images, places);
    float *target_mask = activations(&random, kernels->block, out, images, out_places);
    float *start = activations(&random, kernels->block, out, images, out_places), *expected = copy_of(start, n_out);
    float *weights = normal(&random, n_weights, 1 / sqrt(9.0 * in)), *bias = normal(&random, (size_t)out, 0.5);
    ImpWinograd job = {.images = images,
                       .in_channels = in,
                       .out_channels = out,
                       .height = height,
                       .width = width,
                       .padding = padding,
                       .transposed = flags & TRANSPOSED,
                       .weights = weights,
                       .bias = flags & BIAS ? bias : NULL,
                       .source = source,
                       .source_mask = flags & SOURCE_MASK ? source_mask : NULL,
                       .source_relu = flags & SOURCE_RELU,
                       .target = expected,
                       .target_mask = flags & TARGET_MASK ? target_mask : NULL,
                       .relu = flags & RELU,
                       .accumulate = flags & ACCUMULATE};
    imp_reference_convolution(kernels->block, &job);
    float *first = NULL;
    size_t n_filters = kernels->winograd_filters(&job);
    for (int threads = 1; threads <= 3; threads++) {
        job.target = copy_of(start, n_out);
        if (threads == 2) job.filters = floats(n_filters); /* and here they are kept, and then used */
        if (threads == 3) job.filters_are_made = true, job.weights = NULL;
        run_winograd(kernels, job, threads);
        expect_close(job.target, expected, n_out, convolution_tolerance, what);
        if (first && memcmp(first, job.target, n_out * sizeof *first) != 0)
            fail_msg("%s: %d threads change the bits", what, threads);
        if (first)
            release(job.target, n_out);
        else
            first = job.target;
    }
    release(first, n_out);
    release(job.filters, n_filters);
    release(source, n_in);
    release(source_mask, n_in);
    release(target_mask, n_out);
    release(start, n_out);
    release(expected, n_out);
    release(weights, n_weights);
    release(bias, (size_t)out);
}

/* A combination of flags that goes round with i; ReLU and mask of the source exclude each other. */
static int flags_of(int i) {
    return i % 32 + i / 32 % 3 * 32;
}

static void winograd_flags(const ImpKernels *kernels) {
    for (int i = 0; i < ALL; i++) {
        check_winograd(kernels, 5, 19, 5, 9, flags_of(i));
        check_winograd(kernels, 19, 5, 3, 6, flags_of(i));
    }
}

static void winograd_shapes(const ImpKernels *kernels) {
    static const int sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 2}, {3, 5}, {4, 4}, {5, 9}, {8, 12}, {17, 33}};
    static const int channels[] = {3, 8, 15, 16, 17, 31, 33, 48, 64, 65, 70};
    int turn = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t c = 0; c < sizeof channels / sizeof *channels; c++) {
            int in = channels[c], out = channels[(c * 3 + s) % (sizeof channels / sizeof *channels)];
            if (sizes[s][0] > 10 && in * out > 1000) continue;
            check_winograd(kernels, in, out, sizes[s][0], sizes[s][1], flags_of(turn));
            turn += 5;
        }
    check_winograd(kernels, 8, 16, 64, 64, BIAS | RELU);
    check_winograd(kernels, 512, 512, 3, 5, BIAS | RELU);
    check_winograd(kernels, 64, 512, 5, 6, TRANSPOSED | SOURCE_MASK);
    check_winograd(kernels, 512, 64, 9, 4, TRANSPOSED | TARGET_MASK | ACCUMULATE);
}

/* How a source is read: as it is, through reflected borders of 1, enlarged by two within such, or within zeros. */
typedef enum Reading { READ_AS_IT_IS, READ_REFLECTED, READ_ENLARGED, READ_ENLARGED_IN_ZEROS, READINGS } Reading;

static int place_of(Reading reading, int i, int side) {
    int enlarged = reading == READ_REFLECTED ? side : 2 * side, at = i - 1;
    if (reading == READ_ENLARGED_IN_ZEROS && (at < 0 || at >= enlarged)) return -1;
    at = at < 0 ? -at : at >= enlarged ? 2 * enlarged - 2 - at : at;
    if (at < 0 || at >= enlarged) at = 0; /* a side of 1 */
    return reading == READ_REFLECTED ? at : at / 2;
}

static int *map_of(Reading reading, int side, int count) {
    int *map = imp_alloc((size_t)count, sizeof *map);
    assert_non_null(map);
    for (int i = 0; i < count; i++) map[i] = place_of(reading, i, side);
    return map;
}

/* Sides of what is stored; of stride 1 or 2. */
static void check_reading(const ImpKernels *kernels, int in, int out, int height, int width, int stride,
                          Reading reading) {
    char what[160];
    snprintf(what, sizeof what, "%s winograd %d -> %d, %d x %d, stride %d, reading %d", kernels->name, in, out, height,
             width, stride, (int)reading);
    bool mapped = reading != READ_AS_IT_IS;
    int factor = reading >= READ_ENLARGED ? 2 : 1;
    ImpWinograd job = {.images = 2, .in_channels = in, .out_channels = out, .stride = stride, .padding = !mapped};
    job.height = mapped ? factor * height + 2 : height;
    job.width = mapped ? factor * width + 2 : width;
    size_t h = (size_t)((job.height + 2 * job.padding - 3) / stride + 1);
    size_t w = (size_t)((job.width + 2 * job.padding - 3) / stride + 1);
    size_t n_in = blocked_floats(kernels->block, in, (size_t)(2 * height * width));
    size_t n_out = blocked_floats(kernels->block, out, 2 * h * w), n_weights = (size_t)in * (size_t)out * 9;
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(in * 1000 + height * 10 + width));
    float *source = activations(&random, kernels->block, in, 2, (size_t)(2 * height * width));
    float *weights = normal(&random, n_weights, 1 / sqrt(9.0 * in)), *bias = normal(&random, (size_t)out, 0.5);
    float *expected = floats(n_out);
    int *rows = mapped ? map_of(reading, height, job.height) : NULL;
    int *columns = mapped ? map_of(reading, width, job.width) : NULL;
    job.map = (ImpMap){rows, columns, height, width};
    job.source = source;
    job.weights = weights;
    job.bias = bias;
    job.target = expected;
    imp_reference_convolution(kernels->block, &job);
    job.target = floats(n_out);
    run_winograd(kernels, job, 2);
    expect_close(job.target, expected, n_out, convolution_tolerance, what);
    release(job.target, n_out);
    release(expected, n_out);
    release(source, n_in);
    release(weights, n_weights);
    release(bias, (size_t)out);
    imp_free(rows);
    imp_free(columns);
}

static void winograd_readings(const ImpKernels *kernels) {
    static const int sizes[][2] = {{1, 1}, {1, 6}, {2, 2}, {3, 8}, {9, 5}, {13, 22}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int reading = 0; reading < READINGS; reading++)
            for (int stride = 1; stride <= 2; stride++) {
                check_reading(kernels, 5, 33, sizes[s][0], sizes[s][1], stride, (Reading)reading);
                check_reading(kernels, 20, 7, sizes[s][0], sizes[s][1], stride, (Reading)reading);
            }
}

static void winograd_of_all_tiers(void **state) {
    (void)state;
    for_tiers(winograd_readings);
    for_tiers(winograd_flags);
    for_tiers(winograd_shapes);
}

/* --- to image ----------------------------------------------------------------------------------------------------- */

enum { TO_MASK = 1, TO_ACCUMULATE = 2, TO_ONE_PLANE = 4, TO_TRANSPOSED = 8, TO_BIAS = 16, TO_TWO_IMAGES = 32 };

static void check_to_image(const ImpKernels *kernels, int channels, int height, int width, int kernel, int padding,
                           int flags) {
    char what[160];
    snprintf(what, sizeof what, "%s to_image %d, %d x %d, kernel %d, padding %d, flags %d", kernels->name, channels,
             height, width, kernel, padding, flags);
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(channels * 100 + height * 10 + width + flags));
    int planes = flags & TO_ONE_PLANE ? 1 : 3, images = flags & TO_TWO_IMAGES ? 2 : 1,
        border = 2 * padding - kernel + 1;
    size_t places = (size_t)(images * height * width), n_weights = (size_t)(channels * planes * kernel * kernel);
    size_t n_target = (size_t)(images * planes * (height + border) * (width + border));
    size_t n_source = blocked_floats(kernels->block, channels, places);
    float *source = activations(&random, kernels->block, channels, images, places);
    float *mask = activations(&random, kernels->block, channels, images, places);
    float *weights = normal(&random, n_weights, 1.0 / kernel / sqrt((double)channels)), *bias = normal(&random, 3, 1);
    float *start = normal(&random, n_target, 1), *expected = copy_of(start, n_target), *first = NULL;
    size_t n_scratch = kernels->to_image_scratch(channels, kernel, 3);
    ImpToImage job = {.images = images,
                      .channels = channels,
                      .planes = planes,
                      .height = height,
                      .width = width,
                      .kernel = kernel,
                      .padding = padding,
                      .transposed = flags & TO_TRANSPOSED,
                      .weights = weights,
                      .bias = flags & TO_BIAS ? bias : NULL,
                      .source = source,
                      .source_mask = flags & TO_MASK ? mask : NULL,
                      .target = expected,
                      .accumulate = flags & TO_ACCUMULATE,
                      .scratch = floats(n_scratch)};
    imp_reference_to_image(kernels->block, &job);
    for (int threads = 1; threads <= 3; threads++) {
        int before = imp_threads_set(threads);
        job.target = copy_of(start, n_target);
        kernels->to_image(&job);
        imp_threads_set(before);
        expect_close(job.target, expected, n_target, sum_tolerance, what);
        if (first) assert_memory_equal(first, job.target, n_target * sizeof *first);
        if (first)
            release(job.target, n_target);
        else
            first = job.target;
    }
    release(job.scratch, n_scratch);
    release(first, n_target);
    release(source, n_source);
    release(mask, n_source);
    release(weights, n_weights);
    release(bias, 3);
    release(start, n_target);
    release(expected, n_target);
}

static void to_image(const ImpKernels *kernels) {
    static const int sizes[][2] = {{1, 1}, {1, 7}, {3, 5}, {4, 4}, {5, 9}, {17, 33}};
    static const int channels[] = {3, 16, 17, 64}, sides[] = {1, 3, 5, 9};
    int flags = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t c = 0; c < sizeof channels / sizeof *channels; c++)
            for (size_t k = 0; k < sizeof sides / sizeof *sides; k++)
                for (int padding = 0; padding < sides[k]; padding++, flags += 7) {
                    int border = 2 * padding - sides[k] + 1;
                    if (sizes[s][0] + border < 1 || sizes[s][1] + border < 1) continue;
                    check_to_image(kernels, channels[c], sizes[s][0], sizes[s][1], sides[k], padding, flags % 64);
                }
    /* More than one strip and band of the nested kernel. */
    check_to_image(kernels, 17, 103, 80, 9, 4, TO_BIAS);
    check_to_image(kernels, 5, 80, 103, 7, 1, TO_TRANSPOSED | TO_MASK);
}

static void to_image_of_all_tiers(void **state) {
    (void)state;
    for_tiers(to_image);
}

/* --- pooling ------------------------------------------------------------------------------------------------------ */

static void check_pool(const ImpKernels *kernels, int channels, int height, int width, int flags) {
    char what[160];
    snprintf(what, sizeof what, "%s pool %d, %d x %d, flags %d", kernels->name, channels, height, width, flags);
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(channels * 100 + height * 10 + width));
    ImpPool pool = {.channels = channels,
                    .in_height = height,
                    .in_width = width,
                    .out_height = height > 1 ? height / 2 : 1,
                    .out_width = width > 1 ? width / 2 : 1,
                    .maximum = flags & 1,
                    .source_relu = flags & 2};
    size_t in = (size_t)height * (size_t)width, out = (size_t)pool.out_height * (size_t)pool.out_width;
    size_t n_in = blocked_floats(kernels->block, channels, in), n_out = blocked_floats(kernels->block, channels, out);
    float *source = activations(&random, kernels->block, channels, 1, in);
    for (size_t i = 0; i < n_in; i++) source[i] = roundf(2 * source[i]); /* many ties */
    float *gradient = activations(&random, kernels->block, channels, 1, out);
    float *start = activations(&random, kernels->block, channels, 1, in), *expected = copy_of(start, n_in);
    float *result = copy_of(start, n_in), *pooled = floats(n_out), *expected_pooled = floats(n_out);
    imp_reference_pool_forward(kernels->block, &pool, source, expected_pooled);
    imp_reference_pool_backward(kernels->block, &pool, source, gradient, expected, flags & 4);
    kernels->pool_forward(&pool, source, pooled);
    kernels->pool_backward(&pool, source, gradient, result, flags & 4);
    expect_close(pooled, expected_pooled, n_out, 1e-7, what);
    expect_close(result, expected, n_in, 1e-7, what);
    release(source, n_in);
    release(gradient, n_out);
    release(start, n_in);
    release(expected, n_in);
    release(result, n_in);
    release(pooled, n_out);
    release(expected_pooled, n_out);
}

static void pools(const ImpKernels *kernels) {
    static const int sides[] = {1, 2, 3, 4, 5, 8, 17};
    for (size_t y = 0; y < sizeof sides / sizeof *sides; y++)
        for (size_t x = 0; x < sizeof sides / sizeof *sides; x++)
            for (int flags = 0; flags < 8; flags++) {
                check_pool(kernels, 5, sides[y], sides[x], flags);
                check_pool(kernels, 33, sides[y], sides[x], flags);
            }
}

static void pools_of_all_tiers(void **state) {
    (void)state;
    for_tiers(pools);
}

/* --- matrices ----------------------------------------------------------------------------------------------------- */

static void check_gram(const ImpKernels *kernels, int channels, size_t n) {
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)channels + n);
    size_t size = (size_t)channels * (size_t)channels, n_scratch = kernels->gram_scratch(channels, n);
    float *source = activations(&random, kernels->block, channels, 1, n), *scratch = floats(n_scratch);
    double *expected = calloc(size, sizeof *expected), *gram = calloc(2 * size, sizeof *gram);
    imp_reference_gram(kernels->block, channels, n, source, expected);
    for (int threads = 1; threads <= 3; threads++) {
        int before = imp_threads_set(threads);
        kernels->gram(channels, n, source, threads == 1 ? gram : gram + size, scratch);
        imp_threads_set(before);
        if (threads > 1) assert_memory_equal(gram, gram + size, size * sizeof *gram);
    }
    for (size_t i = 0; i < size; i++)
        if (!(fabs(gram[i] - expected[i]) <= sum_tolerance * (double)n))
            fail_msg("%s gram %d, %zu: %.9g is not %.9g", kernels->name, channels, n, gram[i], expected[i]);
    free(expected);
    free(gram);
    release(scratch, n_scratch);
    release(source, blocked_floats(kernels->block, channels, n));
}

static void check_mix(const ImpKernels *kernels, int in, int out, size_t n, bool accumulate) {
    char what[160];
    snprintf(what, sizeof what, "%s mix %d -> %d, %zu", kernels->name, in, out, n);
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)(in * 100 + out) + n);
    size_t n_out = blocked_floats(kernels->block, out, n), n_scratch = kernels->mix_scratch(in, out);
    size_t n_matrix = (size_t)in * (size_t)out;
    float *source = activations(&random, kernels->block, in, 1, n), *scratch = floats(n_scratch), *first = NULL;
    float *matrix = normal(&random, n_matrix, 1 / sqrt((double)in));
    float *start = activations(&random, kernels->block, out, 1, n), *expected = copy_of(start, n_out);
    imp_reference_mix(kernels->block, in, out, n, matrix, source, expected, accumulate);
    for (int threads = 1; threads <= 3; threads++) {
        int before = imp_threads_set(threads);
        float *target = copy_of(start, n_out);
        kernels->mix(in, out, n, matrix, source, target, accumulate, scratch);
        imp_threads_set(before);
        expect_close(target, expected, n_out, sum_tolerance, what);
        if (first) assert_memory_equal(first, target, n_out * sizeof *first);
        if (first)
            release(target, n_out);
        else
            first = target;
    }
    release(first, n_out);
    release(source, blocked_floats(kernels->block, in, n));
    release(scratch, n_scratch);
    release(matrix, n_matrix);
    release(start, n_out);
    release(expected, n_out);
}

static void matrices(const ImpKernels *kernels) {
    static const int channels[] = {1, 3, 8, 15, 17, 40, 64, 70};
    static const size_t places[] = {1, 5, 6, 7, 191, 193, 2049, 5000};
    for (size_t c = 0; c < sizeof channels / sizeof *channels; c++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            check_gram(kernels, channels[c], places[p]);
            check_mix(kernels, channels[c], channels[(c + p) % 8], places[p] % 2000, p % 2);
        }
    check_gram(kernels, 512, 12);
    check_gram(kernels, 3, 300000); /* pieces of more than GRAM_PLACES */
    check_mix(kernels, 512, 512, 7, true);
}

static void matrices_of_all_tiers(void **state) {
    (void)state;
    for_tiers(matrices);
}

/* --- times -------------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Everything a kernel of one layer reads and writes. */
typedef struct Bench {
    const ImpKernels *kernels;
    int in, out, side;
    float *source, *target, *weights, *scratch;
    double *gram;
} Bench;

typedef struct Timed {
    const char *name;
    void (*run)(const Bench *bench);
    double (*flops)(const Bench *bench);
} Timed;

static size_t places_of(const Bench *b) {
    return (size_t)b->side * (size_t)b->side;
}

static ImpWinograd winograd_job(const Bench *b) {
    return (ImpWinograd){.images = 1,
                         .padding = 1,
                         .in_channels = b->in,
                         .out_channels = b->out,
                         .height = b->side,
                         .width = b->side,
                         .weights = b->weights,
                         .source = b->source,
                         .target = b->target,
                         .relu = true,
                         .scratch = b->scratch};
}

static void bench_winograd(const Bench *b) {
    ImpWinograd job = winograd_job(b);
    b->kernels->winograd(&job);
}

static void bench_winograd_back(const Bench *b) {
    ImpWinograd job = winograd_job(b);
    job.relu = false;
    job.transposed = true;
    job.source_mask = b->source;
    b->kernels->winograd(&job);
}

static void bench_gram(const Bench *b) {
    b->kernels->gram(b->in, places_of(b), b->source, b->gram, b->scratch);
}

static void bench_mix(const Bench *b) {
    b->kernels->mix(b->in, b->in, places_of(b), b->weights, b->source, b->target, true, b->scratch);
}

static void bench_pool(const Bench *b) {
    ImpPool pool = {b->in, b->side, b->side, b->side / 2, b->side / 2, true, false};
    b->kernels->pool_forward(&pool, b->source, b->target);
}

static void bench_to_image(const Bench *b) {
    b->kernels->to_image(&(ImpToImage){.images = 1,
                                       .transposed = true,
                                       .kernel = 3,
                                       .channels = b->in,
                                       .planes = 3,
                                       .height = b->side,
                                       .width = b->side,
                                       .padding = 1,
                                       .weights = b->weights,
                                       .source = b->source,
                                       .target = b->target,
                                       .scratch = b->scratch});
}

static double convolution_flops(const Bench *b) {
    return 18.0 * b->in * b->out * (double)places_of(b);
}

static double square_flops(const Bench *b) {
    return 2.0 * b->in * b->in * (double)places_of(b);
}

static double pool_flops(const Bench *b) {
    return (double)b->in * (double)places_of(b);
}

static double image_flops(const Bench *b) {
    return 54.0 * b->in * (double)places_of(b);
}

static const Timed timed[] = {{"winograd", bench_winograd, convolution_flops},
                              {"winograd back", bench_winograd_back, convolution_flops},
                              {"gram", bench_gram, square_flops},
                              {"gram gradient", bench_mix, square_flops},
                              {"max pool", bench_pool, pool_flops},
                              {"to image", bench_to_image, image_flops}};

static void bench_layer(Bench b) {
    ImpRandom random;
    imp_random_seed(&random, 1);
    int widest = b.in > b.out ? b.in : b.out;
    size_t area = blocked_floats(b.kernels->block, widest, places_of(&b));
    ImpWinograd job = winograd_job(&b);
    size_t needs[] = {b.kernels->winograd_scratch(&job, imp_threads_get()),
                      b.kernels->to_image_scratch(widest, 3, imp_threads_get()),
                      b.kernels->gram_scratch(b.in, places_of(&b)), b.kernels->mix_scratch(b.in, b.in)};
    size_t scratch = 0;
    for (size_t i = 0; i < 4; i++) scratch = needs[i] > scratch ? needs[i] : scratch;
    b.source = normal(&random, area, 1);
    b.target = floats(area);
    b.weights = normal(&random, (size_t)widest * (size_t)widest * 9, 0.01);
    b.scratch = floats(scratch);
    b.gram = calloc((size_t)b.in * (size_t)b.in, sizeof *b.gram);
    for (size_t k = 0; k < sizeof timed / sizeof *timed; k++) {
        if (timed[k].run == bench_to_image && b.in != 64) continue;
        double best = INFINITY;
        for (int i = 0; i < 5; i++) {
            double start = now();
            timed[k].run(&b);
            best = fmin(best, now() - start);
        }
        printf("%-9s %-14s %3d -> %3d %4d x %-4d %9.3f ms %8.1f GFLOP/s\n", b.kernels->name, timed[k].name, b.in, b.out,
               b.side, b.side, 1e3 * best, timed[k].flops(&b) / best * 1e-9);
    }
    imp_free(b.source);
    imp_free(b.target);
    imp_free(b.weights);
    imp_free(b.scratch);
    free(b.gram);
}

/* The layers of VGG for a picture of 512 x 512. Convolutions are counted as direct ones. */
static void bench_tier(const ImpKernels *kernels) {
    static const int layers[][3] = {{64, 64, 512},   {64, 128, 256}, {128, 128, 256}, {128, 256, 128},
                                    {256, 256, 128}, {256, 512, 64}, {512, 512, 64},  {512, 512, 32}};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        bench_layer((Bench){.kernels = kernels, .in = layers[i][0], .out = layers[i][1], .side = layers[i][2]});
}

/* --- the layers of a generator network in training: batch 4, 256 x 256 ----------------------------------------------
 */

typedef struct Layer {
    const char *name;
    int in, out, side, kernel, stride; /* side of the result */
} Layer;

/* Runs one job five times and prints the best. */
static void print_best(const ImpKernels *kernels, const char *kind, const Layer *layer, void (*run)(const void *job),
                       const void *job) {
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        double start = now();
        run(job);
        best = fmin(best, now() - start);
    }
    double flops = 8.0 * layer->in * layer->out * layer->side * layer->side * layer->kernel * layer->kernel;
    printf("%-9s %-16s %-10s %9.3f ms %8.1f GFLOP/s\n", kernels->name, kind, layer->name, 1e3 * best,
           flops / best * 1e-9);
}

typedef struct TrainingJob {
    const ImpKernels *kernels;
    ImpDirect direct;
    ImpWeightGradient weights;
    ImpToImage to_image;
} TrainingJob;

static void run_direct(const void *job) {
    const TrainingJob *j = job;
    j->kernels->direct(&j->direct);
}

static void run_weights(const void *job) {
    const TrainingJob *j = job;
    j->kernels->weight_gradient(&j->weights);
}

static void run_to_image(const void *job) {
    const TrainingJob *j = job;
    j->kernels->to_image(&j->to_image);
}

static void bench_training_layer(const ImpKernels *kernels, const Layer *layer) {
    enum { IMAGES = 4 };
    ImpRandom random;
    imp_random_seed(&random, 1);
    int side = layer->side * layer->stride + layer->kernel - layer->stride;
    size_t from = (size_t)IMAGES * (size_t)(side * side), to = (size_t)IMAGES * (size_t)(layer->side * layer->side);
    size_t taps = (size_t)(layer->kernel * layer->kernel);
    float *source = normal(&random, blocked_floats(kernels->block, layer->in, from), 1);
    float *target = normal(&random, blocked_floats(kernels->block, layer->out, to), 1);
    float *weights = normal(&random, (size_t)(layer->in * layer->out) * taps, 0.1);
    TrainingJob job = {.kernels = kernels};
    job.direct = (ImpDirect){.images = IMAGES,
                             .in_channels = layer->in,
                             .out_channels = layer->out,
                             .kernel = layer->kernel,
                             .stride = layer->stride,
                             .height = side,
                             .width = side,
                             .out_height = layer->side,
                             .out_width = layer->side,
                             .source_plain = layer->in == 3,
                             .weights = weights,
                             .source = source,
                             .target = target};
    job.weights = (ImpWeightGradient){.images = IMAGES,
                                      .in_channels = layer->in,
                                      .out_channels = layer->out,
                                      .kernel = layer->kernel,
                                      .stride = layer->stride,
                                      .in_height = side,
                                      .in_width = side,
                                      .out_height = layer->side,
                                      .out_width = layer->side,
                                      .source_plain = layer->in == 3,
                                      .gradient_plain = layer->out == 3,
                                      .source = source,
                                      .gradient = target,
                                      .weights = weights};
    job.to_image = (ImpToImage){.images = IMAGES,
                                .channels = layer->in,
                                .planes = 3,
                                .height = side,
                                .width = side,
                                .kernel = layer->kernel,
                                .weights = weights,
                                .source = source,
                                .target = target};
    job.direct.scratch = floats(kernels->direct_scratch(&job.direct, imp_threads_get()));
    job.weights.scratch = floats(kernels->weight_gradient_scratch(&job.weights));
    job.to_image.scratch = floats(kernels->to_image_scratch(layer->in, layer->kernel, imp_threads_get()));
    if (layer->out == 3) print_best(kernels, "to image", layer, run_to_image, &job);
    if (layer->out != 3) print_best(kernels, "direct", layer, run_direct, &job);
    if (layer->in != 3 && layer->out != 3) {
        job.direct.transposed = true;
        job.direct.in_channels = layer->out;
        job.direct.out_channels = layer->in;
        job.direct.height = job.direct.width = layer->side;
        job.direct.out_height = job.direct.out_width = side;
        job.direct.source = target;
        job.direct.target = source;
        print_best(kernels, "direct back", layer, run_direct, &job);
    }
    print_best(kernels, "weight gradient", layer, run_weights, &job);
    imp_free(source);
    imp_free(target);
    imp_free(weights);
    imp_free(job.direct.scratch);
    imp_free(job.weights.scratch);
    imp_free(job.to_image.scratch);
}

static void bench_training(const ImpKernels *kernels) {
    static const Layer layers[] = {{"conv1", 3, 32, 256, 9, 1},        {"conv2", 32, 64, 128, 3, 2},
                                   {"conv3", 64, 128, 64, 3, 2},       {"residual", 128, 128, 64, 3, 1},
                                   {"up 128->64", 128, 64, 128, 3, 1}, {"up 64->32", 64, 32, 256, 3, 1},
                                   {"last", 32, 3, 256, 9, 1},         {"quarter", 8, 16, 128, 3, 2}};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_training_layer(kernels, &layers[i]);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        printf("%d threads\n", imp_threads_get());
        for_tiers(bench_training);
        for_tiers(bench_tier);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winograd_of_all_tiers),
        cmocka_unit_test(to_image_of_all_tiers),
        cmocka_unit_test(pools_of_all_tiers),
        cmocka_unit_test(matrices_of_all_tiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
