/* Squared distances of numbers from their targets, under each normalisation: what content, histogram and moment losses
 * share. Private to loss/. */
#ifndef IMP_LOSS_DIFFERENCE_H
#define IMP_LOSS_DIFFERENCE_H

#include "loss/loss_private.h"

/* The distance of differences d, from the sum of their squares, or of squares and magnitudes when scaled. */
typedef struct ImpDistance {
    bool scaled;          /* IMP_NORMALISE_SCALED: see imp_scaled_error */
    double factor;        /* else the value is factor * sum of d^2 */
    ImpScaledError error; /* at the value seen last; scaled only */
} ImpDistance;

/* The derivative by a difference d: linear * d + constant * sign(d). */
typedef struct ImpPull {
    double linear, constant;
} ImpPull;

/* The value, without a loss's weight. magnitudes counts only when scaled. */
double imp_distance_value(ImpDistance *distance, double squares, double magnitudes);
/* At the value computed last, times weight. */
ImpPull imp_distance_pull(const ImpDistance *distance, double weight);
double imp_pull_at(const ImpPull *pull, double difference);

/* Numbers one after another with a target each, d = x - target. */
typedef struct ImpDifferences {
    const float *x, *target;
    size_t count;
    const float *places; /* NULL, or a weight for each `block` numbers in a row */
    size_t block;
} ImpDifferences;

/* Sums of d^2 and |d|, weighted, in double. */
double imp_difference_squares(const ImpDifferences *differences);
double imp_difference_magnitudes(const ImpDifferences *differences);
/* gradient += the derivatives, weighted. */
void imp_difference_add(const ImpDifferences *differences, const ImpPull *pull, float *gradient);

#endif
