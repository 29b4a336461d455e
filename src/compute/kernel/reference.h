/* The kernels of kernel.h as plain loops in double: what they compute, without how to compute it fast. Jobs, shapes and
 * layouts are those of kernel.h; `block` is B, the channels side by side, and scratch is not used. Results are rounded
 * to float once, when they are written. For tests and as a text to read; the library does not link it. */
#ifndef IMP_COMPUTE_KERNEL_REFERENCE_H
#define IMP_COMPUTE_KERNEL_REFERENCE_H

#include "compute/kernel/kernel.h"

/* ImpKernels.winograd as a direct convolution. */
void imp_reference_convolution(int block, const ImpWinograd *job);
void imp_reference_to_image(int block, const ImpToImage *job);
void imp_reference_pool_forward(int block, const ImpPool *pool, const float *source, float *target);
void imp_reference_pool_backward(int block, const ImpPool *pool, const float *source, const float *gradient,
                                 float *source_gradient, bool accumulate);
void imp_reference_gram(int block, int channels, size_t n, const float *source, double *gram);
void imp_reference_mix(int block, int in_channels, int out_channels, size_t n, const float *matrix, const float *source,
                       float *target, bool accumulate);
void imp_reference_histogram_count(int block, const ImpBins *bins, size_t n, const float *source, const float *weights,
                                   float *counts);
void imp_reference_histogram_map(int block, const ImpBins *bins, size_t n, const float *source, const ImpBinMap *map,
                                 float *target);
/* ImpKernels.match; packed is not read. */
void imp_reference_match(int block, const ImpPatchMatch *job);
/* <a, b> factor[b] in double, for patches number `own` of the picture and `style` of the style, counted from 0. */
double imp_reference_match_score(int block, const ImpPatchMatch *job, int own, int style);
void imp_reference_multiply(size_t rows, size_t inner, size_t columns, const double *a, const double *b, double *c);

#endif
