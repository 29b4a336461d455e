/* Convolutions of every kernel, stride, padding and layout that the graph takes, with the gradients of their weights.
 */
#include "compute/op_check.h"

typedef struct Case {
    int in, out, height, width, images;
    int kernel, stride, padding;
    bool relu, to_image, no_bias;
} Case;

static ImpStatus build(const void *context, ImpGraph *graph, ImpNode *source, const ImpParameter *parameters,
                       ImpNode **out, ImpError *error) {
    const Case *c = context;
    return imp_graph_convolution(graph, source,
                                 &(ImpConvolution){.out_channels = c->out,
                                                   .kernel = c->kernel,
                                                   .stride = c->stride,
                                                   .padding = c->padding,
                                                   .relu = c->relu,
                                                   .to_image = c->to_image,
                                                   .weights = parameters[0],
                                                   .bias = c->no_bias ? (ImpParameter){0} : parameters[1]},
                                 out, error);
}

static double convolve(const Case *c, const double *weights, const double *source, int y, int x) {
    double sum = 0;
    for (int i = 0; i < c->in; i++)
        for (int ky = 0; ky < c->kernel; ky++)
            for (int kx = 0; kx < c->kernel; kx++) {
                int row = y * c->stride + ky - c->padding, column = x * c->stride + kx - c->padding;
                if (row < 0 || column < 0 || row >= c->height || column >= c->width) continue;
                sum +=
                    weights[(i * c->kernel + ky) * c->kernel + kx] * source[(i * c->height + row) * c->width + column];
            }
    return sum;
}

static void reference(const void *context, double *const *parameters, const double *source, double *result) {
    const Case *c = context;
    int height = (c->height + 2 * c->padding - c->kernel) / c->stride + 1;
    int width = (c->width + 2 * c->padding - c->kernel) / c->stride + 1;
    for (int n = 0; n < c->images; n++)
        for (int o = 0; o < c->out; o++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++) {
                    double bias = c->no_bias ? 0 : parameters[1][o];
                    double sum = bias + convolve(c, parameters[0] + o * c->in * c->kernel * c->kernel,
                                                 source + n * c->in * c->height * c->width, y, x);
                    *result++ = c->relu && sum < 0 ? 0 : sum;
                }
}

static void check(const Case *c) {
    char what[200];
    snprintf(what, sizeof what, "%s: %d images %d -> %d, %d x %d, kernel %d, stride %d, padding %d%s%s%s",
             imp_kernels()->name, c->images, c->in, c->out, c->height, c->width, c->kernel, c->stride, c->padding,
             c->relu ? ", relu" : "", c->to_image ? ", to image" : "", c->no_bias ? ", no bias" : "");
    op_check(&(OpCase){.what = what,
                       .context = c,
                       .input = {c->in, c->height, c->width, c->images},
                       .plain = c->in <= 3 && !c->to_image,
                       .counts = {(size_t)(c->out * c->in * c->kernel * c->kernel), (size_t)c->out},
                       .deviation = 1 / sqrt((double)(c->in * c->kernel * c->kernel)),
                       .build = build,
                       .reference = reference});
}

