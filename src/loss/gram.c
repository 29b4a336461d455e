#include "base/memory.h"
#include "compute/kernel/kernel.h"
#include "loss/loss_private.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* Style as correlations of channels: squared distance of Gram matrices G = F F^T (C,C), F (C,N) with N = H W.
 *   mean:   w mean (G / (C N) - T)^2                 gradient 4 w / (C^2 C N) (G / (C N) - T) F
 *   Gatys:  w / (4 C^2 N^2) sum (G - N T)^2          gradient w / (C^2 N^2) (G - N T) F
 *   relative: w sum (G / N - T)^2 / sum T^2          gradient 4 w / (N sum T^2) (G / N - T) F
 *   scaled: w Q / S of d = G / N - T                 gradient 2 w / N (2 / S d - Q / S^2 sign(d)) F
 * (Gatys, Ecker, Bethge 2016, eq. 3 to 6; T is the style's F F^T / (C N) or F F^T / N.) All but the last are factor *
 * sum (G/d - T)^2 with d = C N or N. */

typedef struct Gram {
    double *target, *matrix; /* (C,C) each */
    float *slope;            /* (C,C): gradient = slope F */
    float *scratch;
    double divisor, factor;
    bool scaled;
} Gram;

static double divisor_of(ImpNormalisation normalisation, ImpShape shape, int channels) {
    double places = (double)imp_shape_places(shape);
    return normalisation == IMP_NORMALISE_MEAN ? places * channels : places;
}

static void compute_matrix(const ImpTensor *activation, double *matrix, float *scratch) {
    assert(activation->layout == IMP_LAYOUT_BLOCKED);
    imp_kernels()->gram(activation->shape.channels, imp_shape_places(activation->shape), activation->data, matrix,
                        scratch);
}

ImpStatus imp_gram_matrix(const ImpTensor *activation, double *gram, ImpError *error) {
    float *scratch;
    size_t floats = imp_kernels()->gram_scratch(activation->shape.channels, imp_shape_places(activation->shape));
    ImpStatus status = IMP_ALLOC(&scratch, floats, "Gram matrix", error);
    if (status != IMP_OK) return status;
    compute_matrix(activation, gram, scratch);
    imp_free(scratch);
    return IMP_OK;
}

ImpStatus imp_gram_target(ImpNormalisation normalisation, const ImpTensor *activation, int channels, double *target,
                          ImpError *error) {
    ImpStatus status = imp_gram_matrix(activation, target, error);
    if (status != IMP_OK) return status;
    size_t count = (size_t)activation->shape.channels * (size_t)activation->shape.channels;
    double divisor = divisor_of(normalisation, activation->shape, channels);
    for (size_t i = 0; i < count; i++) target[i] /= divisor;
    return IMP_OK;
}

static double scaled_value(Gram *gram, double weight, size_t count) {
    double squares = 0, magnitudes = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = gram->matrix[i] / gram->divisor - gram->target[i];
        squares += difference * difference;
        magnitudes += fabs(difference);
    }
    ImpScaledError error = imp_scaled_error(squares, magnitudes);
    for (size_t i = 0; i < count; i++) {
        double difference = gram->matrix[i] / gram->divisor - gram->target[i];
        double sign = (double)((difference > 0) - (difference < 0));
        gram->slope[i] = (float)(2 * weight / gram->divisor * (error.linear * difference + error.constant * sign));
    }
    return weight * error.value;
}

static double mean_value(Gram *gram, double weight, size_t count) {
    double sum = 0, slope = weight * gram->factor * 4 / gram->divisor;
    for (size_t i = 0; i < count; i++) {
        double difference = gram->matrix[i] / gram->divisor - gram->target[i];
        gram->slope[i] = (float)(slope * difference);
        sum += difference * difference;
    }
    return weight * gram->factor * sum;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    Gram *gram = loss->state;
    compute_matrix(activation, gram->matrix, gram->scratch);
    size_t count = (size_t)loss->shape.channels * (size_t)loss->shape.channels;
    *out = gram->scaled ? scaled_value(gram, loss->weight, count) : mean_value(gram, loss->weight, count);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    Gram *gram = loss->state;
    imp_kernels()->mix(loss->shape.channels, loss->shape.channels, imp_shape_places(loss->shape), gram->slope,
                       activation->data, gradient->data, true, gram->scratch);
}

static void release(ImpLoss *loss) {
    Gram *gram = loss->state;
    imp_free(gram->target);
    imp_free(gram->matrix);
    imp_free(gram->slope);
    imp_free(gram->scratch);
}

static const ImpLossType gram_type = {.name = "gram", .value = value, .add_gradient = add_gradient, .free = release};

/* target holds `count` numbers. */
static double factor_of(ImpNormalisation normalisation, const double *target, size_t count, double channels) {
    if (normalisation != IMP_NORMALISE_RELATIVE)
        return (normalisation == IMP_NORMALISE_GATYS ? 0.25 : 1.0) / (channels * channels);
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += target[i] * target[i];
    return squares > 0 ? 1 / squares : 1;
}

static ImpStatus allocate(Gram *gram, ImpShape shape, ImpError *error) {
    size_t count = (size_t)shape.channels * (size_t)shape.channels;
    size_t a = imp_kernels()->gram_scratch(shape.channels, imp_shape_places(shape));
    size_t b = imp_kernels()->mix_scratch(shape.channels, shape.channels);
    ImpStatus status = IMP_ALLOC(&gram->target, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->matrix, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->slope, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->scratch, a > b ? a : b, "Gram matrix", error);
    return status;
}

ImpStatus imp_gram_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                            ImpShape shape, int channels, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&gram_type, tap, weight, shape, sizeof(Gram), out, error);
    if (status != IMP_OK) return status;
    Gram *gram = (*out)->state;
    status = allocate(gram, shape, error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    size_t count = (size_t)shape.channels * (size_t)shape.channels;
    memcpy(gram->target, target, count * sizeof *target);
    gram->divisor = divisor_of(normalisation, shape, channels);
    gram->scaled = normalisation == IMP_NORMALISE_SCALED;
    gram->factor = factor_of(normalisation, gram->target, count, channels);
    /* Sums of magnitudes grow as the root of how many numbers share the same squares: here C^2. */
    if (gram->scaled) (*out)->weight *= (double)shape.channels / channels;
    return IMP_OK;
}
