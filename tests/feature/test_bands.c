/* Bands give the activations and gradients of the whole picture, for every height, layer and padding. */
#include "network/networks.h"

#include "feature/bands.h"

static const char *const names[] = {"relu1_2", "pool2", "relu3_1", "conv4_1", "relu5_1", "image"};
enum { TAPS = sizeof names / sizeof *names };

/* What both ways have to agree on. */
typedef struct Outcome {
    float *plain[TAPS]; /* (C,H,W) of each tap */
    float *gradient;    /* (3,height,width) of half the sum of squares at all taps, times what depends on the place */
    size_t bands;
} Outcome;

static void put(const ImpTensor *part, int row, ImpShape whole, float *plain) {
    size_t rows = (size_t)part->shape.height * (size_t)part->shape.width;
    float *own = imp_alloc(imp_shape_count(part->shape), sizeof *own);
    imp_tensor_to_plain(part, own);
    for (size_t c = 0; c < (size_t)whole.channels; c++)
        memcpy(plain + c * imp_shape_places(whole) + (size_t)row * (size_t)whole.width, own + c * rows,
               rows * sizeof *own);
    imp_free(own);
}

/* The derivative of sum F^2 (1 + y mod 3) / 2, y the row of the whole. */
static void add_gradient(void *context, size_t tap, const ImpTensor *part, int row, const ImpTensor *gradient) {
    (void)context, (void)tap;
    size_t in_row = (size_t)part->shape.width * (size_t)part->block, height = (size_t)part->shape.height;
    size_t floats = imp_tensor_floats(part->shape, part->layout, part->block);
    for (size_t i = 0; i < floats; i++)
        gradient->data[i] += part->data[i] * (float)(1 + ((size_t)row + i / in_row % height) % 3);
}

static Outcome run(const ImpVggWeights *weights, const ImpVggSpec *spec, const float *rgb, int width, int height,
                   int window) {
    ImpError error;
    ImpBands *bands;
    Outcome out = {.gradient = imp_alloc(3 * (size_t)width * (size_t)height, sizeof(float))};
    assert_int_equal(imp_bands_new(weights, spec, height, width, window, true, &bands, &error), IMP_OK);
    out.bands = imp_bands_count(bands);
    for (size_t tap = 0; tap < TAPS; tap++)
        out.plain[tap] = imp_alloc(imp_shape_count(imp_bands_shape(bands, tap)), sizeof(float));
    for (size_t i = 0; i < out.bands; i++) {
        assert_int_equal(imp_bands_forward(bands, i, rgb, &error), IMP_OK);
        for (size_t tap = 0; tap < TAPS; tap++) {
            int row;
            ImpTensor part = imp_bands_part(bands, tap, &row);
            put(&part, row, imp_bands_shape(bands, tap), out.plain[tap]);
        }
        assert_int_equal(imp_bands_backward(bands, add_gradient, NULL, out.gradient, &error), IMP_OK);
    }
    imp_bands_free(&bands);
    assert_null(bands);
    return out;
}

static void drop(Outcome *out) {
    for (size_t tap = 0; tap < TAPS; tap++) imp_free(out->plain[tap]);
    imp_free(out->gradient);
}

static void compare(const float *a, const float *b, size_t count, const char *what, int height) {
    double square = 0, difference = 0;
    for (size_t i = 0; i < count; i++) {
        square += (double)a[i] * (double)a[i];
        difference += pow((double)(a[i] - b[i]), 2);
    }
    if (!(square > 0 && difference <= 1e-10 * square))
        fail_msg("%s at height %d: off by %g", what, height, sqrt(difference / square));
}

static void check(int width, int height, ImpPadding padding, bool max_pooling, int rows, size_t least_bands) {
    ImpVggWeights weights = make_network(13, 3, 4);
    ImpVggSpec spec = {.max_pooling = max_pooling, .padding = padding, .taps = names, .n_taps = TAPS};
    float *rgb = random_picture(width, height, 9);
    Outcome whole = run(&weights, &spec, rgb, width, height, 0);
    Outcome bands = run(&weights, &spec, rgb, width, height, rows);
    assert_true(whole.bands == 1 && bands.bands >= least_bands);
    for (size_t tap = 0; tap < TAPS; tap++) {
        ImpBands *shape_of;
        ImpError error;
        assert_int_equal(imp_bands_new(&weights, &spec, height, width, 0, false, &shape_of, &error), IMP_OK);
        compare(whole.plain[tap], bands.plain[tap], imp_shape_count(imp_bands_shape(shape_of, tap)), names[tap],
                height);
        imp_bands_free(&shape_of);
    }
    compare(whole.gradient, bands.gradient, 3 * (size_t)width * (size_t)height, "gradient", height);
    drop(&whole);
    drop(&bands);
    imp_free(rgb);
    drop_network(&weights);
}

static void every_height(void **state) {
    (void)state;
    static const int heights[] = {600, 607, 615, 624, 631, 640};
    for (size_t i = 0; i < sizeof heights / sizeof *heights; i++) check(21, heights[i], IMP_PADDING_ZERO, true, 1, 2);
}

static void other_networks(void **state) {
    (void)state;
    check(20, 700, IMP_PADDING_REFLECT, true, 1, 3);
    check(1, 650, IMP_PADDING_REPLICATE, false, 1, 2);
    check(33, 640, IMP_PADDING_ZERO, false, 200, 2);
}

/* Where a window would hold all of it, there is one band. */
static void small_pictures_are_whole(void **state) {
    (void)state;
    check(20, 3, IMP_PADDING_ZERO, true, 1, 1);
    check(20, 200, IMP_PADDING_ZERO, true, 500, 1);
}

static void running_out_of_memory(void **state) {
    (void)state;
    ImpVggWeights weights = make_network(5, 3, 4);
    const char *tap = "relu3_1";
    ImpVggSpec spec = {.max_pooling = true, .taps = &tap, .n_taps = 1};
    ImpStatus status;
    long countdown = 0;
    do {
        ImpError error;
        ImpBands *bands = NULL;
        imp_alloc_fail_after(countdown++);
        status = imp_bands_new(&weights, &spec, 400, 8, 1, true, &bands, &error);
        imp_alloc_fail_after(-1);
        assert_true(status == IMP_OK || (status == IMP_ERROR_MEMORY && !bands));
        imp_bands_free(&bands);
    } while (status != IMP_OK);
    assert_true(countdown > 5);
    drop_network(&weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_height),
        cmocka_unit_test(other_networks),
        cmocka_unit_test(small_pictures_are_whole),
        cmocka_unit_test(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