static void between_blocked(void) {
    static const Case cases[] = {
        {.in = 5, .out = 19, .height = 7, .width = 9, .images = 1, .kernel = 3, .stride = 1, .padding = 1},
        {.in = 19,
         .out = 5,
         .height = 9,
         .width = 6,
         .images = 3,
         .kernel = 3,
         .stride = 1,
         .padding = 0,
         .relu = true},
        {.in = 33, .out = 16, .height = 5, .width = 5, .images = 2, .kernel = 3, .stride = 1, .padding = 2},
        {.in = 13, .out = 20, .height = 11, .width = 8, .images = 3, .kernel = 3, .stride = 2, .padding = 1},
        {.in = 35, .out = 9, .height = 8, .width = 13, .images = 2, .kernel = 3, .stride = 2, .padding = 1},
        {.in = 16,
         .out = 33,
         .height = 9,
         .width = 9,
         .images = 1,
         .kernel = 3,
         .stride = 2,
         .padding = 0,
         .relu = true},
        {.in = 20, .out = 7, .height = 5, .width = 6, .images = 3, .kernel = 1, .stride = 1, .padding = 0},
        {.in = 20, .out = 37, .height = 5, .width = 6, .images = 3, .kernel = 1, .stride = 1, .no_bias = true},
        {.in = 19, .out = 5, .height = 17, .width = 23, .images = 1, .kernel = 1, .stride = 1, .no_bias = true},
        {.in = 7, .out = 9, .height = 6, .width = 5, .images = 2, .kernel = 3, .stride = 1, .no_bias = true},
        {.in = 16,
         .out = 16,
         .height = 6,
         .width = 5,
         .images = 1,
         .kernel = 1,
         .stride = 2,
         .padding = 0,
         .relu = true},
        {.in = 6, .out = 17, .height = 11, .width = 10, .images = 2, .kernel = 9, .stride = 1, .padding = 4},
        {.in = 17,
         .out = 3,
         .height = 12,
         .width = 9,
         .images = 1,
         .kernel = 5,
         .stride = 1,
         .padding = 0,
         .relu = true},
        {.in = 8, .out = 9, .height = 3, .width = 2, .images = 1, .kernel = 7, .stride = 1, .padding = 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check(&cases[i]);
}

static void from_images(void) {
    static const Case cases[] = {
        {.in = 1, .out = 2, .height = 101, .width = 78, .images = 1, .kernel = 9, .stride = 1, .padding = 4},
        {.in = 3, .out = 19, .height = 14, .width = 17, .images = 1, .kernel = 9, .stride = 1, .padding = 0},
        {.in = 3,
         .out = 16,
         .height = 11,
         .width = 5,
         .images = 3,
         .kernel = 9,
         .stride = 1,
         .padding = 4,
         .relu = true},
        {.in = 3, .out = 13, .height = 6, .width = 9, .images = 3, .kernel = 3, .stride = 1, .padding = 1},
        {.in = 3,
         .out = 32,
         .height = 9,
         .width = 7,
         .images = 2,
         .kernel = 3,
         .stride = 1,
         .padding = 0,
         .relu = true},
        {.in = 1, .out = 5, .height = 5, .width = 6, .images = 1, .kernel = 5, .stride = 1, .padding = 2},
        {.in = 3,
         .out = 17,
         .height = 9,
         .width = 12,
         .images = 2,
         .kernel = 3,
         .stride = 2,
         .padding = 1,
         .relu = true},
        {.in = 2, .out = 8, .height = 4, .width = 3, .images = 1, .kernel = 1, .stride = 1, .padding = 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check(&cases[i]);
}

static void to_images(void) {
    static const Case cases[] = {
        {.in = 32,
         .out = 3,
         .height = 14,
         .width = 17,
         .images = 1,
         .kernel = 9,
         .stride = 1,
         .padding = 0,
         .to_image = true},
        {.in = 19,
         .out = 3,
         .height = 11,
         .width = 5,
         .images = 3,
         .kernel = 9,
         .stride = 1,
         .padding = 4,
         .to_image = true},
        {.in = 5,
         .out = 1,
         .height = 5,
         .width = 6,
         .images = 2,
         .kernel = 3,
         .stride = 1,
         .padding = 1,
         .to_image = true},
        {.in = 33,
         .out = 3,
         .height = 6,
         .width = 9,
         .images = 3,
         .kernel = 3,
         .stride = 1,
         .padding = 0,
         .to_image = true},
        {.in = 16,
         .out = 2,
         .height = 3,
         .width = 4,
         .images = 1,
         .kernel = 1,
         .stride = 1,
         .padding = 0,
         .to_image = true},
        {.in = 9,
         .out = 3,
         .height = 6,
         .width = 7,
         .images = 1,
         .kernel = 5,
         .stride = 1,
         .padding = 2,
         .to_image = true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check(&cases[i]);
}

static void blocked_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(between_blocked);
}

static void from_images_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(from_images);
}

static void to_images_on_every_tier(void **state) {
    (void)state;
    op_for_tiers(to_images);
}

static void too_small_a_picture(void **state) {
    (void)state;
    ImpError error;
    ImpGraph *graph;
    ImpNode *node;
    assert_int_equal(imp_graph_new((ImpShape){3, 4, 20, 1}, &graph, &error), IMP_OK);
    ImpConvolution convolution = {.out_channels = 8, .kernel = 9, .padding = 2};
    assert_int_equal(imp_graph_convolution(graph, imp_graph_input(graph), &convolution, &node, &error),
                     IMP_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "too small"));
    imp_graph_free(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocked_on_every_tier),
        cmocka_unit_test(from_images_on_every_tier),
        cmocka_unit_test(to_images_on_every_tier),
        cmocka_unit_test(too_small_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
