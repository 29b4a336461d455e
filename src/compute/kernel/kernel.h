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

/* A source that is read through padding or enlargement, which are never stored: its place (y,x) is at row rows[y] and
 * column columns[x] of the planes that are, height x width; -1: a zero. From one y (or x) to the next, rows[y] changes
 * by at most 1. rows NULL: the source is stored as it is. */
typedef struct ImpMap {
    const int *rows, *columns;
    int height, width;
} ImpMap;

/* A 3x3 convolution of stride 1 with `padding` (0, 1 or 2) zeros around, by Winograd's F(4x4,3x3) (Lavin, Gray 2016),
 * or forms of it for stride 2 (then neither transposed, nor with a mask or source_relu) and for enlarged sources.
 * As backward pass with respect to the input it is the same with the filters transposed and turned by 180 degrees, and
 * padding 2 - p. */
typedef struct ImpWinograd {
    int images, in_channels, out_channels;
    int stride;                 /* 2; 0 and 1 are 1 */
    int height, width, padding; /* of the source; the target has (height + 2 padding - 3) / stride + 1 rows ... */
    bool transposed;            /* weights are read as the backward pass needs them: (in,out) swapped, turned */
    const float *weights;       /* (out,in,3,3), or (in,out,3,3) when transposed */
    const float *bias;          /* (out) or NULL */
    const float *source;        /* (images,in/B,H,W,B) */
    ImpMap map;                 /* of source; then without source_mask */
    const float *source_mask;   /* NULL, or the shape of source: source counts only where this is > 0 */
    float *target;              /* (images,out/B,h,w,B) */
    const float *target_mask;   /* NULL, or the shape of target: the result counts only where this is > 0 */
    bool source_relu;           /* max(source, 0) is read */
    bool relu;                  /* max(result, 0) is written */
    bool accumulate;            /* added to target */
    float *filters;             /* NULL, or winograd_filters() floats that keep the transformed filters ... */
    bool filters_are_made;      /* ... from a job before */
    float *scratch;             /* winograd_scratch() floats */
} ImpWinograd;

/* A convolution of any odd kernel up to 15 and stride 1 or 2, to blocked channels: target[o][y][x] = bias[o] + sum
 * weights[o][i][ky][kx] source[i][y stride + ky - padding][x stride + kx - padding]. transposed: the backward pass of
 * such a convolution, so that source is its result's gradient, target its source's, and out_channels its source's
 * channels. */
typedef struct ImpDirect {
    int images, in_channels, out_channels, kernel, stride, padding;
    int height, width, out_height, out_width; /* of the source, of the target */
    bool transposed;
    bool source_plain;    /* source (images,in,height,width), else (images,in/B,height,width,B) */
    const float *weights; /* (out,in,kernel,kernel), or (in,out,kernel,kernel) when transposed */
    const float *bias;    /* (out) or NULL */
    const float *source;
    ImpMap map;      /* of a blocked source, not transposed */
    float *target;   /* (images,out/B,out_height,out_width,B) */
    bool relu;       /* max(result, 0) is written */
    bool accumulate; /* added to target */
    float *scratch;  /* direct_scratch() floats */
} ImpDirect;

/* A convolution of stride 1 from C blocked channels to a plain image of few: a network's last layer, or, transposed,
 * the backward pass of its first (of padding p, with padding kernel - 1 - p here). */
typedef struct ImpToImage {
    int images, channels, planes; /* planes <= 3 */
    int height, width;            /* of the source; the target has height + 2 padding - kernel + 1 rows ... */
    int kernel, padding;
    bool transposed;          /* weights are read as the backward pass needs them: (in,out) swapped, turned */
    const float *weights;     /* (planes,channels,kernel,kernel), or (channels,planes,kernel,kernel) when transposed */
    const float *bias;        /* (planes) or NULL */
    const float *source;      /* (images,channels/B,height,width,B) */
    ImpMap map;               /* of source; kernel >= 5, without source_mask */
    const float *source_mask; /* NULL, or as in ImpWinograd */
    float *target;            /* (images,planes,h,w) */
    bool accumulate;          /* added to target */
    float *scratch;           /* to_image_scratch() floats */
} ImpToImage;

