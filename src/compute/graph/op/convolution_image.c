#include "compute/graph/op/convolution.h"

/* Convolutions with a plain image on one side: a network's first and its last layer. From few channels to many runs in
 * oneDNN, from many to few in a kernel of ours; the backward pass of one is the forward pass of the other with the
 * filters turned. */

/* --- from an image ------------------------------------------------------------------------------------------------ */

static ImpStatus prepare_from(ImpNode *node, ImpError *error) {
    ImpConvolutionState *state = node->state;
    ImpDnnlConvolutionSpec spec = imp_convolution_describe(node);
    ImpStatus status = imp_dnnl_forward_new(&spec, &state->forward, error);
    if (state->spec.stride == 1) {
        imp_convolution_need(
            node, imp_graph_kernels(node->graph)->to_image_scratch(node->shape.channels, state->spec.kernel));
    } else {
        imp_convolution_need(node, imp_node_floats(node->source));
        if (status == IMP_OK) status = imp_dnnl_backward_new(&spec, &state->backward, error);
    }
    return status;
}

static bool forward_from(ImpNode *node, float *scratch) {
    (void)scratch;
    const ImpConvolutionState *state = node->state;
    return imp_dnnl_convolution_run(state->forward, state->spec.weights.value, state->spec.bias.value,
                                    node->source->value, node->value);
}

/* Rare and slow: oneDNN has no fast code for this shape. */
static bool backward_from_strided(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    const ImpConvolutionState *state = node->state;
    for (size_t i = 0; mask && i < imp_node_floats(node); i++)
        if (!(mask[i] > 0)) node->gradient[i] = 0;
    float *target = into == IMP_ADD ? scratch : node->source->gradient;
    if (!imp_dnnl_convolution_run(state->backward, state->spec.weights.value, NULL, node->gradient, target))
        return false;
    if (into == IMP_ADD) imp_pass_on(into, scratch, node->source->gradient, imp_node_floats(node->source));
    return true;
}

static bool backward_from(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    const ImpConvolution *spec = &((const ImpConvolutionState *)node->state)->spec;
    if (spec->stride != 1) return backward_from_strided(node, mask, scratch, into);
    imp_graph_kernels(node->graph)
        ->to_image(&(ImpToImage){.images = (int)imp_shape_images(node->shape),
                                 .channels = node->shape.channels,
                                 .planes = node->source->shape.channels,
                                 .height = node->shape.height,
                                 .width = node->shape.width,
                                 .kernel = spec->kernel,
                                 .padding = spec->kernel - 1 - spec->padding,
                                 .transposed = true,
                                 .weights = spec->weights.value,
                                 .source = node->gradient,
                                 .source_mask = mask,
                                 .target = node->source->gradient,
                                 .accumulate = into == IMP_ADD,
                                 .scratch = scratch});
    return true;
}

const ImpConvolutionWay imp_convolution_from_image = {
    .prepare = prepare_from, .forward = forward_from, .backward_data = backward_from, .masks = true};

/* --- to an image -------------------------------------------------------------------------------------------------- */

static size_t weight_floats(const ImpNode *node) {
    const ImpConvolution *spec = &((const ImpConvolutionState *)node->state)->spec;
    return (size_t)node->shape.channels * (size_t)node->source->shape.channels * (size_t)(spec->kernel * spec->kernel);
}

/* Scratch of the backward pass: turned weights, zeros for a bias, a gradient that is to be added. */
static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

static ImpStatus prepare_to(ImpNode *node, ImpError *error) {
    ImpConvolutionState *state = node->state;
    ImpDnnlConvolutionSpec forward = imp_convolution_describe(node), spec = forward;
    spec.source = forward.target;
    spec.target = forward.source;
    spec.padding = forward.kernel - 1 - forward.padding;
    size_t channels = (size_t)node->source->shape.channels;
    imp_convolution_need(
        node, imp_graph_kernels(node->graph)->to_image_scratch(node->source->shape.channels, forward.kernel));
    imp_convolution_need(node, aligned(weight_floats(node)) + aligned(channels) + imp_node_floats(node->source));
    return imp_dnnl_forward_new(&spec, &state->backward, error);
}

static bool forward_to(ImpNode *node, float *scratch) {
    const ImpConvolution *spec = &((const ImpConvolutionState *)node->state)->spec;
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
                                 .source = node->source->value,
                                 .target = node->value,
                                 .scratch = scratch});
    return true;
}

/* weights (out,in,k,k) -> (in,out,k,k), each filter turned by 180 degrees. */
static void turn_weights(const ImpNode *node, float *turned) {
    const ImpConvolution *spec = &((const ImpConvolutionState *)node->state)->spec;
    size_t out = (size_t)node->shape.channels, in = (size_t)node->source->shape.channels;
    size_t taps = (size_t)(spec->kernel * spec->kernel);
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++)
            for (size_t k = 0; k < taps; k++)
                turned[(i * out + o) * taps + taps - 1 - k] = spec->weights.value[(o * in + i) * taps + k];
}

static bool backward_to(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    (void)mask;
    const ImpConvolutionState *state = node->state;
    size_t channels = (size_t)node->source->shape.channels;
    float *zeros = scratch + aligned(weight_floats(node)), *sum = zeros + aligned(channels);
    turn_weights(node, scratch);
    for (size_t i = 0; i < channels; i++) zeros[i] = 0;
    float *target = into == IMP_ADD ? sum : node->source->gradient;
    if (!imp_dnnl_convolution_run(state->backward, scratch, zeros, node->gradient, target)) return false;
    if (into == IMP_ADD) imp_pass_on(into, sum, node->source->gradient, imp_node_floats(node->source));
    return true;
}

const ImpConvolutionWay imp_convolution_to_image = {
    .prepare = prepare_to, .forward = forward_to, .backward_data = backward_to};
