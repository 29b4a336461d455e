#include "compute/graph/op/convolution.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include <assert.h>

/* Convolutions: the builder chooses a way to run them; the gradients of weights and bias are here. */

void imp_convolution_need(ImpNode *node, size_t scratch_floats) {
    if (scratch_floats > node->scratch_floats) node->scratch_floats = scratch_floats;
}

/* --- gradients of the parameters ---------------------------------------------------------------------------------- */

static ImpWeightGradient weight_job(const ImpNode *node) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    ImpShape from = node->source->shape, to = node->shape;
    return (ImpWeightGradient){.images = (int)imp_shape_images(to),
                               .in_channels = from.channels,
                               .out_channels = to.channels,
                               .kernel = spec->kernel,
                               .stride = spec->stride,
                               .padding = spec->padding,
                               .in_height = from.height,
                               .in_width = from.width,
                               .out_height = to.height,
                               .out_width = to.width,
                               .source_plain = node->source->layout == IMP_LAYOUT_PLAIN,
                               .gradient_plain = node->layout == IMP_LAYOUT_PLAIN,
                               .source_relu = node->source_relu,
                               .source = imp_source_value(node),
                               .map = imp_source_map(node),
                               .gradient = node->gradient,
                               .weights = spec->weights.gradient};
}

/* Doubles that the bias' gradient needs, for the sums and for making them. */
static size_t bias_doubles(const ImpNode *node) {
    if (node->layout == IMP_LAYOUT_PLAIN) return 0;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t planes = imp_node_planes(node);
    return 2 * planes * (size_t)kernels->block + kernels->sums_scratch(planes, imp_shape_places(node->shape));
}

static void add_plain_bias(const ImpNode *node, float *bias) {
    size_t places = imp_shape_places(node->shape), channels = (size_t)node->shape.channels;
    const float *gradient = node->gradient;
    for (size_t plane = 0; plane < imp_shape_images(node->shape) * channels; plane++) {
        double sum = 0;
        for (size_t i = 0; i < places; i++) sum += (double)*gradient++;
        bias[plane % channels] += (float)sum;
    }
}

static void add_blocked_bias(const ImpNode *node, float *bias, double *sums) {
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t planes = imp_node_planes(node), block = (size_t)kernels->block, images = imp_shape_images(node->shape);
    ImpAffine job = {.planes = planes, .places = imp_shape_places(node->shape), .a = node->gradient};
    kernels->channel_products(&job, sums, sums + 2 * planes * block);
    for (size_t c = 0; c < (size_t)node->shape.channels; c++) {
        double sum = 0;
        for (size_t n = 0; n < images; n++) sum += sums[2 * block * (n * (planes / images) + c / block) + c % block];
        bias[c] += (float)sum;
    }
}

static void add_parameter_gradients(const ImpNode *node, float *scratch) {
    const ImpConvolution *spec = imp_convolution_spec(node);
    if (spec->weights.gradient) {
        ImpWeightGradient job = weight_job(node);
        job.scratch = scratch;
        imp_graph_kernels(node->graph)->weight_gradient(&job);
    }
    if (spec->bias.gradient && node->layout == IMP_LAYOUT_PLAIN) add_plain_bias(node, spec->bias.gradient);
    if (spec->bias.gradient && node->layout == IMP_LAYOUT_BLOCKED)
        add_blocked_bias(node, spec->bias.gradient, (double *)(void *)scratch);
}

/* --- the operation ------------------------------------------------------------------------------------------------ */

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    const ImpConvolutionState *state = node->state;
    if (state->spec.weights.gradient) {
        ImpWeightGradient job = weight_job(node);
        imp_convolution_need(node, imp_graph_kernels(node->graph)->weight_gradient_scratch(&job));
    }
    if (state->spec.bias.gradient) imp_convolution_need(node, 2 * bias_doubles(node));
    return state->way->prepare(node, error);
}

static bool forward(ImpNode *node, float *scratch) {
    return ((const ImpConvolutionState *)node->state)->way->forward(node, scratch);
}

typedef struct Mask {
    const float *value;
    float *gradient;
    size_t count;
} Mask;

