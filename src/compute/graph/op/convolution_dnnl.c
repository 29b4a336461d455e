#include "compute/graph/op/convolution.h"

/* Convolutions of any kernel and stride between blocked activations, by oneDNN. */

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    ImpConvolutionState *state = node->state;
    ImpDnnlConvolutionSpec spec = imp_convolution_describe(node);
    ImpStatus status = imp_dnnl_forward_new(&spec, &state->forward, error);
    if (status == IMP_OK) status = imp_dnnl_backward_new(&spec, &state->backward, error);
    imp_convolution_need(node, imp_node_floats(node->source)); /* for a gradient that is added */
    return status;
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    const ImpConvolutionState *state = node->state;
    return imp_dnnl_convolution_run(state->forward, state->spec.weights.value, state->spec.bias.value,
                                    node->source->value, node->value);
}

static bool backward_data(ImpNode *node, const float *mask, float *scratch, ImpInto into) {
    (void)mask;
    const ImpConvolutionState *state = node->state;
    float *target = into == IMP_ADD ? scratch : node->source->gradient;
    if (!imp_dnnl_convolution_run(state->backward, state->spec.weights.value, NULL, node->gradient, target))
        return false;
    if (into == IMP_ADD) imp_pass_on(into, scratch, node->source->gradient, imp_node_floats(node->source));
    return true;
}

const ImpConvolutionWay imp_convolution_dnnl = {.prepare = prepare, .forward = forward, .backward_data = backward_data};
