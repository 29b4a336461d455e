/* Statistics of projected activations P F from those of the activations F: cheaper than projecting each place. Private
 * to loss/. */
#ifndef IMP_LOSS_PROJECTION_H
#define IMP_LOSS_PROJECTION_H

#include "impasto/status.h"
#include <stdbool.h>

/* A linear map of channels, P (rows,columns), with memory for what is made with it. */
typedef struct ImpProjection {
    int rows, columns;
    float *there, *back;   /* P^T (columns,rows), and P, as the mix kernel wants matrices */
    float *plain, *turned; /* (most,most) each, most = max(rows,columns) */
    float *source, *target, *scratch;
} ImpProjection;

/* `matrix` is copied. On failure nothing is left to be freed. */
ImpStatus imp_projection_begin(const float *matrix, int rows, int columns, ImpProjection *out, ImpError *error);
void imp_projection_end(ImpProjection *projection);

/* out (rows,rows) = P in P^T for symmetric in (columns,columns); the two may be the same array. */
void imp_projection_square(const ImpProjection *projection, const double *in, double *out);
/* out (columns,columns) = P^T in P for symmetric in (rows,rows). */
void imp_projection_square_back(const ImpProjection *projection, const double *in, double *out);

#endif
