#include "compute/graph/op/convolution.h"

/* Convolutions of 1x1 without bias, forward and backward, by the kernel that mixes channels. */

/* Floats of the weights as the forward pass wants them, (in,out). */
static size_t transposed_floats(const ImpNode *node) {
    return ((size_t)node->source->shape.channels * (size_t)node->shape.channels + 15) / 16 * 16;
}

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    (void)error;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    int in = node->source->shape.channels, out = node->shape.channels;
    imp_convolution_need(node, transposed_floats(node) + kernels->mix_scratch(in, out));
    imp_convolution_need(node, kernels->mix_scratch(out, in));
    return IMP_OK;
}

static bool forward(ImpNode *node, float *scratch) {
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    const float *weights = imp_convolution_spec(node)->weights.value; // (out,in)
    size_t in = (size_t)node->source->shape.channels, out = (size_t)node->shape.channels;
    size_t images = imp_shape_images(node->shape), places = imp_shape_places(node->shape);
    size_t from = imp_node_floats(node->source) / images, to = imp_node_floats(node) / images;
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++) scratch[i * out + o] = weights[o * in + i];
    for (size_t n = 0; n < images; n++)
        kernels->mix((int)in, (int)out, places, scratch, node->source->value + n * from, node->value + n * to, false,
                     scratch + transposed_floats(node));
    return true;
}

static bool backward_data(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t images = imp_shape_images(node->shape), places = imp_shape_places(node->shape);
    size_t from = imp_node_floats(node) / images, to = imp_node_floats(node->source) / images;
    (void)mask;
    for (size_t n = 0; n < images; n++)
        kernels->mix(node->shape.channels, node->source->shape.channels, places,
                     imp_convolution_spec(node)->weights.value, node->gradient + n * from,
                     node->source->gradient + n * to, into == IMP_ADD, scratch);
    return true;
}

const ImpConvolutionWay imp_convolution_pointwise = {
    .prepare = prepare, .forward = forward, .backward_data = backward_data};
