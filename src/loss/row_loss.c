#include "loss/row_loss.h"

#include "base/memory.h"

typedef struct Rows {
    const ImpLoss *loss;
    const float *picture;
    float *gradient; /* NULL: only the value */
} Rows;

static ImpRow row_at(const Rows *rows, size_t index) {
    ImpShape shape = rows->loss->shape;
    size_t width = (size_t)shape.width, height = (size_t)shape.height, y = index % height;
    return (ImpRow){.width = width,
                    .x = rows->picture + index * width,
                    .gradient = rows->gradient ? rows->gradient + index * width : NULL,
                    .above = y > 0,
                    .below = y + 1 < height,
                    .weight = rows->loss->weight};
}

static double visit_rows(const void *context, size_t first, size_t end) {
    const Rows *rows = context;
    const ImpRowLoss *its = rows->loss->state;
    double sum = 0;
    for (size_t i = first; i < end; i++) {
        ImpRow row = row_at(rows, i);
        if (row.gradient)
            its->add_gradient(its, &row);
        else
            sum += its->value(its, &row);
    }
    return sum;
}

static size_t row_count(ImpShape shape) {
    return (size_t)shape.channels * (size_t)shape.height;
}

static double visit(const Rows *rows) {
    const ImpRowLoss *its = rows->loss->state;
    return imp_loss_sum(row_count(rows->loss->shape), 1, visit_rows, rows, its->sums);
}

ImpStatus imp_row_loss_value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    const ImpRowLoss *its = loss->state;
    *out = loss->weight * its->factor * visit(&(Rows){.loss = loss, .picture = activation->data});
    return IMP_OK;
}

void imp_row_loss_add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    visit(&(Rows){.loss = loss, .picture = activation->data, .gradient = gradient->data});
}

void imp_row_loss_free(ImpLoss *loss) {
    imp_free(((ImpRowLoss *)loss->state)->sums);
}

ImpStatus imp_row_loss_new(const ImpLossType *type, const ImpRowLoss *rows, size_t tap, double weight, ImpShape shape,
                           size_t state_size, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(type, tap, weight, shape, state_size, out, error);
    if (status != IMP_OK) return status;
    ImpRowLoss *its = (*out)->state;
    *its = *rows;
    status = IMP_ALLOC(&its->sums, row_count(shape), "total variation loss", error);
    if (status != IMP_OK) imp_loss_free(out);
    return status;
}
