#include "base/memory.h"
#include "loss/loss_private.h"

/* Total variation: differences between neighbours to the right and below, in each channel on its own (Mahendran,
 * Vedaldi 2015, with beta = 2 or 1). Rows are the pieces: each is summed, and its gradient written, by one thread. */

typedef struct Tv {
    ImpTvKind kind;
    double *sums;                /* (C H) */
    double horizontal, vertical; /* value = horizontal * sum over pairs side by side + vertical * ... */
} Tv;

typedef struct Rows {
    const Tv *tv;
    ImpShape shape;
    const float *picture;
    float *gradient; /* NULL: only the value */
    double weight;
} Rows;

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
static double row_value(const Rows *rows, size_t row) {
    const Tv *tv = rows->tv;
    size_t width = (size_t)rows->shape.width;
    bool below = (row + 1) % (size_t)rows->shape.height != 0;
    const float *x = rows->picture + row * width;
    double across = 0, down = 0;
    for (size_t i = 0; i + 1 < width; i++) across += cost(tv->kind, (double)(x[i + 1] - x[i]));
    for (size_t i = 0; below && i < width; i++) down += cost(tv->kind, (double)(x[i + width] - x[i]));
    return tv->horizontal * across + tv->vertical * down;
}

static void row_gradient(const Rows *rows, size_t row) {
    const Tv *tv = rows->tv;
    size_t width = (size_t)rows->shape.width, y = row % (size_t)rows->shape.height;
    const float *x = rows->picture + row * width;
    float *gradient = rows->gradient + row * width;
    bool above = y > 0, below = y + 1 < (size_t)rows->shape.height;
    const float *before = above ? x - width : x;
    for (size_t i = 0; i < width; i++) {
        double across = 0, down = 0;
        if (i > 0) across += slope(tv->kind, (double)(x[i] - x[i - 1]));
        if (i + 1 < width) across -= slope(tv->kind, (double)(x[i + 1] - x[i]));
        if (above) down += slope(tv->kind, (double)(x[i] - before[i]));
        if (below) down -= slope(tv->kind, (double)(x[i + width] - x[i]));
        gradient[i] += (float)(rows->weight * (tv->horizontal * across + tv->vertical * down));
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
    Tv *tv = loss->state;
    Rows rows = {.tv = tv, .shape = loss->shape, .picture = activation->data};
    *out = loss->weight * imp_loss_sum(row_count(loss->shape), 1, visit_rows, &rows, tv->sums);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    Tv *tv = loss->state;
    Rows rows = {.tv = tv,
                 .shape = loss->shape,
                 .picture = activation->data,
                 .gradient = gradient->data,
                 .weight = loss->weight};
    imp_loss_sum(row_count(loss->shape), 1, visit_rows, &rows, tv->sums);
}

static void release(ImpLoss *loss) {
    imp_free(((Tv *)loss->state)->sums);
}

static const ImpLossType tv_type = {.name = "tv", .value = value, .add_gradient = add_gradient, .free = release};

/* 1 over the number of pairs; 0 where there are none. */
static double over(int a, int b, int channels) {
    return a > 0 && b > 0 ? 1 / ((double)a * (double)b * (double)channels) : 0;
}

ImpStatus imp_tv_loss_new(size_t tap, double weight, ImpTvKind kind, ImpShape shape, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&tv_type, tap, weight, shape, sizeof(Tv), out, error);
    if (status != IMP_OK) return status;
    Tv *tv = (*out)->state;
    tv->kind = kind;
    tv->horizontal = tv->vertical = kind == IMP_TV_SQUARED ? 0.5 : 1;
    if (kind == IMP_TV_MEAN_SQUARED) {
        tv->horizontal = over(shape.width - 1, shape.height, shape.channels);
        tv->vertical = over(shape.width, shape.height - 1, shape.channels);
    }
    status = IMP_ALLOC(&tv->sums, row_count(shape), "total variation loss", error);
    if (status != IMP_OK) imp_loss_free(out);
    return status;
}
