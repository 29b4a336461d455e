#include "base/memory.h"
#include "compute/kernel/kernel.h"
#include "loss/loss_private.h"
#include "loss/places.h"
#include "loss/projection.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* Style as correlations of channels: squared distance of Gram matrices G = F F^T (C,C), F (C,N) with N = H W.
 *   mean:   w mean (G / (C N) - T)^2                 gradient 4 w / (C^2 C N) (G / (C N) - T) F
 *   Gatys:  w / (4 C^2 N^2) sum (G - N T)^2          gradient w / (C^2 N^2) (G - N T) F
 *   relative: w sum (G / N - T)^2 / sum T^2          gradient 4 w / (N sum T^2) (G / N - T) F
 *   scaled: w Q / S of d = G / N - T                 gradient 2 w / N (2 / S d - Q / S^2 sign(d)) F
 * (Gatys, Ecker, Bethge 2016, eq. 3 to 6; T is the style's F F^T / (C N) or F F^T / N.) All but the last are factor *
 * sum (G/d - T)^2 with d = C N or N.
 *
 * Where places have weights m, F becomes sqrt(m) F and N the sum of m. Where what is compared is a projection P F, the
 * differences D = G/d - T are those of F, P D P^T takes their place, and a slope S there is P^T S P for F. */

typedef struct Gram {
    double *target, *sum; /* (C,C) each; of the parts so far */
    double *matrix;       /* (C,C) of a part, then the differences */
    float *slope;         /* (C,C): gradient = slope F */
    float *scratch;
    double divisor, factor;
    ImpNormalisation normalisation;
    int channels;
    ImpPlaces places;
    ImpProjection projection; /* rows 0: none */
} Gram;

static double divisor_of(ImpNormalisation normalisation, double places, int channels) {
    if (places == 0) return 1;
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

ImpStatus imp_gram_target(ImpNormalisation normalisation, const ImpTensor *activation, int channels,
                          const float *places, double *target, ImpError *error) {
    ImpPlaces weights;
    ImpStatus status = imp_places_begin(places, activation->shape, &weights, error);
    if (status != IMP_OK) return status;
    ImpTensor weighed = imp_places_weigh(&weights, activation, 0);
    status = imp_gram_matrix(&weighed, target, error);
    double divisor = divisor_of(normalisation, weights.sum, channels);
    imp_places_end(&weights);
    if (status != IMP_OK) return status;
    size_t count = (size_t)activation->shape.channels * (size_t)activation->shape.channels;
    for (size_t i = 0; i < count; i++) target[i] /= divisor;
    return IMP_OK;
}

/* The value of differences (count), without the weight. They become the value's derivatives. */
static double scaled_value(double *differences, size_t count) {
    double squares = 0, magnitudes = 0;
    for (size_t i = 0; i < count; i++) {
        squares += differences[i] * differences[i];
        magnitudes += fabs(differences[i]);
    }
    ImpScaledError error = imp_scaled_error(squares, magnitudes);
    for (size_t i = 0; i < count; i++) {
        double sign = (double)((differences[i] > 0) - (differences[i] < 0));
        differences[i] = error.linear * differences[i] + error.constant * sign;
    }
    return error.value;
}

static double mean_value(double *differences, size_t count, double factor) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += differences[i] * differences[i];
        differences[i] *= 2 * factor;
    }
    return factor * sum;
}

static size_t square(int side) {
    return (size_t)side * (size_t)side;
}

static void begin(ImpLoss *loss) {
    Gram *gram = loss->state;
    memset(gram->sum, 0, square(loss->shape.channels) * sizeof *gram->sum);
}

static void add_part(ImpLoss *loss, const ImpTensor *part, int row) {
    Gram *gram = loss->state;
    ImpTensor weighed = imp_places_weigh(&gram->places, part, row);
    compute_matrix(&weighed, gram->matrix, gram->scratch);
    for (size_t i = 0; i < square(loss->shape.channels); i++) gram->sum[i] += gram->matrix[i];
}

static void end(ImpLoss *loss, double *out) {
    Gram *gram = loss->state;
    ImpProjection *projection = &gram->projection;
    double *differences = gram->matrix;
    size_t count = square(loss->shape.channels);
    for (size_t i = 0; i < count; i++) differences[i] = gram->sum[i] / gram->divisor - gram->target[i];
    if (projection->rows > 0) imp_projection_square(projection, differences, differences);
    size_t compared = projection->rows > 0 ? square(projection->rows) : count;
    double value = gram->normalisation == IMP_NORMALISE_SCALED ? scaled_value(differences, compared)
                                                               : mean_value(differences, compared, gram->factor);
    if (projection->rows > 0) imp_projection_square_back(projection, differences, differences);
    for (size_t i = 0; i < count; i++) gram->slope[i] = (float)(2 * loss->weight / gram->divisor * differences[i]);
    *out = loss->weight * value;
}

