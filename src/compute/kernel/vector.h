/* Kernels over float vectors: element-wise passes fused with the sums that are wanted of their result.
 *
 * Each function works through n elements on the calling thread. Elements are rounded to float after every operation;
 * sums are double, kept in 16 interleaved partial sums (element i goes to sum i mod 16) that are added pairwise at the
 * end. All tiers use the same order and no fused multiply-add, so they give the same bits. Vectors must not overlap
 * unless a comment says so; any alignment will do. */
#ifndef IMP_COMPUTE_KERNEL_VECTOR_H
#define IMP_COMPUTE_KERNEL_VECTOR_H

#include "base/cpu.h"
#include <stddef.h>

/* What a pass has summed over its elements; each kernel says which it fills. */
typedef struct ImpVectorSums {
    double dot;   /* an inner product */
    double other; /* a second inner product, or the 1-norm: not finite as soon as one element is not */
    float most;   /* the largest magnitude; elements that are not a number are passed over */
} ImpVectorSums;

/* The constants of one Adam step; every element is float arithmetic in the order of torch.optim.Adam. */
typedef struct ImpAdamStep {
    float keep1, take1, keep2, take2; /* beta1, 1 - beta1, beta2, 1 - beta2 */
    float root_correction;            /* sqrt(1 - beta2^step) */
    float epsilon, rate;              /* rate: -learning rate / (1 - beta1^step) */
} ImpAdamStep;

typedef struct ImpVectorKernels {
    /* dot = a.b; a may be b */
    void (*dot)(const float *a, const float *b, size_t n, ImpVectorSums *sums);
    /* other = |a|_1, most = max|a| */
    void (*norms)(const float *a, size_t n, ImpVectorSums *sums);
    /* With y = g - h and s = t d, neither stored: dot = y.s, other = y.y */
    void (*curvature)(const float *g, const float *h, const float *d, float t, size_t n, ImpVectorSums *sums);
    /* y = g - h, s = t d, then d = -g; dot = s.d */
    void (*pair)(const float *g, const float *h, float t, float *y, float *s, float *d, size_t n, ImpVectorSums *sums);
    /* q = -g; dot = q.a */
    void (*negate_dot)(float *q, const float *g, const float *a, size_t n, ImpVectorSums *sums);
    /* q = q + a y; dot = q.z */
    void (*axpy_dot)(float *q, float a, const float *y, const float *z, size_t n, ImpVectorSums *sums);
    /* q = h (q + a y); dot = q.y */
    void (*axpy_scale_dot)(float *q, float a, const float *y, float h, size_t n, ImpVectorSums *sums);
    /* q = q + a y; dot = q.z, other = |q|_1, most = max|q| */
    void (*axpy_norms)(float *q, float a, const float *y, const float *z, size_t n, ImpVectorSums *sums);
    /* x = x0 + t d; x may be x0 */
    void (*step)(float *x, const float *x0, float t, const float *d, size_t n);
    /* Moves x (n) and the moments m, v (n) one Adam step along the gradient g (n). */
    void (*adam)(float *x, float *m, float *v, const float *g, const ImpAdamStep *step, size_t n);
} ImpVectorKernels;

/* The kernels of a level; a level without its own gets the next lower one. */
const ImpVectorKernels *imp_vector_kernels(ImpCpuLevel level);

#endif