/* The gradient of a convolution's weights: weights[o][i][ky][kx] += sum over images and places (y,x) of
 * gradient[o][y][x] source[i][y stride + ky - padding][x stride + kx - padding]. Either side may be a plain image of
 * few channels (the gradient then with stride 1). Summed image by image, so that threads do not matter. */
typedef struct ImpWeightGradient {
    int images, in_channels, out_channels, kernel, stride, padding;
    int in_height, in_width, out_height, out_width;
    bool source_plain, gradient_plain; /* not both */
    bool source_relu;                  /* max(source, 0) is read; blocked sources */
    const float *source;               /* (images,in/B,H,W,B) or (images,in,H,W) */
    ImpMap map;                        /* of a blocked source; kernel 3 and stride 1 */
    const float *gradient;             /* (images,out/B,h,w,B) or (images,out,h,w) */
    float *weights;                    /* (out,in,kernel,kernel), added to */
    float *scratch;                    /* weight_gradient_scratch() floats */
} ImpWeightGradient;

/* Per plane (one block of one image) and lane: target = scale a + other b + offset. */
typedef struct ImpAffine {
    size_t planes, places;
    const float *a, *scale; /* (planes,places,B), (planes,B) */
    const float *b, *other; /* the same, or NULL */
    const float *offset;    /* (planes,B) */
    /* NULL, or (planes,B): a counts only where mask_scale b + mask_offset > 0 */
    const float *mask_scale, *mask_offset;
    float *target;
    bool relu;       /* max(target, 0) is written */
    bool accumulate; /* added to target */
} ImpAffine;

/* Equal bins of the values of each channel of one block: x is at position (x - least) scale, and in the bin of that
 * number, or in the first or last if it is beyond them. What is not a number is in the first. */
typedef struct ImpBins {
    int bins;
    const float *least, *scale; /* (B) */
} ImpBins;

/* What a map makes of a bin: low + rise (position - bin). */
typedef struct ImpBinMap {
    float low, rise;
} ImpBinMap;

typedef struct ImpPool {
    int channels, in_height, in_width, out_height, out_width; /* out = max(1, in / 2) */
    bool maximum;                                             /* else average */
    bool source_relu;                                         /* max(source, 0) is pooled */
} ImpPool;

/* For each patch a of a picture's activation the patch b of a style's with the largest <a, b> factor[b]: with factor
 * 1/|b|, the largest normalised cross-correlation (Li, Wand 2016). A patch is tall x wide places of all blocks, and
 * (i,j) begins at place (i stride, j stride). Patches are never stored as such. Guide blocks count like the others. Of
 * equal scores the lowest number wins; products are sums in float. */
typedef struct ImpPatchMatch {
    int blocks, guide_blocks;
    int tall, wide;            /* sides of a patch, 1 to 9, and not above those of the activations */
    int height, width, stride; /* of the picture's activation */
    const float *source;       /* (blocks,height,width,B) */
    const float *guide;        /* (guide_blocks,height,width,B) */
    int style_height, style_width, style_stride;
    const float *style;  /* (style_height,blocks + guide_blocks,style_width,B) */
    const float *factor; /* (rows,columns of the style's patches) */
    int first;           /* number of the style's first patch; the others follow in reading order */
    float *score;        /* (rows,columns of the picture's patches): the best so far, at first -INFINITY ... */
    int *nearest;        /* ... and the number of the patch, at first 0: so one style can follow another */
    float *packed;       /* match_packed() floats */
    float *scratch;      /* match_scratch() floats */
} ImpPatchMatch;

