/* Losses of a picture (plain tensor) that look at rows and their neighbours. Rows are the pieces: each is summed, and
 * its gradient written, by one thread. Private to loss/. */
#ifndef IMP_LOSS_ROW_LOSS_H
#define IMP_LOSS_ROW_LOSS_H

#include "loss/loss_private.h"

typedef struct ImpRow {
    size_t width;
    const float *x;    /* (W); the rows above and below lie W before and after */
    float *gradient;   /* (W), to be added to; NULL in value */
    bool above, below; /* whether they are there, in the same channel */
    double weight;     /* the loss's, for the gradient */
} ImpRow;

/* The first thing in the state of such a loss, whose type has the three functions below. */
typedef struct ImpRowLoss {
    double (*value)(const void *state, const ImpRow *row);
    void (*add_gradient)(const void *state, const ImpRow *row);
    double factor; /* value = weight * factor * sum over rows */
    double *sums;  /* (C H) */
} ImpRowLoss;

/* As imp_loss_new; `rows` is what the state begins with, its sums are made here. */
ImpStatus imp_row_loss_new(const ImpLossType *type, const ImpRowLoss *rows, size_t tap, double weight, ImpShape shape,
                           size_t state_size, ImpLoss **out, ImpError *error);
ImpStatus imp_row_loss_value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error);
void imp_row_loss_add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient);
void imp_row_loss_free(ImpLoss *loss);

#endif
