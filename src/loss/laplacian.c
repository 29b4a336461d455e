#include "base/memory.h"
#include "base/threads.h"
#include "loss/loss_private.h"
#include <assert.h>

/* The Laplacian loss (Li, Xu, Nie, Chua 2017): w mean (D(x) - D(c))^2 over the pooled places. D adds the
 * channels up, averages cells of p x p pixels (those at the right and lower edge are smaller where p does not divide
 * the side), and takes 4 a - the four neighbours, of which those beyond the border are a itself. So written, the filter
 * is symmetric: its derivative is the filter again, 2 w / n D'(d) for a cell, shared by the cell's pixels. */

typedef struct Laplacian {
    size_t pool, rows, columns; /* of the pooled picture */
    double *target;             /* (rows,columns) the content's response */
    double *pooled, *response;  /* (rows,columns); in response after value: the difference from the target */
    double *sums;               /* (rows) */
} Laplacian;

typedef struct Pass {
    const Laplacian *laplacian;
    ImpShape shape;
    const float *picture;
    float *gradient;
    double factor; /* of the gradient */
} Pass;

/* Pixels from `index` cells on along a side: where they begin, and how many they are. */
static size_t cell(size_t index, size_t pool, size_t side, size_t *begin) {
    *begin = index * pool;
    return side - *begin < pool ? side - *begin : pool;
}

/* Task: one row of cells. */
static void pool_row(void *context, size_t row) {
    const Pass *pass = context;
    const Laplacian *l = pass->laplacian;
    size_t width = (size_t)pass->shape.width, height = (size_t)pass->shape.height, top, left;
    size_t rows = cell(row, l->pool, height, &top);
    double *pooled = l->pooled + row * l->columns;
    for (size_t column = 0; column < l->columns; column++) {
        size_t columns = cell(column, l->pool, width, &left);
        double sum = 0;
        for (size_t c = 0; c < (size_t)pass->shape.channels; c++)
            for (size_t y = top; y < top + rows; y++) {
                const float *x = pass->picture + (c * height + y) * width + left;
                for (size_t i = 0; i < columns; i++) sum += (double)x[i];
            }
        pooled[column] = sum / (double)(rows * columns);
    }
}

/* 4 a - neighbours at a place of a picture (rows,columns), those beyond the border being a. */
static double filter(const Laplacian *l, const double *picture, size_t row, size_t column) {
    const double *at = picture + row * l->columns + column;
    double sum = 0;
    if (row > 0) sum += at[0] - at[-(ptrdiff_t)l->columns];
    if (row + 1 < l->rows) sum += at[0] - at[l->columns];
    if (column > 0) sum += at[0] - at[-1];
    if (column + 1 < l->columns) sum += at[0] - at[1];
    return sum;
}

static double respond(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    const Laplacian *l = pass->laplacian;
    double sum = 0;
    for (size_t row = first; row < end; row++)
        for (size_t column = 0; column < l->columns; column++) {
            size_t at = row * l->columns + column;
            double difference = filter(l, l->pooled, row, column) - l->target[at];
            l->response[at] = difference;
            sum += difference * difference;
        }
    return sum;
}

/* The sum of squared differences of a picture's response from the target. */
static double measure(const Laplacian *laplacian, const ImpTensor *picture) {
    Pass pass = {.laplacian = laplacian, .shape = picture->shape, .picture = picture->data};
    imp_parallel(laplacian->rows, pool_row, &pass);
    return imp_loss_sum(laplacian->rows, 1, respond, &pass, laplacian->sums);
}

/* Task: one row of cells. */
static void add_row(void *context, size_t row) {
    const Pass *pass = context;
    const Laplacian *l = pass->laplacian;
    size_t width = (size_t)pass->shape.width, height = (size_t)pass->shape.height, top, left;
    size_t rows = cell(row, l->pool, height, &top);
    for (size_t column = 0; column < l->columns; column++) {
        size_t columns = cell(column, l->pool, width, &left);
        float slope = (float)(pass->factor * filter(l, l->response, row, column) / (double)(rows * columns));
        for (size_t c = 0; c < (size_t)pass->shape.channels; c++)
            for (size_t y = top; y < top + rows; y++) {
                float *gradient = pass->gradient + (c * height + y) * width + left;
                for (size_t i = 0; i < columns; i++) gradient[i] += slope;
            }
    }
}

static double places_of(const Laplacian *laplacian) {
    return (double)laplacian->rows * (double)laplacian->columns;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    const Laplacian *laplacian = loss->state;
    *out = loss->weight * measure(laplacian, activation) / places_of(laplacian);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    const Laplacian *laplacian = loss->state;
    Pass pass = {.laplacian = laplacian, .shape = activation->shape, .gradient = gradient->data};
    pass.factor = 2 * loss->weight / places_of(laplacian);
    imp_parallel(laplacian->rows, add_row, &pass);
}

static void release(ImpLoss *loss) {
    Laplacian *laplacian = loss->state;
    imp_free(laplacian->target);
    imp_free(laplacian->pooled);
    imp_free(laplacian->response);
    imp_free(laplacian->sums);
}

static const ImpLossType laplacian_type = {
    .name = "laplacian", .value = value, .add_gradient = add_gradient, .free = release};

ImpStatus imp_laplacian_loss_new(size_t tap, double weight, int pool, const ImpTensor *content, ImpLoss **out,
                                 ImpError *error) {
    assert(pool >= 1 && content->layout == IMP_LAYOUT_PLAIN);
    ImpStatus status = imp_loss_new(&laplacian_type, tap, weight, content->shape, sizeof(Laplacian), out, error);
    if (status != IMP_OK) return status;
    Laplacian *l = (*out)->state;
    l->pool = (size_t)pool;
    l->rows = ((size_t)content->shape.height + l->pool - 1) / l->pool;
    l->columns = ((size_t)content->shape.width + l->pool - 1) / l->pool;
    size_t count = l->rows * l->columns;
    status = IMP_ALLOC(&l->target, count, "Laplacian target", error);
    if (status == IMP_OK) status = IMP_ALLOC(&l->pooled, count, "Laplacian loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&l->response, count, "Laplacian loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&l->sums, l->rows, "Laplacian loss", error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    measure(l, content); /* against a target that is still 0, so that the difference is the response itself */
    for (size_t i = 0; i < count; i++) l->target[i] = l->response[i];
    return IMP_OK;
}
