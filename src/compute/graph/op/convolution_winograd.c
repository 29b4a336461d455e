#include "compute/graph/op/convolution.h"

/* 3x3 convolutions between blocked activations by the Winograd kernel. */

static ImpWinograd forward_job(const ImpNode *node) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    return (ImpWinograd){.images = (int)imp_shape_images(node->shape),
                         .in_channels = node->source->shape.channels,
                         .out_channels = node->shape.channels,
                         .stride = spec->stride,
                         .height = node->source->shape.height,
                         .width = node->source->shape.width,
                         .padding = spec->padding,
                         .weights = spec->weights.value,
                         .bias = spec->bias.value,
                         .source = imp_source_value(node),
                         .map = imp_source_map(node),
                         .source_relu = node->source_relu,
                         .target = node->value,
                         .relu = spec->relu};
}

static ImpWinograd backward_job(const ImpNode *node) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    return (ImpWinograd){.images = (int)imp_shape_images(node->shape),
                         .in_channels = node->shape.channels,
                         .out_channels = node->source->shape.channels,
                         .height = node->shape.height,
                         .width = node->shape.width,
                         .padding = 2 - spec->padding,
                         .transposed = true,
                         .weights = spec->weights.value,
                         .source = node->gradient,
                         .target = node->source->gradient,
                         .target_mask = node->source_relu ? node->source->value : NULL};
}

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    (void)error;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    ImpWinograd forward = forward_job(node), backward = backward_job(node);
    imp_convolution_need(node, kernels->winograd_scratch(&forward, imp_graph_threads(node->graph)));
    imp_convolution_need(node, kernels->winograd_scratch(&backward, imp_graph_threads(node->graph)));
    return IMP_OK;
}

static bool forward(ImpNode *node, float *scratch) {
    ImpWinograd job = forward_job(node);
    job.scratch = scratch;
    imp_graph_kernels(node->graph)->winograd(&job);
    return true;
}

static bool backward_data(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    ImpWinograd job = backward_job(node);
    job.source_mask = mask;
    job.accumulate = into == IMP_ADD;
    job.scratch = scratch;
    imp_graph_kernels(node->graph)->winograd(&job);
    return true;
}

const ImpConvolutionWay imp_convolution_winograd = {.prepare = prepare,
                                                    .forward = forward,
                                                    .backward_data = backward_data,
                                                    .masks = true,
                                                    .applies_relu = true,
                                                    .applies_map = true,
                                                    .learns_mapped = true};

/* Of stride 2: forward only. */
static ImpStatus prepare_strided(ImpNode *node, ImpError *error) {
    ImpWinograd job = forward_job(node);
    imp_convolution_need(node, imp_graph_kernels(node->graph)->winograd_scratch(&job, imp_graph_threads(node->graph)));
    return imp_convolution_prepare_direct(node, error);
}

const ImpConvolutionWay imp_convolution_strided = {.prepare = prepare_strided,
                                                   .forward = forward,
                                                   .backward_data = imp_convolution_backward_direct,
                                                   .applies_map = true};
