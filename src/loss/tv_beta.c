#include "loss/row_loss.h"
#include <assert.h>

/* Total variation with an exponent: w mean q^(beta / 2) over all numbers of the picture, q = (across^2 + down^2) / V^2
 * of the differences to the neighbours to the right and below (Mahendran, Vedaldi 2015, R_V^beta, over its size). Below
 * beta = 2 the slope would jump where nothing changes; there q + smoothing stands for q. */

static const double smoothing = 1e-4; /* of q: a hundredth of V */

typedef struct TvBeta {
    ImpRowLoss rows; /* factor: one over how many numbers there are */
    double exponent; /* beta / 2 */
    double per_square;
    double smoothing, at_rest; /* what is added to q, and its power, which is taken off */
} TvBeta;

/* The differences at number x, to the right and below, 0 where there is none; and q, smoothed. */
typedef struct Step {
    double across, down, square;
} Step;

static Step step_at(const TvBeta *tv, const float *x, size_t width, bool right, bool below) {
    Step step = {0};
    if (right) step.across = (double)x[1] - (double)x[0];
    if (below) step.down = (double)x[width] - (double)x[0];
    step.square = (step.across * step.across + step.down * step.down) * tv->per_square + tv->smoothing;
    return step;
}

static double row_value(const void *state, const ImpRow *row) {
    const TvBeta *tv = state;
    double sum = 0;
    for (size_t i = 0; i < row->width; i++) {
        Step step = step_at(tv, row->x + i, row->width, i + 1 < row->width, row->below);
        sum += imp_power(step.square, tv->exponent) - tv->at_rest;
    }
    return sum;
}

/* The derivative by the square at a number, but for constants. */
static double pull(const TvBeta *tv, const Step *step) {
    return imp_power(step->square, tv->exponent - 1);
}

static void row_gradient(const void *state, const ImpRow *row) {
    const TvBeta *tv = state;
    size_t width = row->width;
    double slope = 2 * row->weight * tv->exponent * tv->per_square * tv->rows.factor;
    double before = 0; /* what the number to the left pulls at this one */
    for (size_t i = 0; i < width; i++) {
        const float *x = row->x + i;
        bool right = i + 1 < width;
        Step own = step_at(tv, x, width, right, row->below);
        double strength = pull(tv, &own), sum = before - strength * (own.across + own.down);
        before = strength * own.across;
        if (row->above) {
            Step over = step_at(tv, x - width, width, right, true);
            sum += pull(tv, &over) * over.down;
        }
        row->gradient[i] += (float)(slope * sum);
    }
}

static const ImpLossType tv_beta_type = {.name = "tv-beta",
                                         .value = imp_row_loss_value,
                                         .add_gradient = imp_row_loss_add_gradient,
                                         .free = imp_row_loss_free};

ImpStatus imp_tv_beta_loss_new(size_t tap, double weight, double beta, double bound, ImpShape shape, ImpLoss **out,
                               ImpError *error) {
    assert(beta >= 1 && bound > 0);
    ImpRowLoss rows = {.value = row_value, .add_gradient = row_gradient, .factor = 1 / (double)imp_shape_count(shape)};
    ImpStatus status = imp_row_loss_new(&tv_beta_type, &rows, tap, weight, shape, sizeof(TvBeta), out, error);
    if (status != IMP_OK) return status;
    TvBeta *tv = (*out)->state;
    tv->exponent = beta / 2;
    tv->per_square = 1 / (bound * bound);
    tv->smoothing = beta < 2 ? smoothing : 0;
    tv->at_rest = imp_power(tv->smoothing, tv->exponent);
    return IMP_OK;
}