static void add_part_gradient(ImpLoss *loss, const ImpTensor *part, int row, const ImpTensor *gradient) {
    Gram *gram = loss->state;
    int channels = loss->shape.channels;
    size_t places = imp_shape_places(part->shape);
    bool whole = part->shape.height == loss->shape.height; /* then what was weighed last is still there */
    ImpTensor weighed = whole ? imp_places_weighed(&gram->places, part) : imp_places_weigh(&gram->places, part, row);
    float *target = gram->places.roots ? gram->places.product : gradient->data;
    imp_kernels()->mix(channels, channels, places, gram->slope, weighed.data, target, !gram->places.roots,
                       gram->scratch);
    if (gram->places.roots) imp_places_add_product(&gram->places, gradient, row);
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    begin(loss);
    add_part(loss, activation, 0);
    end(loss, out);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    add_part_gradient(loss, activation, 0, gradient);
}

static void release(ImpLoss *loss) {
    Gram *gram = loss->state;
    imp_free(gram->target);
    imp_free(gram->sum);
    imp_free(gram->matrix);
    imp_free(gram->slope);
    imp_free(gram->scratch);
    imp_places_end(&gram->places);
    imp_projection_end(&gram->projection);
}

static const ImpLossType gram_type = {.name = "gram",
                                      .value = value,
                                      .add_gradient = add_gradient,
                                      .free = release,
                                      .begin = begin,
                                      .add_part = add_part,
                                      .end = end,
                                      .add_part_gradient = add_part_gradient};

/* target holds `count` numbers. */
static double factor_of(ImpNormalisation normalisation, const double *target, size_t count, double channels) {
    if (normalisation != IMP_NORMALISE_RELATIVE)
        return (normalisation == IMP_NORMALISE_GATYS ? 0.25 : 1.0) / (channels * channels);
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += target[i] * target[i];
    return squares > 0 ? 1 / squares : 1;
}

static ImpStatus allocate(Gram *gram, ImpShape shape, ImpError *error) {
    size_t count = square(shape.channels);
    size_t a = imp_kernels()->gram_scratch(shape.channels, imp_shape_places(shape));
    size_t b = imp_kernels()->mix_scratch(shape.channels, shape.channels);
    ImpStatus status = IMP_ALLOC(&gram->target, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->sum, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->matrix, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->slope, count, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram->scratch, a > b ? a : b, "Gram matrix", error);
    return status;
}

/* Sums of magnitudes grow as the root of how many numbers share the same squares: here C^2. */
static void count_compared(ImpLoss *loss, int before, int after) {
    const Gram *gram = loss->state;
    if (gram->normalisation == IMP_NORMALISE_SCALED) loss->weight *= (double)after / before;
}

ImpStatus imp_gram_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                            ImpShape shape, int channels, const float *places, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&gram_type, tap, weight, shape, sizeof(Gram), out, error);
    if (status != IMP_OK) return status;
    Gram *gram = (*out)->state;
    status = allocate(gram, shape, error);
    if (status == IMP_OK) status = imp_places_begin(places, shape, &gram->places, error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    size_t count = square(shape.channels);
    memcpy(gram->target, target, count * sizeof *target);
    gram->normalisation = normalisation;
    gram->channels = channels;
    gram->divisor = divisor_of(normalisation, gram->places.sum, channels);
    gram->factor = factor_of(normalisation, gram->target, count, channels);
    if (gram->places.sum == 0) (*out)->weight = 0;
    (*out)->whole = places != NULL; /* the memory for weighed activations would be that of the whole */
    count_compared(*out, channels, shape.channels);
    return IMP_OK;
}

ImpStatus imp_gram_loss_project(ImpLoss *loss, const float *matrix, int rows, ImpError *error) {
    Gram *gram = loss->state;
    int columns = loss->shape.channels, most = rows > columns ? rows : columns;
    double *room;
    assert(loss->type == &gram_type && gram->projection.rows == 0);
    ImpStatus status = IMP_ALLOC(&room, square(most), "Gram matrix", error);
    if (status == IMP_OK) {
        imp_free(gram->matrix);
        gram->matrix = room;
        status = imp_projection_begin(matrix, rows, columns, &gram->projection, error);
    }
    if (status != IMP_OK) return status;
    imp_projection_square(&gram->projection, gram->target, room);
    gram->factor = factor_of(gram->normalisation, room, square(rows), gram->channels);
    count_compared(loss, columns, rows);
    return IMP_OK;
}
