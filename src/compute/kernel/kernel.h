/* The compute kernels: raw pointers in, raw pointers out.
 *
 * Each kernel is written once, over a vector type, and compiled once a tier (AVX-512, AVX2, baseline); reference.c
 * holds the same functions as plain loops in double, and tests/compute compares the two. Activations are blocked: an
 * image of C channels, H rows, W columns is stored as (C/B, H, W, B) with B channels side by side, the layout that
 * oneDNN calls nChw16c (B = 16, AVX-512) or nChw8c (B = 8). Channels beyond C in the last block are zero.
 *
 * No kernel's result depends on the number of threads. */
#ifndef IMP_COMPUTE_KERNEL_KERNEL_H
#define IMP_COMPUTE_KERNEL_KERNEL_H

#include "base/cpu.h"
#include <stdbool.h>
#include <stddef.h>

/* A 3x3 convolution of stride 1 with one zero pixel around, by Winograd's F(4x4,3x3) (Lavin, Gray 2016). As backward
 * pass with respect to the input it is the same with the filters transposed and turned by 180 degrees. */
typedef struct ImpWinograd {
    int in_channels, out_channels, height, width;
    bool transposed;          /* weights are read as the backward pass needs them: (in,out) swapped, turned */
    const float *weights;     /* (out,in,3,3), or (in,out,3,3) when transposed */
    const float *bias;        /* (out) or NULL */
    const float *source;      /* (in/B,H,W,B) */
    const float *source_mask; /* NULL, or the shape of source: source counts only where this is > 0 */
    float *target;            /* (out/B,H,W,B) */
    const float *target_mask; /* NULL, or the shape of target: the result counts only where this is > 0 */
    bool source_relu;         /* max(source, 0) is read */
    bool relu;                /* max(result, 0) is written */
    bool accumulate;          /* added to target */
    float *scratch;           /* winograd_scratch() floats */
} ImpWinograd;

/* The convolution's backward pass from C blocked channels to a plain image of few channels (a network's first layer):
 * 3x3, stride 1, `padding` 1 or 0. */
typedef struct ImpToImage {
    int channels;
    int planes, height, width; /* of the image, planes <= 3; the gradient has height + 2 padding - 2 rows ... */
    int padding;
    const float *weights;     /* (channels,planes,3,3) */
    const float *source;      /* gradient of the output, (channels/B,h,w,B) */
    const float *source_mask; /* NULL, or as in ImpWinograd */
    float *target;            /* (planes,height,width) */
    bool accumulate;          /* added to target */
    float *scratch;           /* to_image_scratch() floats */
} ImpToImage;

typedef struct ImpPool {
    int channels, in_height, in_width, out_height, out_width; /* out = max(1, in / 2) */
    bool maximum;                                             /* else average */
    bool source_relu;                                         /* max(source, 0) is pooled */
} ImpPool;

typedef struct ImpKernels {
    const char *name;
    int block; /* B: channels side by side */

    size_t (*winograd_scratch)(const ImpWinograd *job, int threads); /* floats */
    void (*winograd)(const ImpWinograd *job);
    size_t (*to_image_scratch)(int channels); /* floats */
    void (*to_image)(const ImpToImage *job);

    /* 2x2 pooling of stride 2: (C/B,h,w,B) -> (C/B,h',w',B). A side of 1 stays 1. Of equal values the first in reading
     * order is the maximum. */
    void (*pool_forward)(const ImpPool *pool, const float *source, float *target);
    /* gradient (C/B,h',w',B) -> source_gradient (C/B,h,w,B), overwritten or added to. */
    void (*pool_backward)(const ImpPool *pool, const float *source, const float *gradient, float *source_gradient,
                          bool accumulate);

    /* gram (C,C) = F F^T in double, F = source (C/B,n,B) over n places. Summed in pieces of a size that depends on C
     * and n alone. scratch: gram_scratch() floats. */
    size_t (*gram_scratch)(int channels, size_t n);
    void (*gram)(int channels, size_t n, const float *source, double *gram, float *scratch);
    /* target (out/B,n,B) += or = M^T source: target[o] = sum_i matrix[i][o] source[i], matrix (in,out). */
    void (*mix)(int in_channels, int out_channels, size_t n, const float *matrix, const float *source, float *target,
                bool accumulate, float *scratch);
    size_t (*mix_scratch)(int in_channels, int out_channels);
} ImpKernels;

/* The kernels of the level in force (imp_cpu_level). */
const ImpKernels *imp_kernels(void);
/* The kernels of one level; NULL when this build or processor lacks it. */
const ImpKernels *imp_kernels_of(ImpCpuLevel level);

#endif
