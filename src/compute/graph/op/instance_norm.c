#include "base/error.h"
#include "base/memory.h"
#include "compute/graph/op/channels.h"
#include <assert.h>
#include <math.h>

/* y = factor x + offset with factor = scale / sqrt(variance + epsilon), offset = shift - factor mean, a channel. With g
 * the gradient of y (0 where the ReLU cut), over the n places of a channel: dscale = sum g (x - mean) / deviation
 * dshift = sum g dx = factor (g - sum g / n - (x - mean) sum g (x - mean) / (n deviation^2)) */

static const double epsilon = 1e-5;

typedef struct InstanceNorm {
    ImpInstanceNorm spec;
    int *sets;                              /* (N) */
    bool given;                             /* mean and variance come from the caller */
    float *lanes;                           /* the following, (planes,B) each */
    float *mean, *variance;                 /* of x */
    float *factor, *offset, *ones;          /* y = factor x + offset */
    float *back, *back_other, *back_offset; /* dx = back g + back_other x + back_offset */
} InstanceNorm;

enum { LANE_ARRAYS = 8 };

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    InstanceNorm *norm = node->state;
    size_t lanes = imp_node_planes(node) * (size_t)imp_graph_kernels(node->graph)->block;
    node->scratch_floats = imp_channel_scratch(node);
    ImpStatus status = IMP_ALLOC(&norm->sets, imp_shape_images(node->shape), "instance normalisation", error);
    if (status == IMP_OK) status = IMP_ALLOC(&norm->lanes, LANE_ARRAYS * lanes, "instance normalisation", error);
    if (status != IMP_OK) return status;
    float **arrays[LANE_ARRAYS] = {&norm->mean, &norm->variance, &norm->factor,     &norm->offset,
                                   &norm->ones, &norm->back,     &norm->back_other, &norm->back_offset};
    for (size_t i = 0; i < LANE_ARRAYS; i++) *arrays[i] = norm->lanes + i * lanes;
    for (size_t i = 0; i < lanes; i++) norm->ones[i] = 1;
    return IMP_OK;
}

/* Index of channel c of image n in the scales and shifts. */
static size_t parameter_at(const ImpNode *node, size_t n, size_t c) {
    const InstanceNorm *norm = node->state;
    return (size_t)norm->sets[n] * (size_t)node->shape.channels + c;
}

static bool forward(ImpNode *node, float *scratch) {
    InstanceNorm *norm = node->state;
    if (!norm->given) imp_channel_moments(node, norm->mean, norm->variance, scratch);
    for (size_t n = 0; n < imp_shape_images(node->shape); n++)
        for (size_t c = 0; c < (size_t)node->shape.channels; c++) {
            size_t i = imp_channel_at(node, n, c), p = parameter_at(node, n, c);
            double factor = (double)norm->spec.scale.value[p] / sqrt((double)norm->variance[i] + epsilon);
            norm->factor[i] = (float)factor;
            norm->offset[i] = (float)((double)norm->spec.shift.value[p] - factor * (double)norm->mean[i]);
        }
    ImpAffine job = {.planes = imp_node_planes(node),
                     .places = imp_shape_places(node->shape),
                     .a = node->source->value,
                     .scale = norm->factor,
                     .b = node->second ? node->second->value : NULL,
                     .other = norm->ones,
                     .offset = norm->offset,
                     .target = node->value,
                     .relu = norm->spec.relu};
    imp_graph_kernels(node->graph)->affine(&job);
    return true;
}

/* The gradients of scale and shift from the sums, and the coefficients of dx. */
static void use_sums(const ImpNode *node, const double *sums) {
    InstanceNorm *norm = node->state;
    size_t block = (size_t)imp_graph_kernels(node->graph)->block;
    double places = (double)imp_shape_places(node->shape);
    for (size_t n = 0; n < imp_shape_images(node->shape); n++)
        for (size_t c = 0; c < (size_t)node->shape.channels; c++) {
            size_t i = imp_channel_at(node, n, c), p = parameter_at(node, n, c);
            double plain = sums[i / block * 2 * block + i % block];
            double product = sums[(i / block * 2 + 1) * block + i % block];
            double square = (double)norm->variance[i] + epsilon, factor = (double)norm->factor[i];
            double other = norm->given ? 0 : -factor * product / (places * square);
            if (norm->spec.scale.gradient) norm->spec.scale.gradient[p] += (float)(product / sqrt(square));
            if (norm->spec.shift.gradient) norm->spec.shift.gradient[p] += (float)plain;
            norm->back[i] = norm->factor[i];
            norm->back_other[i] = (float)other;
            norm->back_offset[i] = norm->given ? 0 : (float)(-factor * plain / places - other * (double)norm->mean[i]);
        }
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    InstanceNorm *norm = node->state;
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    ImpAffine job = {.planes = imp_node_planes(node),
                     .places = imp_shape_places(node->shape),
                     .a = node->gradient,
                     .b = node->source->value,
                     .offset = norm->mean,
                     .mask_scale = norm->spec.relu ? norm->factor : NULL,
                     .mask_offset = norm->spec.relu ? norm->offset : NULL};
    use_sums(node, imp_channel_products(node, &job, scratch));
    job.scale = norm->back;
    job.other = norm->back_other;
    job.offset = norm->back_offset;
    job.target = node->source->gradient;
    job.accumulate = into[0] == IMP_ADD;
    if (into[0] != IMP_INTO_NOTHING) kernels->affine(&job);
    if (node->second) imp_pass_on(into[1], node->gradient, node->second->gradient, imp_node_floats(node));
    return true;
}

static void release(ImpNode *node) {
    InstanceNorm *norm = node->state;
    imp_free(norm->sets);
    imp_free(norm->lanes);
}

static const ImpOp instance_norm = {.name = "instance normalisation",
                                    .in_place = true,
                                    .prepare = prepare,
                                    .forward = forward,
                                    .backward = backward,
                                    .release = release};

ImpStatus imp_graph_instance_norm(ImpGraph *graph, ImpNode *source, const ImpInstanceNorm *norm, ImpNode **out,
                                  ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED && !(norm->added && norm->relu));
    ImpStatus status =
        imp_graph_add(graph, &instance_norm, source, source->shape, source->layout, sizeof(InstanceNorm), out, error);
    if (status != IMP_OK) return status;
    ((InstanceNorm *)(*out)->state)->spec = *norm;
    (*out)->second = norm->added;
    (*out)->backward_reads_source = true;
    (*out)->learns = norm->scale.gradient || norm->shift.gradient;
    return IMP_OK;
}

static InstanceNorm *state_of(const ImpNode *node) {
    assert(node->op == &instance_norm && ((const InstanceNorm *)node->state)->lanes);
    return node->state;
}

void imp_graph_choose_sets(ImpNode *node, const int *sets) {
    InstanceNorm *norm = state_of(node);
    for (size_t n = 0; n < imp_shape_images(node->shape); n++) {
        assert(sets[n] >= 0 && (sets[n] == 0 || sets[n] < norm->spec.sets));
        norm->sets[n] = sets[n];
    }
}

void imp_graph_give_statistics(ImpNode *node, const float *mean, const float *variance) {
    InstanceNorm *norm = state_of(node);
    norm->given = mean != NULL;
    if (!mean) return;
    imp_channel_from_plain(node, mean, norm->mean);
    imp_channel_from_plain(node, variance, norm->variance);
}

void imp_graph_read_statistics(const ImpNode *node, float *mean, float *variance) {
    const InstanceNorm *norm = state_of(node);
    imp_channel_to_plain(node, norm->mean, mean);
    imp_channel_to_plain(node, norm->variance, variance);
}