typedef struct ImpKernels {
    const char *name;
    int block; /* B: channels side by side */

    size_t (*winograd_scratch)(const ImpWinograd *job, int threads); /* floats */
    size_t (*winograd_filters)(const ImpWinograd *job);              /* floats */
    void (*winograd)(const ImpWinograd *job);
    size_t (*direct_scratch)(const ImpDirect *job, int threads); /* floats */
    void (*direct)(const ImpDirect *job);
    size_t (*to_image_scratch)(int channels, int kernel, int threads); /* floats */
    void (*to_image)(const ImpToImage *job);

    size_t (*weight_gradient_scratch)(const ImpWeightGradient *job); /* floats */
    void (*weight_gradient)(const ImpWeightGradient *job);

    /* sums (planes,2,B): of x - shift and of its square over the places of source (planes,places,B); shift (planes,B).
     * Summed in pieces of fixed size. scratch: sums_scratch() doubles, for this and channel_products. */
    size_t (*sums_scratch)(size_t planes, size_t places);
    void (*channel_sums)(size_t planes, size_t places, const float *source, const float *shift, double *sums,
                         double *scratch);
    /* sums (planes,2,B): of a and of a (b - offset), where a, b and the mask are those of the job. b may be NULL: then
     * the second sum is 0. */
    void (*channel_products)(const ImpAffine *job, double *sums, double *scratch);
    void (*affine)(const ImpAffine *job);

    /* Histograms of source (n,B), one block's places, on the calling thread; weights (n), or NULL: each counts 1.
     * range: least and greatest (B) are widened to the numbers of places that weigh more than 0. count: counts (bins,B)
     * += weights. map (bins,B): target (n,B) = what it makes of source. */
    void (*histogram_range)(size_t n, const float *source, const float *weights, float *least, float *greatest);
    void (*histogram_count)(const ImpBins *bins, size_t n, const float *source, const float *weights, float *counts);
    void (*histogram_map)(const ImpBins *bins, size_t n, const float *source, const ImpBinMap *map, float *target);

    /* Each pixel of (planes,h,w,B) becomes 2x2 equal ones; back: gradient (planes,2h,2w,B) -> (planes,h,w,B). */
    void (*upsample)(size_t planes, int height, int width, const float *source, float *target);
    void (*upsample_backward)(size_t planes, int height, int width, const float *gradient, float *source_gradient,
                              bool accumulate);

    /* 2x2 pooling of stride 2: (C/B,h,w,B) -> (C/B,h',w',B). A side of 1 stays 1. Of equal values the first in reading
     * order is the maximum. */
    void (*pool_forward)(const ImpPool *pool, const float *source, float *target);
    /* gradient (C/B,h',w',B) -> source_gradient (C/B,h,w,B), overwritten or added to. */
    void (*pool_backward)(const ImpPool *pool, const float *source, const float *gradient, float *source_gradient,
                          bool accumulate);

    /* gram (C,C) = F F^T in double, F = source (C/B,n,B) over n places. Summed in pieces of a size that depends on C
     * and n alone. scratch: gram_scratch() floats, of this or a larger n. */
    size_t (*gram_scratch)(int channels, size_t n);
    void (*gram)(int channels, size_t n, const float *source, double *gram, float *scratch);
    /* target (out/B,n,B) += or = M^T source: target[o] = sum_i matrix[i][o] source[i], matrix (in,out). */
    void (*mix)(int in_channels, int out_channels, size_t n, const float *matrix, const float *source, float *target,
                bool accumulate, float *scratch);
    size_t (*mix_scratch)(int in_channels, int out_channels);

    /* c (rows,columns) = a (rows,inner) b (inner,columns), all double; c overlaps neither. scratch: multiply_scratch()
     * doubles. */
    size_t (*multiply_scratch)(size_t inner, size_t columns);
    void (*multiply)(size_t rows, size_t inner, size_t columns, const double *a, const double *b, double *c,
                     double *scratch);

    /* match_pack brings source and guide into the order that match reads: once for all styles. */
    size_t (*match_packed)(const ImpPatchMatch *job);               /* floats; the same for all styles */
    size_t (*match_scratch)(const ImpPatchMatch *job, int threads); /* floats */
    void (*match_pack)(const ImpPatchMatch *job);
    void (*match)(const ImpPatchMatch *job);
} ImpKernels;

/* The kernels of the level in force (imp_cpu_level). */
const ImpKernels *imp_kernels(void);
/* The best kernels with at most 8 channels side by side: for layers of 8 channels, 16 lanes are half empty. */
const ImpKernels *imp_kernels_narrow(void);
/* The kernels of one level; NULL when this build or processor lacks it. */
const ImpKernels *imp_kernels_of(ImpCpuLevel level);

#endif
