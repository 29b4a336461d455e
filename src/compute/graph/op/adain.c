#include "base/error.h"
#include "base/memory.h"
#include "compute/graph/op/channels.h"
#include <assert.h>
#include <math.h>

/* y = factor x + offset with factor = strength style_deviation / deviation + 1 - strength, a channel. The backward pass
 * is instance normalisation's, plus what goes past it. */

static const double epsilon = 1e-5;

typedef struct Adain {
    double strength;
    float *lanes;                        /* the following, (planes,B) each */
    float *mean, *variance;              /* of x */
    float *style_mean, *style_deviation; /* */
    float *factor, *offset;              /* y = factor x + offset */
    float *back_other, *back_offset;     /* dx = factor g + back_other x + back_offset */
} Adain;

enum { LANE_ARRAYS = 8 };

static ImpStatus prepare(ImpNode *node, ImpError *error) {
    Adain *adain = node->state;
    size_t lanes = imp_node_planes(node) * (size_t)imp_graph_kernels(node->graph)->block;
    node->scratch_floats = imp_channel_scratch(node);
    ImpStatus status = IMP_ALLOC(&adain->lanes, LANE_ARRAYS * lanes, "adaptive instance normalisation", error);
    if (status != IMP_OK) return status;
    float **arrays[LANE_ARRAYS] = {&adain->mean,   &adain->variance, &adain->style_mean, &adain->style_deviation,
                                   &adain->factor, &adain->offset,   &adain->back_other, &adain->back_offset};
    for (size_t i = 0; i < LANE_ARRAYS; i++) *arrays[i] = adain->lanes + i * lanes;
    return IMP_OK;
}

static bool forward(ImpNode *node, float *scratch) {
    Adain *adain = node->state;
    imp_channel_moments(node, adain->mean, adain->variance, scratch);
    for (size_t n = 0; n < imp_shape_images(node->shape); n++)
        for (size_t c = 0; c < (size_t)node->shape.channels; c++) {
            size_t i = imp_channel_at(node, n, c);
            double factor = (double)adain->style_deviation[i] / sqrt((double)adain->variance[i] + epsilon);
            double offset = (double)adain->style_mean[i] - factor * (double)adain->mean[i];
            adain->factor[i] = (float)(adain->strength * factor + 1 - adain->strength);
            adain->offset[i] = (float)(adain->strength * offset);
        }
    imp_graph_kernels(node->graph)
        ->affine(&(ImpAffine){.planes = imp_node_planes(node),
                              .places = imp_shape_places(node->shape),
                              .a = node->source->value,
                              .scale = adain->factor,
                              .offset = adain->offset,
                              .target = node->value});
    return true;
}

static void use_sums(const ImpNode *node, const double *sums) {
    Adain *adain = node->state;
    size_t block = (size_t)imp_graph_kernels(node->graph)->block;
    double places = (double)imp_shape_places(node->shape);
    for (size_t n = 0; n < imp_shape_images(node->shape); n++)
        for (size_t c = 0; c < (size_t)node->shape.channels; c++) {
            size_t i = imp_channel_at(node, n, c);
            double plain = sums[i / block * 2 * block + i % block];
            double product = sums[(i / block * 2 + 1) * block + i % block];
            double square = (double)adain->variance[i] + epsilon;
            double factor = adain->strength * (double)adain->style_deviation[i] / sqrt(square);
            double other = -factor * product / (places * square);
            adain->back_other[i] = (float)other;
            adain->back_offset[i] = (float)(-factor * plain / places - other * (double)adain->mean[i]);
        }
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    const Adain *adain = node->state;
    if (into[0] == IMP_INTO_NOTHING) return true;
    ImpAffine job = {.planes = imp_node_planes(node),
                     .places = imp_shape_places(node->shape),
                     .a = node->gradient,
                     .scale = adain->factor,
                     .b = node->source->value,
                     .other = adain->back_other,
                     .offset = adain->mean,
                     .target = node->source->gradient,
                     .accumulate = into[0] == IMP_ADD};
    use_sums(node, imp_channel_products(node, &job, scratch));
    job.offset = adain->back_offset;
    imp_graph_kernels(node->graph)->affine(&job);
    return true;
}

static void release(ImpNode *node) {
    imp_free(((Adain *)node->state)->lanes);
}

static const ImpOp adain = {.name = "adaptive instance normalisation",
                            .prepare = prepare,
                            .forward = forward,
                            .backward = backward,
                            .release = release};

ImpStatus imp_graph_adain(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED);
    ImpStatus status = imp_graph_add(graph, &adain, source, source->shape, source->layout, sizeof(Adain), out, error);
    if (status == IMP_OK) (*out)->backward_reads_source = true;
    return status;
}

void imp_graph_set_style(ImpNode *node, const float *mean, const float *deviation, float strength) {
    Adain *state = node->state;
    assert(node->op == &adain && state->lanes);
    state->strength = (double)strength;
    imp_channel_from_plain(node, mean, state->style_mean);
    imp_channel_from_plain(node, deviation, state->style_deviation);
}
