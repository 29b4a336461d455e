/* The whole chain, from a picture through VGG-16 and VGG-19 to named layers and back, against plain loops in double.
 * The networks have all their layers but few channels, and random weights. */
#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "compute/plain_network.h"
#include "feature/extractor.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_LAYERS = 48 };

static void make_weights(ImpVggWeights *weights, int depth, int convs) {
    ImpRandom random;
    imp_random_seed(&random, (uint64_t)depth);
    *weights = (ImpVggWeights){.depth = depth, .name = "test.pt"};
    int in = 3;
    for (int block = 1; block <= IMP_VGG_BLOCKS; block++)
        for (int index = 1; index <= imp_vgg_block_convs(depth, block) && weights->n_convs < convs; index++) {
            ImpVggConv *conv = &weights->convs[weights->n_convs++];
            *conv = (ImpVggConv){.block = block, .index = index, .in_channels = in, .out_channels = 4 + block};
            size_t count = (size_t)(conv->out_channels * in * 9);
            conv->weight = imp_alloc(count, sizeof(float));
            conv->bias = imp_alloc((size_t)conv->out_channels, sizeof(float));
            imp_random_normal(&random, conv->weight, count, sqrt(2.0 / (9 * in)));
            imp_random_normal(&random, conv->bias, (size_t)conv->out_channels, 0.2);
            in = conv->out_channels;
        }
    for (int c = 0; c < 3; c++) {
        weights->input.source[c] = 2 - c;
        weights->input.scale[c] = 4.0f + (float)c;
        weights->input.offset[c] = -2.0f;
    }
}

static void free_weights(ImpVggWeights *weights) {
    for (int i = 0; i < weights->n_convs; i++) {
        imp_free(weights->convs[i].weight);
        imp_free(weights->convs[i].bias);
    }
}

/* The same network as plain layers, with their names. */
typedef struct Plain {
    PlainLayer layers[MAX_LAYERS];
    char names[MAX_LAYERS][32];
    int count;
} Plain;

static PlainLayer *add_layer(Plain *plain, PlainKind kind, const char *name, int block, int index) {
    PlainLayer *layer = &plain->layers[plain->count], *from = layer - 1;
    *layer = (PlainLayer){.kind = kind,
                          .source = plain->count - 1,
                          .channels = from->channels,
                          .height = from->height,
                          .width = from->width};
    if (index > 0)
        snprintf(plain->names[plain->count], sizeof plain->names[0], "%s%d_%d", name, block, index);
    else
        snprintf(plain->names[plain->count], sizeof plain->names[0], "%s%d", name, block);
    plain->count++;
    return layer;
}

static void make_plain(Plain *plain, const ImpVggWeights *weights, const ImpVggSpec *spec, int height, int width) {
    *plain = (Plain){.count = 1, .names[0] = "image", .layers[0] = {.channels = 3, .height = height, .width = width}};
    plain->layers[0].value = malloc((size_t)(3 * height * width) * sizeof(double));
    PlainLayer *layer = add_layer(plain, PLAIN_NORMALISE, "input", 0, 0);
    memcpy(layer->from, weights->input.source, sizeof layer->from);
    memcpy(layer->scale, weights->input.scale, sizeof layer->scale);
    memcpy(layer->offset, weights->input.offset, sizeof layer->offset);
    layer = add_layer(plain, PLAIN_PAD, "pad", 0, 0);
    layer->around = spec->padding;
    layer->height += 2;
    layer->width += 2;
    for (int i = 0; i < weights->n_convs; i++) {
        const ImpVggConv *conv = &weights->convs[i];
        layer = add_layer(plain, PLAIN_CONVOLUTION, "conv", conv->block, conv->index);
        layer->channels = conv->out_channels;
        layer->padding = i > 0;
        layer->height -= i > 0 ? 0 : 2;
        layer->width -= i > 0 ? 0 : 2;
        layer->weights = conv->weight;
        layer->bias = conv->bias;
        add_layer(plain, PLAIN_RELU, "relu", conv->block, conv->index);
        if (conv->index < imp_vgg_block_convs(weights->depth, conv->block)) continue;
        layer = add_layer(plain, PLAIN_POOL, "pool", conv->block, 0);
        layer->maximum = spec->max_pooling;
        layer->height = layer->height > 1 ? layer->height / 2 : 1;
        layer->width = layer->width > 1 ? layer->width / 2 : 1;
    }
}

/* The plain layer that tap `tap` of the spec names. */
typedef struct Taps {
    const ImpVggSpec *spec;
    const Plain *plain;
} Taps;

static int layer_of(const Taps *taps, size_t tap) {
    int layer = 0;
    while (strcmp(taps->plain->names[layer], taps->spec->taps[tap]) != 0) assert_true(++layer < taps->plain->count);
    return layer;
}

