#include "network/transform_net.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "network/transform_private.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- the layers --------------------------------------------------------------------------------------------------- */

static int scaled(int channels, double width) {
    long rounded = lround(channels * width);
    return rounded < 1 ? 1 : rounded > IMP_TRANSFORM_MAX_CHANNELS ? IMP_TRANSFORM_MAX_CHANNELS : (int)rounded;
}

ImpTransformShape imp_transform_shape(double width) {
    return (ImpTransformShape){.down = {scaled(32, width), scaled(64, width), scaled(128, width)},
                               .up = {scaled(64, width), scaled(32, width)},
                               .residuals = 5};
}

static void add_layer(ImpTransformNet *net, ImpTransformLayer layer) {
    size_t out = (size_t)layer.out, kernel = (size_t)layer.kernel;
    layer.weight = net->count;
    layer.bias = layer.weight + out * (size_t)layer.in * kernel * kernel;
    layer.scale = layer.bias + out;
    layer.shift = layer.scale + (*layer.norm ? out : 0);
    net->count = layer.shift + (*layer.norm ? out : 0);
    net->layers[net->n_layers++] = layer;
}

static void add_residual(ImpTransformNet *net, int number, int channels) {
    for (int half = 1; half <= 2; half++) {
        ImpTransformLayer layer = {.in = channels, .out = channels, .kernel = 3, .stride = 1};
        snprintf(layer.conv, sizeof layer.conv, "res%d.conv%d.conv2d", number, half);
        snprintf(layer.norm, sizeof layer.norm, "res%d.in%d", number, half);
        layer.relu = layer.begins = half == 1;
        layer.adds = half == 2;
        add_layer(net, layer);
    }
}

/* Lists the layers and counts the values. */
static void lay_out(ImpTransformNet *net) {
    const ImpTransformShape *s = &net->shape;
    const int *down = s->down, *up = s->up;
    net->n_layers = 0;
    net->count = 0;
    add_layer(net, (ImpTransformLayer){"conv1.conv2d", "in1", 3, down[0], 9, 1, .relu = true});
    add_layer(net, (ImpTransformLayer){"conv2.conv2d", "in2", down[0], down[1], 3, 2, .relu = true});
    add_layer(net, (ImpTransformLayer){"conv3.conv2d", "in3", down[1], down[2], 3, 2, .relu = true});
    for (int i = 1; i <= s->residuals; i++) add_residual(net, i, down[2]);
    add_layer(net, (ImpTransformLayer){"deconv1.conv2d", "in4", down[2], up[0], 3, 1, .upsample = true, .relu = true});
    add_layer(net, (ImpTransformLayer){"deconv2.conv2d", "in5", up[0], up[1], 3, 1, .upsample = true, .relu = true});
    add_layer(net, (ImpTransformLayer){"deconv3.conv2d", "", up[1], 3, 9, 1, .relu = false});
}

/* --- making ------------------------------------------------------------------------------------------------------- */

ImpStatus imp_transform_empty(ImpTransformShape shape, const char *name, ImpTransformNet **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "network", error);
    if (status != IMP_OK) return status;
    ImpTransformNet *net = *out;
    net->shape = shape;
    net->name = imp_strdup(name);
    lay_out(net);
    if (net->name) return IMP_OK;
    imp_transform_free(out);
    return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for the name of the model");
}

ImpStatus imp_transform_make_room(ImpTransformNet *net, ImpError *error) {
    return IMP_ALLOC(&net->values, net->count, "weights of the network", error);
}

void imp_transform_free(ImpTransformNet **net) {
    if (!*net) return;
    imp_free((*net)->values);
    imp_free((*net)->name);
    imp_free(*net);
    *net = NULL;
}

ImpStatus imp_transform_new(ImpTransformShape shape, uint64_t seed, ImpTransformNet **out, ImpError *error) {
    ImpStatus status = imp_transform_empty(shape, "a new network", out, error);
    if (status == IMP_OK) status = imp_transform_make_room(*out, error);
    if (status != IMP_OK) {
        imp_transform_free(out);
        return status;
    }
    ImpTransformNet *net = *out;
    ImpRandom random;
    imp_random_seed(&random, seed);
    for (int i = 0; i < net->n_layers; i++) {
        const ImpTransformLayer *layer = &net->layers[i];
        double bound = 1 / sqrt((double)(layer->in * layer->kernel * layer->kernel));
        for (size_t k = layer->weight; k < layer->scale; k++)
            net->values[k] = (float)(bound * (2 * imp_random_uniform(&random) - 1));
        for (size_t k = layer->scale; k < layer->shift; k++) net->values[k] = 1;
    }
    return IMP_OK;
}

/* --- building ----------------------------------------------------------------------------------------------------- */

static ImpParameter parameter(const ImpTransformNet *net, float *gradient, size_t offset) {
    return (ImpParameter){.value = net->values + offset, .gradient = gradient ? gradient + offset : NULL};
}

ImpStatus imp_transform_add_conv(ImpGraph *graph, const ImpTransformNet *net, int layer, float *gradient,
                                 ImpNode **node, ImpError *error) {
    const ImpTransformLayer *l = &net->layers[layer];
    ImpStatus status = IMP_OK;
    if (net->shape.down[0] <= 8 && net->shape.up[1] <= 8) imp_graph_narrow(graph);
    if (l->upsample) status = imp_graph_upsample(graph, *node, node, error);
    if (status == IMP_OK) status = imp_graph_pad(graph, *node, IMP_PADDING_REFLECT, l->kernel / 2, node, error);
    if (status != IMP_OK) return status;
    ImpConvolution convolution = {.out_channels = l->out,
                                  .kernel = l->kernel,
                                  .stride = l->stride,
                                  .to_image = layer + 1 == net->n_layers,
                                  .weights = parameter(net, gradient, l->weight),
                                  .bias = parameter(net, gradient, l->bias)};
    return imp_graph_convolution(graph, *node, &convolution, node, error);
}

ImpStatus imp_transform_add_norm(ImpGraph *graph, const ImpTransformNet *net, int layer, float *gradient,
                                 ImpNode *added, ImpNode **node, ImpError *error) {
    const ImpTransformLayer *l = &net->layers[layer];
    assert(*l->norm);
    ImpInstanceNorm norm = {.relu = l->relu,
                            .added = added,
                            .scale = parameter(net, gradient, l->scale),
                            .shift = parameter(net, gradient, l->shift)};
    return imp_graph_instance_norm(graph, *node, &norm, node, error);
}

ImpStatus imp_transform_build(ImpGraph *graph, const ImpTransformNet *net, float *gradient, ImpNode **node,
                              ImpError *error) {
    ImpStatus status = IMP_OK;
    ImpNode *start = NULL;
    for (int i = 0; i < net->n_layers && status == IMP_OK; i++) {
        const ImpTransformLayer *layer = &net->layers[i];
        if (layer->begins) start = *node;
        status = imp_transform_add_conv(graph, net, i, gradient, node, error);
        if (status == IMP_OK && *layer->norm)
            status = imp_transform_add_norm(graph, net, i, gradient, layer->adds ? start : NULL, node, error);
    }
    return status;
}
