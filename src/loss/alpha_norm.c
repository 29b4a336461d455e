#include "base/memory.h"
#include "base/threads.h"
#include "loss/loss_private.h"
#include <assert.h>

/* The alpha-norm: w mean (|x - m| / B)^alpha over all numbers x of the picture, m the mean of their channel (Mahendran,
 * Vedaldi 2015, R_alpha, over its size), with gradient w alpha / (n B^2) (|x - m| / B)^(alpha - 2) (x - m). */

enum { MOST_CHANNELS = 4 };

typedef struct Alpha {
    double exponent; /* of the squares: alpha / 2 */
    double per_square, per_number;
    double mean[MOST_CHANNELS];
    double *sums;
} Alpha;

typedef struct Numbers {
    const Alpha *alpha;
    size_t places;
    const float *picture;
    float *gradient;
    double weight;
} Numbers;

static double add_values(const void *context, size_t first, size_t end) {
    const Numbers *numbers = context;
    const Alpha *alpha = numbers->alpha;
    double sum = 0;
    for (size_t i = first; i < end; i++) {
        double apart = (double)numbers->picture[i] - alpha->mean[i / numbers->places];
        sum += imp_power(apart * apart * alpha->per_square, alpha->exponent);
    }
    return sum;
}

static double add_gradients(const void *context, size_t first, size_t end) {
    const Numbers *numbers = context;
    const Alpha *alpha = numbers->alpha;
    double slope = 2 * numbers->weight * alpha->exponent * alpha->per_square * alpha->per_number;
    for (size_t i = first; i < end; i++) {
        double apart = (double)numbers->picture[i] - alpha->mean[i / numbers->places];
        double power = imp_power(apart * apart * alpha->per_square, alpha->exponent - 1);
        numbers->gradient[i] += (float)(slope * power * apart);
    }
    return 0;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    Alpha *alpha = loss->state;
    Numbers numbers = {.alpha = alpha, .places = imp_shape_places(loss->shape), .picture = activation->data};
    double sum = imp_loss_sum(imp_shape_count(loss->shape), IMP_PIECE, add_values, &numbers, alpha->sums);
    *out = loss->weight * alpha->per_number * sum;
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    Alpha *alpha = loss->state;
    Numbers numbers = {.alpha = alpha,
                       .places = imp_shape_places(loss->shape),
                       .picture = activation->data,
                       .gradient = gradient->data,
                       .weight = loss->weight};
    imp_loss_sum(imp_shape_count(loss->shape), IMP_PIECE, add_gradients, &numbers, alpha->sums);
}

static void release(ImpLoss *loss) {
    imp_free(((Alpha *)loss->state)->sums);
}

static const ImpLossType alpha_type = {
    .name = "alpha-norm", .value = value, .add_gradient = add_gradient, .free = release};

ImpStatus imp_alpha_loss_new(size_t tap, double weight, double alpha, double bound, const float *mean, ImpShape shape,
                             ImpLoss **out, ImpError *error) {
    assert(shape.channels <= MOST_CHANNELS && alpha >= 2 && bound > 0);
    ImpStatus status = imp_loss_new(&alpha_type, tap, weight, shape, sizeof(Alpha), out, error);
    if (status != IMP_OK) return status;
    Alpha *state = (*out)->state;
    state->exponent = alpha / 2;
    state->per_square = 1 / (bound * bound);
    state->per_number = 1 / (double)imp_shape_count(shape);
    for (int c = 0; c < shape.channels; c++) state->mean[c] = (double)mean[c];
    status = IMP_ALLOC(&state->sums, imp_loss_pieces(imp_shape_count(shape), IMP_PIECE), "alpha-norm", error);
    if (status != IMP_OK) imp_loss_free(out);
    return status;
}