static size_t number_at(const ImpTensor *tensor, size_t i) {
    size_t places = imp_shape_places(tensor->shape), b = (size_t)tensor->block, channel = i / places;
    return (channel / b * places + i % places) * b + channel % b;
}

static void add_pull(void *context, size_t tap, const ImpTensor *value, const ImpTensor *gradient) {
    int layer = layer_of(context, tap);
    for (size_t i = 0; i < imp_shape_count(value->shape); i++) {
        size_t at = number_at(value, i);
        gradient->data[at] += value->data[at] + (float)plain_pull(layer, i);
    }
}

static void check_tap(const Taps *taps, size_t tap, const ImpTensor *value) {
    const PlainLayer *layer = &taps->plain->layers[layer_of(taps, tap)];
    assert_int_equal(imp_shape_count(value->shape), plain_count(layer));
    for (size_t i = 0; i < plain_count(layer); i++)
        if (!(fabs((double)value->data[number_at(value, i)] - layer->value[i]) <= 5e-4))
            fail_msg("%s, number %zu differs", taps->spec->taps[tap], i);
}

static void check_chain(int depth, const ImpVggSpec *spec, int height, int width) {
    ImpVggWeights weights;
    Plain plain;
    ImpError error;
    ImpExtractor *extractor;
    float picture[3 * 20 * 20], gradient[3 * 20 * 20];
    ImpRandom random;
    make_weights(&weights, depth, IMP_VGG_MAX_CONVS);
    make_plain(&plain, &weights, spec, height, width);
    imp_random_seed(&random, 7);
    for (int i = 0; i < 3 * height * width; i++)
        plain.layers[0].value[i] = (double)(picture[i] = (float)imp_random_uniform(&random));
    Taps taps = {spec, &plain};
    for (size_t i = 0; i < spec->n_taps; i++) plain.layers[layer_of(&taps, i)].tapped = true;
    plain_forward(plain.layers, plain.count);
    if (imp_extractor_new(&weights, spec, height, width, true, &extractor, &error) != IMP_OK)
        fail_msg("%s", error.message);
    assert_int_equal(imp_extractor_forward(extractor, picture, &error), IMP_OK);
    for (size_t i = 0; i < spec->n_taps; i++) {
        ImpTensor value = imp_extractor_value(extractor, i);
        check_tap(&taps, i, &value);
    }
    assert_int_equal(imp_extractor_backward(extractor, add_pull, &taps, gradient, &error), IMP_OK);
    double most = 1;
    for (int i = 0; i < 3 * height * width; i++) most = fmax(most, fabs((double)gradient[i]));
    for (int i = 0; i < 6; i++) {
        bool smooth;
        size_t pixel = imp_random_below(&random, (uint64_t)(3 * height * width));
        double expected = plain_derivative(plain.layers, plain.count, pixel, &smooth);
        if (smooth && !(fabs((double)gradient[pixel] - expected) <= 2e-4 * most))
            fail_msg("VGG-%d, pixel %zu: %g is not %g", depth, pixel, (double)gradient[pixel], expected);
    }
    imp_extractor_free(&extractor);
    for (int i = 0; i < plain.count; i++) free(plain.layers[i].value);
    free_weights(&weights);
}

static void chains(void **state) {
    (void)state;
    static const char *const taps[] = {"relu1_1", "conv2_1", "relu2_1", "pool2",
                                       "relu4_2", "conv5_3", "pool5",   "image"};
    static const int sizes[][2] = {{1, 1}, {5, 3}, {12, 9}, {19, 20}};
    for (int i = 0; i < 12; i++) {
        size_t first = (size_t)i % 4;
        ImpVggSpec spec = {.max_pooling = i % 2,
                           .padding = (ImpPadding)(i % 3),
                           .taps = taps + first,
                           .n_taps = 8 - first - (size_t)i % 2};
        check_chain(i < 6 ? 16 : 19, &spec, sizes[i % 4][0], sizes[i % 4][1]);
    }
}

static void layers_that_are_not_there(void **state) {
    (void)state;
    static const char *const deep[] = {"relu1_1", "relu3_1"};
    ImpVggSpec spec = {.taps = deep, .n_taps = 2};
    ImpVggWeights weights;
    ImpError error;
    ImpExtractor *extractor;
    make_weights(&weights, 19, 3);
    assert_int_equal(imp_extractor_new(&weights, &spec, 8, 8, true, &extractor, &error), IMP_ERROR_UNSUPPORTED);
    assert_null(extractor);
    assert_non_null(strstr(error.message, "test.pt has no layer relu3_1: it ends at conv2_1"));
    free_weights(&weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chains), cmocka_unit_test(layers_that_are_not_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
