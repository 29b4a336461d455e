/* Threaded passes over float vectors of one length, fused so that a vector is read as seldom as can be.
 *
 * A vector is cut into pieces of IMP_PIECE elements; each piece is one call of a kernel (compute/kernel/vector.h), and
 * the pieces' sums are added in order. So results are the same to the bit for any number of threads and any tier.
 * Nothing here allocates but imp_vector_space_new. All vectors are (n). */
#ifndef IMP_OPTIMISER_VECTOR_H
#define IMP_OPTIMISER_VECTOR_H

#include "compute/kernel/vector.h"
#include "impasto/status.h"
#include "optimiser/optimiser.h"
#include <stddef.h>

/* The vectors of length n: the room for the sums of each piece, and the kernels in use. */
typedef struct ImpVectorSpace {
    size_t n, pieces;
    const ImpVectorKernels *kernels;
    double *dots, *others; /* (pieces) */
    float *mosts;          /* (pieces) */
} ImpVectorSpace;

/* n >= 1. The caller frees it, after a failure too. */
ImpStatus imp_vector_space_new(size_t n, ImpVectorSpace *out, ImpError *error);
void imp_vector_space_free(ImpVectorSpace *space);

double imp_vector_dot(ImpVectorSpace *space, const float *a, const float *b);
/* other = |a|_1 (not finite when an element is not), most = max|a|. */
ImpVectorSums imp_vector_norms(ImpVectorSpace *space, const float *a);
/* With y = g - h and s = t d: dot = y.s, other = y.y. */
ImpVectorSums imp_vector_curvature(ImpVectorSpace *space, const float *g, const float *h, const float *d, float t);
/* y = g - h, s = t d, then d = -g; returns s.d. */
double imp_vector_pair(ImpVectorSpace *space, const float *g, const float *h, float t, float *y, float *s, float *d);
/* q = -g; returns q.a. */
double imp_vector_negate_dot(ImpVectorSpace *space, float *q, const float *g, const float *a);
/* q = q + a y; returns q.z. */
double imp_vector_axpy_dot(ImpVectorSpace *space, float *q, float a, const float *y, const float *z);
/* q = h (q + a y); returns q.y. */
double imp_vector_axpy_scale_dot(ImpVectorSpace *space, float *q, float a, const float *y, float h);
/* q = q + a y; dot = q.z, other = |q|_1, most = max|q|. */
ImpVectorSums imp_vector_axpy_norms(ImpVectorSpace *space, float *q, float a, const float *y, const float *z);
/* x = x0 + t d; x may be x0. */
void imp_vector_step(ImpVectorSpace *space, float *x, const float *x0, float t, const float *d);

/* What happens to the gradient and to x before Adam moves x. */
typedef struct ImpAdamDecay {
    float scale;  /* g = scale g */
    float couple; /* then g = g + couple x, within the ranges */
    float keep;   /* then x = keep x, within the ranges */
    const ImpRange *ranges;
    size_t n_ranges;
} ImpAdamDecay;

/* One Adam step of x with the moments m and v along the gradient g, which is overwritten. */
void imp_vector_adam(ImpVectorSpace *space, float *x, float *m, float *v, float *g, const ImpAdamDecay *decay,
                     const ImpAdamStep *step);
/* a = a + w (x - a). */
void imp_vector_average(ImpVectorSpace *space, float *a, float w, const float *x);

#endif
