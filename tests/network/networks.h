/* Small VGGs of random weights, and their activations. */
#ifndef IMP_TESTS_NETWORK_NETWORKS_H
#define IMP_TESTS_NETWORK_NETWORKS_H

#include "unit.h"

#include "base/memory.h"
#include "base/random.h"
#include "network/vgg.h"
#include <math.h>
#include <string.h>

/* The first `convs` convolutions of VGG-19 with `channels` + block channels, for torchvision's input. */
static inline ImpVggWeights make_network(int convs, int channels, uint64_t seed) {
    ImpVggWeights weights = {.depth = 19, .name = "test"};
    ImpRandom random;
    int in = 3;
    imp_random_seed(&random, seed);
    weights.input = imp_model_input_of(IMP_INPUT_TORCHVISION, IMP_INPUT_BY_USER);
    for (int block = 1; block <= IMP_VGG_BLOCKS; block++)
        for (int index = 1; index <= imp_vgg_block_convs(19, block) && weights.n_convs < convs; index++) {
            ImpVggConv *conv = &weights.convs[weights.n_convs++];
            *conv = (ImpVggConv){.block = block, .index = index, .in_channels = in, .out_channels = channels + block};
            size_t count = (size_t)(conv->out_channels * in * 9);
            conv->weight = imp_alloc(count, sizeof(float));
            conv->bias = imp_alloc((size_t)conv->out_channels, sizeof(float));
            imp_random_normal(&random, conv->weight, count, sqrt(2.0 / (9 * in)));
            imp_random_normal(&random, conv->bias, (size_t)conv->out_channels, 0.2);
            in = conv->out_channels;
        }
    return weights;
}

static inline void drop_network(ImpVggWeights *weights) {
    for (int i = 0; i < weights->n_convs; i++) {
        imp_free(weights->convs[i].weight);
        imp_free(weights->convs[i].bias);
    }
}

static inline float *random_picture(int width, int height, uint64_t seed) {
    ImpRandom random;
    size_t count = 3 * (size_t)width * (size_t)height;
    float *rgb = imp_alloc(count, sizeof *rgb);
    imp_random_seed(&random, seed);
    for (size_t i = 0; i < count; i++) rgb[i] = (float)imp_random_uniform(&random);
    return rgb;
}

/* (C,H,W) of a layer, plain; *shape is its shape. To be freed. */
static inline float *activations(const ImpVggWeights *weights, const char *layer, bool bare, const float *rgb,
                                 int width, int height, ImpShape *shape) {
    ImpGraph *graph;
    ImpNode *tap;
    ImpError error;
    ImpVggSpec spec = {.max_pooling = true, .taps = &layer, .n_taps = 1, .n_bare = bare ? 1 : 0};
    assert_int_equal(imp_graph_new((ImpShape){3, height, width, 1}, &graph, &error), IMP_OK);
    assert_int_equal(imp_vgg_build(graph, weights, &spec, &tap, &error), IMP_OK);
    assert_int_equal(imp_graph_plan(graph, false, &error), IMP_OK);
    memcpy(imp_graph_input_data(graph), rgb, 3 * (size_t)width * (size_t)height * sizeof *rgb);
    assert_int_equal(imp_graph_forward(graph, &error), IMP_OK);
    ImpTensor value = imp_graph_value(tap);
    float *plain = imp_alloc(imp_shape_count(value.shape), sizeof *plain);
    imp_tensor_to_plain(&value, plain);
    *shape = value.shape;
    imp_graph_free(&graph);
    return plain;
}

#endif
