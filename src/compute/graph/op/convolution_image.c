#include "compute/graph/op/convolution.h"

#include <string.h>

/* Convolutions with a plain image on one side: a network's first and its last layer. The backward pass of one is the
 * forward pass of the other with the filters turned. */

/* --- from an image ------------------------------------------------------------------------------------------------ */

/* Sides of the result's gradient with zeros between its places, as a convolution of stride 1 would have it. */
static ImpShape spread_shape(const ImpNode *node) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    ImpShape shape = node->source->shape;
    shape.channels = node->shape.channels;
    shape.height += 2 * spec->padding - spec->kernel + 1;
    shape.width += 2 * spec->padding - spec->kernel + 1;
    return shape;
}

static ImpStatus prepare_from(ImpNode *node, ImpError *error) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t filter = kernels->to_image_scratch(node->shape.channels, spec->kernel, imp_graph_threads(node->graph));
    size_t spread = imp_tensor_floats(spread_shape(node), IMP_LAYOUT_BLOCKED, kernels->block);
    imp_convolution_need(node, spec->stride == 1 ? filter : filter + spread);
    return imp_convolution_prepare_direct(node, error);
}

/* gradient (N,C/B,h,w,B) -> spread, with `stride` places from one to the next. */
static void spread_gradient(const ImpNode *node, const float *mask, float *spread) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    size_t block = (size_t)imp_graph_kernels(node->graph)->block, stride = (size_t)spec->stride;
    ImpShape from = node->shape, to = spread_shape(node);
    memset(spread, 0, imp_tensor_floats(to, IMP_LAYOUT_BLOCKED, (int)block) * sizeof *spread);
    for (size_t i = 0; i < imp_node_floats(node); i++) {
        size_t lane = i % block, place = i / block, x = place % (size_t)from.width;
        size_t y = place / (size_t)from.width % (size_t)from.height, plane = place / imp_shape_places(from);
        size_t at = (plane * (size_t)to.height + y * stride) * (size_t)to.width + x * stride;
        if (!mask || mask[i] > 0) spread[at * block + lane] = node->gradient[i];
    }
}

static bool backward_from(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    ImpShape shape = spread_shape(node);
    float *spread =
        scratch + kernels->to_image_scratch(node->shape.channels, spec->kernel, imp_graph_threads(node->graph));
    if (spec->stride > 1) spread_gradient(node, mask, spread);
    kernels->to_image(&(ImpToImage){.images = (int)imp_shape_images(node->shape),
                                    .channels = node->shape.channels,
                                    .planes = node->source->shape.channels,
                                    .height = shape.height,
                                    .width = shape.width,
                                    .kernel = spec->kernel,
                                    .padding = spec->kernel - 1 - spec->padding,
                                    .transposed = true,
                                    .weights = spec->weights.value,
                                    .source = spec->stride > 1 ? spread : node->gradient,
                                    .source_mask = spec->stride > 1 ? NULL : mask,
                                    .target = node->source->gradient,
                                    .accumulate = into == IMP_ADD,
                                    .scratch = scratch});
    return true;
}

const ImpConvolutionWay imp_convolution_from_image = {
    .prepare = prepare_from, .forward = imp_convolution_forward_direct, .backward_data = backward_from, .masks = true};

/* --- to an image -------------------------------------------------------------------------------------------------- */

static ImpStatus prepare_to(ImpNode *node, ImpError *error) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    imp_convolution_need(
        node, imp_graph_kernels(node->graph)
                  ->to_image_scratch(node->source->shape.channels, spec->kernel, imp_graph_threads(node->graph)));
    return imp_convolution_prepare_direct(node, error);
}

static bool forward_to(ImpNode *node, float *scratch) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    imp_graph_kernels(node->graph)
        ->to_image(&(ImpToImage){.images = (int)imp_shape_images(node->shape),
                                 .channels = node->source->shape.channels,
                                 .planes = node->shape.channels,
                                 .height = node->source->shape.height,
                                 .width = node->source->shape.width,
                                 .kernel = spec->kernel,
                                 .padding = spec->padding,
                                 .weights = spec->weights.value,
                                 .bias = spec->bias.value,
                                 .source = imp_source_value(node),
                                 .map = imp_source_map(node),
                                 .target = node->value,
                                 .scratch = scratch});
    return true;
}

const ImpConvolutionWay imp_convolution_to_image = {.prepare = prepare_to,
                                                    .forward = forward_to,
                                                    .backward_data = imp_convolution_backward_direct,
                                                    .applies_map = true};
