/* What the losses share. Private to loss/. */
#ifndef IMP_LOSS_LOSS_PRIVATE_H
#define IMP_LOSS_LOSS_PRIVATE_H

#include "loss/loss.h"
#include <math.h>

/* A loss with zeroed state of state_size bytes. On success *out is the caller's. */
ImpStatus imp_loss_new(const ImpLossType *type, size_t tap, double weight, ImpShape shape, size_t state_size,
                       ImpLoss **out, ImpError *error);

/* The weights of the places of a shape, (H,W) or NULL: a copy that is the caller's (NULL for NULL), and their sum, the
 * number of places for NULL. */
ImpStatus imp_loss_copy_places(const float *places, ImpShape shape, float **copy, double *total, ImpError *error);

/* body works through elements first..end-1 and returns what it sums over them. */
typedef double (*ImpPieceSum)(const void *context, size_t first, size_t end);

/* The sum over 0..count-1 in pieces of `piece`, each piece on one thread, added up in order. sums has room for the
 * pieces, imp_loss_pieces(count, piece) of them. */
double imp_loss_sum(size_t count, size_t piece, ImpPieceSum body, const void *context, double *sums);
size_t imp_loss_pieces(size_t count, size_t piece);

/* IMP_NORMALISE_SCALED: with Q the sum of squares and S the sum of magnitudes + 1e-8 of differences d, the value is Q /
 * S and its derivative 2 d / S - Q / S^2 sign(d). */
typedef struct ImpScaledError {
    double value;
    double linear, constant; /* derivative = linear * d + constant * sign(d) */
} ImpScaledError;

static inline ImpScaledError imp_scaled_error(double squares, double magnitudes) {
    double sum = magnitudes + 1e-8;
    return (ImpScaledError){squares / sum, 2 / sum, -squares / (sum * sum)};
}

/* base^exponent for base >= 0; quick for small whole exponents, which are the usual ones. */
static inline double imp_power(double base, double exponent) {
    if (exponent == 0) return 1;
    if (exponent == 1) return base;
    if (exponent == 2) return base * base;
    if (exponent == 3) return base * base * base;
    return pow(base, exponent);
}

#endif
