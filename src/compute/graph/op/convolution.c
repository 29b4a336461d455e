#include "base/error.h"
#include "base/memory.h"
#include "compute/graph/node.h"
#include "compute/tensor/dnnl_convolution.h"
#include <assert.h>

/* 3x3 convolutions. Between blocked activations they run as Winograd; a network's first layer, which reads a plain
 * image of 3 channels, runs forward in oneDNN and backward in a kernel of ours (oneDNN has none for this shape). */

typedef struct Convolution {
    const float *weights, *bias; /* (out,in,3,3), (out) */
    int padding;
    bool relu;
    ImpDnnlConvolution *first; /* the first layer's forward pass */
} Convolution;

static bool is_first(const ImpNode *node) {
    return node->source->layout == IMP_LAYOUT_PLAIN;
}

static ImpWinograd forward_job(const ImpNode *node) {
    const Convolution *c = node->state;
    return (ImpWinograd){.in_channels = node->source->shape.channels,
                         .out_channels = node->shape.channels,
                         .height = node->shape.height,
                         .width = node->shape.width,
                         .weights = c->weights,
                         .bias = c->bias,
                         .source = node->source->value,
                         .source_relu = node->source_relu,
                         .target = node->value,
                         .relu = c->relu};
}

static ImpWinograd backward_job(const ImpNode *node) {
    const Convolution *c = node->state;
    return (ImpWinograd){.in_channels = node->shape.channels,
                         .out_channels = node->source->shape.channels,
                         .height = node->shape.height,
                         .width = node->shape.width,
                         .transposed = true,
                         .weights = c->weights,
                         .source = node->gradient,
                         .source_mask = c->relu ? node->value : NULL,
                         .target = node->source->gradient,
                         .target_mask = node->source_relu ? node->source->value : NULL};
}

static ImpStatus prepare_first(ImpNode *node, ImpError *error) {
    Convolution *c = node->state;
    int block = imp_graph_kernels(node->graph)->block;
    ImpDnnlConvolutionSpec spec = {.source = {.shape = node->source->shape, .layout = IMP_LAYOUT_PLAIN, .block = 1},
                                   .target = {.shape = node->shape, .layout = IMP_LAYOUT_BLOCKED, .block = block},
                                   .kernel = 3,
                                   .stride = 1,
                                   .padding = c->padding,
                                   .relu = c->relu};
    node->scratch_floats = imp_graph_kernels(node->graph)->to_image_scratch(node->shape.channels);
    return imp_dnnl_convolution_new(&spec, c->weights, c->bias, &c->first, error);
}

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    if (is_first(node)) return prepare_first(node, error);
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    ImpWinograd forward = forward_job(node), backward = backward_job(node);
    size_t a = kernels->winograd_scratch(&forward, imp_graph_threads(node->graph));
    size_t b = kernels->winograd_scratch(&backward, imp_graph_threads(node->graph));
    node->scratch_floats = a > b ? a : b;
    return IMP_OK;
}

static bool forward(ImpNode *node, float *scratch) {
    Convolution *c = node->state;
    if (is_first(node)) return imp_dnnl_convolution_forward(c->first, node->source->value, node->value);
    ImpWinograd job = forward_job(node);
    job.scratch = scratch;
    imp_graph_kernels(node->graph)->winograd(&job);
    return true;
}

static void backward(ImpNode *node, float *scratch, bool accumulate) {
    const Convolution *c = node->state;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    if (is_first(node)) {
        ImpShape image = node->source->shape;
        kernels->to_image(&(ImpToImage){.channels = node->shape.channels,
                                        .planes = image.channels,
                                        .height = image.height,
                                        .width = image.width,
                                        .padding = c->padding,
                                        .weights = c->weights,
                                        .source = node->gradient,
                                        .source_mask = c->relu ? node->value : NULL,
                                        .target = node->source->gradient,
                                        .accumulate = accumulate,
                                        .scratch = scratch});
        return;
    }
    ImpWinograd job = backward_job(node);
    job.accumulate = accumulate;
    job.scratch = scratch;
    kernels->winograd(&job);
}

static void release(ImpNode *node) {
    Convolution *c = node->state;
    imp_dnnl_convolution_free(&c->first);
}

static const ImpOp convolution = {.name = "convolution",
                                  .backward_reads_value = true,
                                  .prepare = prepare,
                                  .forward = forward,
                                  .backward = backward,
                                  .release = release};
/* Without a ReLU of its own, the backward pass needs no activation. */
static const ImpOp linear_convolution = {
    .name = "convolution", .prepare = prepare, .forward = forward, .backward = backward, .release = release};

ImpStatus imp_graph_convolution(ImpGraph *graph, ImpNode *source, int out_channels, int padding, bool relu,
                                const float *weights, const float *bias, ImpNode **out, ImpError *error) {
    bool first = source->layout == IMP_LAYOUT_PLAIN;
    assert(first ? source->shape.channels == 3 && padding <= 1 : padding == 1);
    (void)first;
    ImpShape shape = {out_channels, source->shape.height + 2 * padding - 2, source->shape.width + 2 * padding - 2};
    ImpStatus status = imp_graph_add(graph, relu ? &convolution : &linear_convolution, source, shape,
                                     IMP_LAYOUT_BLOCKED, sizeof(Convolution), out, error);
    if (status != IMP_OK) return status;
    *(Convolution *)(*out)->state = (Convolution){.weights = weights, .bias = bias, .padding = padding, .relu = relu};
    return IMP_OK;
}
