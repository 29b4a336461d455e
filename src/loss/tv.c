#include "loss/row_loss.h"

/* Total variation: differences between neighbours to the right and below, in each channel on its own (Mahendran,
 * Vedaldi 2015, with beta = 2 or 1). */

typedef struct Tv {
    ImpRowLoss rows;
    ImpTvKind kind;
    double horizontal, vertical; /* value = horizontal * sum over pairs side by side + vertical * ... */
} Tv;

/* What a difference adds to the value, and its derivative. */
static double cost(ImpTvKind kind, double difference) {
    if (kind == IMP_TV_ABSOLUTE) return difference < 0 ? -difference : difference;
    return difference * difference;
}

static double slope(ImpTvKind kind, double difference) {
    if (kind == IMP_TV_ABSOLUTE) return (double)((difference > 0) - (difference < 0));
    return 2 * difference;
}

/* One row's share of the value: its pairs side by side, and its pairs with the row below. */
static double row_value(const void *state, const ImpRow *row) {
    const Tv *tv = state;
    const float *x = row->x;
    size_t width = row->width;
    double across = 0, down = 0;
    for (size_t i = 0; i + 1 < width; i++) across += cost(tv->kind, (double)(x[i + 1] - x[i]));
    for (size_t i = 0; row->below && i < width; i++) down += cost(tv->kind, (double)(x[i + width] - x[i]));
    return tv->horizontal * across + tv->vertical * down;
}

static void row_gradient(const void *state, const ImpRow *row) {
    const Tv *tv = state;
    size_t width = row->width;
    const float *x = row->x, *before = row->above ? x - width : x;
    for (size_t i = 0; i < width; i++) {
        double across = 0, down = 0;
        if (i > 0) across += slope(tv->kind, (double)(x[i] - x[i - 1]));
        if (i + 1 < width) across -= slope(tv->kind, (double)(x[i + 1] - x[i]));
        if (row->above) down += slope(tv->kind, (double)(x[i] - before[i]));
        if (row->below) down -= slope(tv->kind, (double)(x[i + width] - x[i]));
        row->gradient[i] += (float)(row->weight * (tv->horizontal * across + tv->vertical * down));
    }
}

static const ImpLossType tv_type = {
    .name = "tv", .value = imp_row_loss_value, .add_gradient = imp_row_loss_add_gradient, .free = imp_row_loss_free};

/* 1 over the number of pairs; 0 where there are none. */
static double over(int a, int b, int channels) {
    return a > 0 && b > 0 ? 1 / ((double)a * (double)b * (double)channels) : 0;
}

ImpStatus imp_tv_loss_new(size_t tap, double weight, ImpTvKind kind, ImpShape shape, ImpLoss **out, ImpError *error) {
    static const ImpRowLoss rows = {.value = row_value, .add_gradient = row_gradient, .factor = 1};
    ImpStatus status = imp_row_loss_new(&tv_type, &rows, tap, weight, shape, sizeof(Tv), out, error);
    if (status != IMP_OK) return status;
    Tv *tv = (*out)->state;
    tv->kind = kind;
    tv->horizontal = tv->vertical = kind == IMP_TV_SQUARED ? 0.5 : 1;
    if (kind == IMP_TV_MEAN_SQUARED) {
        tv->horizontal = over(shape.width - 1, shape.height, shape.channels);
        tv->vertical = over(shape.width, shape.height - 1, shape.channels);
    }
    return IMP_OK;
}
