#include "compute/graph/op/convolution.h"

#include "base/memory.h"

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

/* Transforming the filters of a layer costs what multiplying a few dozen tiles does: it tells where a layer has few
 * places. Wide layers' filters would take more memory than that is worth. */
enum { KEPT_PLACES = 1 << 14, KEPT_BYTES = 6 << 20 };

static ImpStatus prepare_job(ImpNode *node, int direction, ImpWinograd job, ImpError *error) {
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    ImpConvolutionState *state = node->state;
    size_t floats = kernels->winograd_filters(&job);
    ImpStatus status = IMP_OK;
    if (state->spec.weights.constant && floats * sizeof(float) <= KEPT_BYTES &&
        imp_shape_places(node->shape) * imp_shape_images(node->shape) <= KEPT_PLACES)
        status = IMP_ALLOC(&state->kept[direction].filters, floats, "filters", error);
    job.filters = state->kept[direction].filters;
    if (job.filters) node->kept_floats += floats;
    imp_convolution_need(node, kernels->winograd_scratch(&job, imp_graph_threads(node->graph)));
    return status;
}

static bool run_job(ImpNode *node, int direction, ImpWinograd job, float *scratch) {
    ImpConvolutionState *state = node->state;
    job.scratch = scratch;
    job.filters = state->kept[direction].filters;
    job.filters_are_made = state->kept[direction].made;
    imp_graph_kernels(node->graph)->winograd(&job);
    state->kept[direction].made = job.filters != NULL;
    return true;
}

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    ImpStatus status = prepare_job(node, 0, forward_job(node), error);
    bool both = status == IMP_OK && imp_graph_goes_back(node->graph);
    return both ? prepare_job(node, 1, backward_job(node), error) : status;
}

static bool forward(ImpNode *node, float *scratch) {
    return run_job(node, 0, forward_job(node), scratch);
}

static bool backward_data(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    ImpWinograd job = backward_job(node);
    job.source_mask = mask;
    job.accumulate = into == IMP_ADD;
    return run_job(node, 1, job, scratch);
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
    ImpStatus status = prepare_job(node, 0, forward_job(node), error);
    return status == IMP_OK ? imp_convolution_prepare_direct(node, error) : status;
}

const ImpConvolutionWay imp_convolution_strided = {.prepare = prepare_strided,
                                                   .forward = forward,
                                                   .backward_data = imp_convolution_backward_direct,
                                                   .applies_map = true};