static void mask_piece(void *context, size_t index) {
    const Mask *mask = context;
    size_t first = index * IMP_PIECE, end = first + IMP_PIECE < mask->count ? first + IMP_PIECE : mask->count;
    const float *value = mask->value;
    float *gradient = mask->gradient;
    for (size_t i = first; i < end; i++) gradient[i] = value[i] > 0 ? gradient[i] : 0;
}

/* Where several passes read the gradient, the ReLU's mask is applied to it once, in place. */
static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    const ImpConvolutionState *state = node->state;
    const float *value = state->spec.relu ? node->value : NULL;
    if (value && (node->learns || !state->way->masks)) {
        Mask mask = {.value = value, .gradient = node->gradient, .count = imp_node_floats(node)};
        imp_parallel((mask.count + IMP_PIECE - 1) / IMP_PIECE, mask_piece, &mask);
        value = NULL;
    }
    if (node->learns) add_parameter_gradients(node, scratch);
    return into[0] == IMP_INTO_NOTHING || state->way->backward_data(node, value, scratch, into[0]);
}

static void release(ImpNode *node) {
    const ImpConvolutionState *state = node->state;
    for (int i = 0; i < 2; i++) imp_free(state->kept[i].filters);
}

static const ImpOp convolution = {
    .name = "convolution", .prepare = prepare, .forward = forward, .backward = backward, .release = release};

/* Below this many channels, the 49 points of the strided way cost more than they save. */
enum { STRIDED_CHANNELS = 32 };

static const ImpConvolutionWay *way_of(const ImpNode *source, const ImpConvolution *spec) {
    if (source->layout == IMP_LAYOUT_PLAIN) return &imp_convolution_from_image;
    if (spec->to_image) return &imp_convolution_to_image;
    if (spec->kernel == 1 && spec->stride == 1 && !spec->bias.value && !spec->relu) return &imp_convolution_pointwise;
    if (spec->kernel != 3) return &imp_convolution_direct;
    if (spec->stride == 1) return &imp_convolution_winograd;
    return source->shape.channels < STRIDED_CHANNELS ? &imp_convolution_direct : &imp_convolution_strided;
}

static void check_spec(const ImpNode *source, const ImpConvolution *spec) {
    assert(spec->kernel % 2 == 1 && spec->kernel <= 15 && spec->padding >= 0 && spec->padding < spec->kernel);
    assert(spec->stride == 1 || spec->stride == 2);
    assert(source->layout == IMP_LAYOUT_BLOCKED || (source->shape.channels <= 3 && !spec->to_image));
    assert(!spec->to_image || (spec->out_channels <= 3 && spec->stride == 1 && !spec->relu));
    (void)source, (void)spec;
}

ImpStatus imp_graph_convolution(ImpGraph *graph, ImpNode *source, const ImpConvolution *given, ImpNode **out,
                                ImpError *error) {
    ImpConvolution spec = *given;
    if (spec.stride == 0) spec.stride = 1;
    check_spec(source, &spec);
    ImpShape shape = source->shape;
    int height = shape.height + 2 * spec.padding - spec.kernel, width = shape.width + 2 * spec.padding - spec.kernel;
    if (height < 0 || width < 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a %d x %d picture inside the network is too small for a convolution of %d x %d; take a larger "
                        "picture",
                        shape.width, shape.height, spec.kernel, spec.kernel);
    shape = (ImpShape){.channels = spec.out_channels,
                       .height = height / spec.stride + 1,
                       .width = width / spec.stride + 1,
                       .images = shape.images};
    ImpStatus status =
        imp_graph_add(graph, &convolution, source, shape, spec.to_image ? IMP_LAYOUT_PLAIN : IMP_LAYOUT_BLOCKED,
                      sizeof(ImpConvolutionState), out, error);
    if (status != IMP_OK) return status;
    ImpConvolutionState *state = (*out)->state;
    *state = (ImpConvolutionState){.spec = spec, .way = way_of(source, &spec)};
    (*out)->learns = spec.weights.gradient || spec.bias.gradient;
    (*out)->backward_reads_source = spec.weights.gradient;
    (*out)->backward_reads_value = spec.relu;
    (*out)->applies_relu = state->way->applies_relu;
    (*out)->applies_map = state->way->applies_map && (!spec.weights.gradient || state->way->learns_mapped);
    if (spec.to_image && spec.kernel < 5) (*out)->applies_map = false;
    return IMP_OK;
}
