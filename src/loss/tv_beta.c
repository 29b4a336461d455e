#include "base/memory.h"
#include "loss/loss_private.h"
#include <assert.h>

/* Total variation with an exponent: w mean q^(beta / 2) over all numbers of the picture, q = (across^2 + down^2) / V^2
 * of the differences to the neighbours to the right and below (Mahendran, Vedaldi 2015, R_V^beta, over its size). Below
 * beta = 2 the slope would jump where nothing changes; there q + smoothing stands for q. Rows are the pieces. */

static const double smoothing = 1e-4; /* of q: a hundredth of V */

typedef struct TvBeta {
    double exponent; /* beta / 2 */
    double per_square, per_number;
    double smoothing, at_rest; /* what is added to q, and its power, which is taken off */
    double *sums;              /* (C H) */
} TvBeta;

typedef struct Rows {
    const TvBeta *tv;
    ImpShape shape;
    const float *picture;
    float *gradient; /* NULL: only the value */
    double weight;
} Rows;

/* The differences at number x, to the right and below, 0 where there is none; and q, smoothed. */
typedef struct Step {
    double across, down, square;
} Step;

static Step step_at(const Rows *rows, const float *x, bool right, bool below) {
    Step step = {0};
    if (right) step.across = (double)x[1] - (double)x[0];
    if (below) step.down = (double)x[rows->shape.width] - (double)x[0];
    step.square = (step.across * step.across + step.down * step.down) * rows->tv->per_square + rows->tv->smoothing;
    return step;
}

static double row_value(const Rows *rows, size_t row) {
    const TvBeta *tv = rows->tv;
    size_t width = (size_t)rows->shape.width;
    bool below = (row + 1) % (size_t)rows->shape.height != 0;
    const float *x = rows->picture + row * width;
    double sum = 0;
    for (size_t i = 0; i < width; i++)
        sum += imp_power(step_at(rows, x + i, i + 1 < width, below).square, tv->exponent) - tv->at_rest;
    return sum;
}

/* The derivative by the square at a number, but for constants. */
static double pull(const Rows *rows, const Step *step) {
    return imp_power(step->square, rows->tv->exponent - 1);
}

static void row_gradient(const Rows *rows, size_t row) {
    size_t width = (size_t)rows->shape.width, y = row % (size_t)rows->shape.height;
    const float *x = rows->picture + row * width;
    float *gradient = rows->gradient + row * width;
    bool above = y > 0, below = y + 1 < (size_t)rows->shape.height;
    double slope = 2 * rows->weight * rows->tv->exponent * rows->tv->per_square * rows->tv->per_number;
    double before = 0; /* what the number to the left pulls at this one */
    for (size_t i = 0; i < width; i++) {
        bool right = i + 1 < width;
        Step own = step_at(rows, x + i, right, below);
        double strength = pull(rows, &own), sum = before - strength * (own.across + own.down);
        before = strength * own.across;
        if (above) {
            Step over = step_at(rows, x + i - width, right, true);
            sum += pull(rows, &over) * over.down;
        }
        gradient[i] += (float)(slope * sum);
    }
}

static double visit_rows(const void *context, size_t first, size_t end) {
    const Rows *rows = context;
    double sum = 0;
    for (size_t row = first; row < end; row++) {
        if (rows->gradient)
            row_gradient(rows, row);
        else
            sum += row_value(rows, row);
    }
    return sum;
}

static size_t row_count(ImpShape shape) {
    return (size_t)shape.channels * (size_t)shape.height;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    TvBeta *tv = loss->state;
    Rows rows = {.tv = tv, .shape = loss->shape, .picture = activation->data};
    *out = loss->weight * tv->per_number * imp_loss_sum(row_count(loss->shape), 1, visit_rows, &rows, tv->sums);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    TvBeta *tv = loss->state;
    Rows rows = {.tv = tv,
                 .shape = loss->shape,
                 .picture = activation->data,
                 .gradient = gradient->data,
                 .weight = loss->weight};
    imp_loss_sum(row_count(loss->shape), 1, visit_rows, &rows, tv->sums);
}

static void release(ImpLoss *loss) {
    imp_free(((TvBeta *)loss->state)->sums);
}

static const ImpLossType tv_beta_type = {
    .name = "tv-beta", .value = value, .add_gradient = add_gradient, .free = release};

ImpStatus imp_tv_beta_loss_new(size_t tap, double weight, double beta, double bound, ImpShape shape, ImpLoss **out,
                               ImpError *error) {
    assert(beta >= 1 && bound > 0);
    ImpStatus status = imp_loss_new(&tv_beta_type, tap, weight, shape, sizeof(TvBeta), out, error);
    if (status != IMP_OK) return status;
    TvBeta *tv = (*out)->state;
    tv->exponent = beta / 2;
    tv->per_square = 1 / (bound * bound);
    tv->per_number = 1 / (double)imp_shape_count(shape);
    tv->smoothing = beta < 2 ? smoothing : 0;
    tv->at_rest = imp_power(tv->smoothing, tv->exponent);
    status = IMP_ALLOC(&tv->sums, row_count(shape), "total variation loss", error);
    if (status != IMP_OK) imp_loss_free(out);
    return status;
}
