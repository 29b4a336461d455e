#include "loss/covariance.h"

#include "base/memory.h"
#include "base/threads.h"
#include "compute/kernel/kernel.h"
#include "feature/moments.h"
#include <assert.h>
#include <math.h>
#include <string.h>

enum { PART = 8192, MOST_LANES = 16 }; /* places at a time */

static size_t part_of(ImpShape shape) {
    size_t places = imp_shape_places(shape);
    return places < PART ? places : PART;
}

ImpStatus imp_covariance_new(ImpShape shape, ImpCovariance *out, ImpError *error) {
    const ImpKernels *kernels = imp_kernels();
    size_t channels = (size_t)shape.channels, block = (size_t)kernels->block, part = part_of(shape);
    size_t floats = (channels + block - 1) / block * block * part;
    size_t gram = kernels->gram_scratch(shape.channels, part);
    size_t mix = kernels->mix_scratch(shape.channels, shape.channels);
    *out = (ImpCovariance){0};
    ImpStatus status = IMP_ALLOC(&out->mean, channels, "covariance", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->deviation, channels, "covariance", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->part, floats, "covariance", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->mixed, floats, "covariance", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->gram, channels * channels, "covariance", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->scratch, gram > mix ? gram : mix, "covariance", error);
    if (status != IMP_OK) imp_covariance_free(out);
    return status;
}

void imp_covariance_free(ImpCovariance *covariance) {
    imp_free(covariance->mean);
    imp_free(covariance->deviation);
    imp_free(covariance->part);
    imp_free(covariance->mixed);
    imp_free(covariance->gram);
    imp_free(covariance->scratch);
    *covariance = (ImpCovariance){0};
}

/* Passes over the blocks of a part. */
typedef struct Part {
    const ImpTensor *activation;
    size_t first, count;        /* places */
    const float *places;        /* of the part, or NULL */
    bool root;                  /* whether centred numbers count the root of their weight, else their weight */
    const float *mean, *offset; /* (C); offset: what is added to each place of the gradient besides, times its weight */
    float *part, *mixed;
    float *gradient; /* of the whole activation */
} Part;

/* The numbers (C) of a block, with zeros beyond the channels. */
static void take_lanes(const Part *p, size_t block, const float *from, float *lanes) {
    size_t width = (size_t)p->activation->block, first = block * width;
    size_t left = (size_t)p->activation->shape.channels - first;
    memset(lanes, 0, MOST_LANES * sizeof *lanes);
    memcpy(lanes, from + first, (left < width ? left : width) * sizeof *lanes);
}

/* Where a block's numbers of the part begin in the activation. */
static size_t begin_of(const Part *p, size_t block) {
    return (block * imp_shape_places(p->activation->shape) + p->first) * (size_t)p->activation->block;
}

/* Task: one block. part = weight (F - m). */
static void centre(void *context, size_t block) {
    const Part *p = context;
    size_t width = (size_t)p->activation->block;
    const float *x = p->activation->data + begin_of(p, block);
    float mean[MOST_LANES], *to = p->part + block * p->count * width;
    take_lanes(p, block, p->mean, mean);
    for (size_t i = 0; i < p->count; i++, x += width, to += width) {
        float weight = p->places ? p->places[i] : 1;
        if (p->root) weight = sqrtf(weight);
        for (size_t lane = 0; lane < width; lane++) to[lane] = weight * (x[lane] - mean[lane]);
    }
}

/* Task: one block. gradient += mixed + weight offset. */
static void add_part(void *context, size_t block) {
    const Part *p = context;
    size_t width = (size_t)p->activation->block;
    const float *mixed = p->mixed + block * p->count * width;
    float offset[MOST_LANES], *to = p->gradient + begin_of(p, block);
    take_lanes(p, block, p->offset, offset);
    for (size_t i = 0; i < p->count; i++, mixed += width, to += width) {
        float weight = p->places ? p->places[i] : 1;
        for (size_t lane = 0; lane < width; lane++) to[lane] += mixed[lane] + weight * offset[lane];
    }
}

static Part part_at(const ImpCovariance *c, const ImpTensor *activation, const float *places, size_t first) {
    size_t n = imp_shape_places(activation->shape), part = part_of(activation->shape);
    return (Part){.activation = activation,
                  .first = first,
                  .count = n - first < part ? n - first : part,
                  .places = places ? places + first : NULL,
                  .mean = c->mean,
                  .part = c->part,
                  .mixed = c->mixed};
}

static size_t blocks_of(const ImpTensor *activation) {
    return ((size_t)activation->shape.channels + (size_t)activation->block - 1) / (size_t)activation->block;
}

void imp_covariance_measure(ImpCovariance *c, const ImpTensor *activation, const float *places, double total,
                            double *covariance) {
    assert(activation->layout == IMP_LAYOUT_BLOCKED && activation->block == imp_kernels()->block && total > 0);
    size_t channels = (size_t)activation->shape.channels, count = channels * channels;
    imp_moments(activation, places, c->mean, c->deviation);
    memset(covariance, 0, count * sizeof *covariance);
    for (size_t first = 0; first < imp_shape_places(activation->shape); first += PART) {
        Part part = part_at(c, activation, places, first);
        part.root = true;
        imp_parallel(blocks_of(activation), centre, &part);
        imp_kernels()->gram(activation->shape.channels, part.count, c->part, c->gram, c->scratch);
        for (size_t i = 0; i < count; i++) covariance[i] += c->gram[i] / total;
    }
}

void imp_covariance_add_gradient(const ImpCovariance *c, const ImpTensor *activation, const float *places,
                                 const float *matrix, const float *offset, const ImpTensor *gradient) {
    int channels = activation->shape.channels;
    for (size_t first = 0; first < imp_shape_places(activation->shape); first += PART) {
        Part part = part_at(c, activation, places, first);
        part.offset = offset;
        part.gradient = gradient->data;
        imp_parallel(blocks_of(activation), centre, &part);
        imp_kernels()->mix(channels, channels, part.count, matrix, c->part, c->mixed, false, c->scratch);
        imp_parallel(blocks_of(activation), add_part, &part);
    }
}
