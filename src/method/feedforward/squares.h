/* Squared differences of activations, as a loss over a batch. */
#ifndef IMP_METHOD_FEEDFORWARD_SQUARES_H
#define IMP_METHOD_FEEDFORWARD_SQUARES_H

#include "compute/tensor/tensor.h"

/* Sum over all numbers of (value - scale target)^2; the tensors are alike. gradient += slope (value - scale target).
 * Blocked tensors may have channels of zeros at the end, in both: they add nothing. */
double imp_add_squares(const ImpTensor *value, const ImpTensor *target, float scale, float slope,
                       const ImpTensor *gradient);
/* The mean of all squares. */
double imp_mean_square(const ImpTensor *value);

#endif
