#include "compute/graph/op/convolution.h"

/* Convolutions of any kernel and stride between blocked activations. */

static ImpDirect forward_job(const ImpNode *node) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    ImpShape from = node->source->shape, to = node->shape;
    return (ImpDirect){.images = (int)imp_shape_images(to),
                       .in_channels = from.channels,
                       .out_channels = to.channels,
                       .kernel = spec->kernel,
                       .stride = spec->stride,
                       .padding = spec->padding,
                       .height = from.height,
                       .width = from.width,
                       .out_height = to.height,
                       .out_width = to.width,
                       .source_plain = node->source->layout == IMP_LAYOUT_PLAIN,
                       .weights = spec->weights.value,
                       .bias = spec->bias.value,
                       .source = imp_source_value(node),
                       .map = imp_source_map(node),
                       .target = node->value,
                       .relu = spec->relu};
}

static ImpDirect backward_job(const ImpNode *node) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    ImpShape from = node->source->shape, to = node->shape;
    return (ImpDirect){.images = (int)imp_shape_images(to),
                       .in_channels = to.channels,
                       .out_channels = from.channels,
                       .kernel = spec->kernel,
                       .stride = spec->stride,
                       .padding = spec->padding,
                       .height = to.height,
                       .width = to.width,
                       .out_height = from.height,
                       .out_width = from.width,
                       .transposed = true,
                       .source_plain = node->layout == IMP_LAYOUT_PLAIN,
                       .weights = spec->weights.value,
                       .source = node->gradient,
                       .target = node->source->gradient};
}

ImpStatus imp_convolution_prepare_direct(ImpNode *node, ImpError *error) {
    (void)error;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    ImpDirect forward = forward_job(node), backward = backward_job(node);
    imp_convolution_need(node, kernels->direct_scratch(&forward, imp_graph_threads(node->graph)));
    imp_convolution_need(node, kernels->direct_scratch(&backward, imp_graph_threads(node->graph)));
    return IMP_OK;
}

bool imp_convolution_forward_direct(ImpNode *node, float *scratch) {
    ImpDirect job = forward_job(node);
    job.scratch = scratch;
    imp_graph_kernels(node->graph)->direct(&job);
    return true;
}

bool imp_convolution_backward_direct(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    (void)mask;
    ImpDirect job = backward_job(node);
    job.accumulate = into == IMP_ADD;
    job.scratch = scratch;
    imp_graph_kernels(node->graph)->direct(&job);
    return true;
}

const ImpConvolutionWay imp_convolution_direct = {.prepare = imp_convolution_prepare_direct,
                                                  .forward = imp_convolution_forward_direct,
                                                  .backward_data = imp_convolution_backward_direct,
                                                  .applies_map = true};
