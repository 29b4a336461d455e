/* Separable Lanczos resampling of pictures that arrive row by row.
 *
 * A pixel here is four floats: red, green, blue, and alpha or nothing. Colour is in the light in which it is to be
 * mixed and multiplied by alpha. Rows are first resampled along x, then along y. The filter is Lanczos 3, as wide as
 * the reduction asks for; at the borders the weights that fall outside are left out and the rest is normalised
 * (Turkowski 1990, "Filters for common resampling tasks"), so every size from 1 pixel up is exact and no border bleeds
 * in. */
#ifndef IMP_IMAGE_RESAMPLE_H
#define IMP_IMAGE_RESAMPLE_H

#include "impasto/status.h"
#include <stddef.h>

/* Which input samples make each output sample along one axis. */
typedef struct ImpTaps {
    int in, out;   /* samples */
    int widest;    /* most taps of any output sample */
    int *first;    /* (out) first input sample */
    int *count;    /* (out) how many */
    float *weight; /* (out,widest), the first count[i] of each row sum to 1 */
} ImpTaps;

ImpStatus imp_taps_new(int in, int out, ImpTaps *taps, ImpError *error);
/* The same for `count` output samples from `from` on, where `ratio` input samples make one output sample. */
ImpStatus imp_taps_new_part(int in, double ratio, int from, int count, ImpTaps *taps, ImpError *error);
void imp_taps_free(ImpTaps *taps);

/* One row along x: row (in,4) -> out (out,4). */
void imp_resample_row(const ImpTaps *x, const float *row, float *out);
/* Output row i along y, from rows (rows_held, width, 4) where input row r lies at r % rows_held -> out (width,4).
 * `sum` is (width,4) of scratch. */
void imp_resample_column(const ImpTaps *y, int i, const float *rows, int rows_held, int width, double *sum, float *out);

#endif
