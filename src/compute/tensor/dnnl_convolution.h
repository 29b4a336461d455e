/* Forward convolutions by oneDNN: any kernel size, stride and zero padding, plain or blocked input, blocked output. */
#ifndef IMP_COMPUTE_TENSOR_DNNL_CONVOLUTION_H
#define IMP_COMPUTE_TENSOR_DNNL_CONVOLUTION_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"
#include <stdbool.h>

typedef struct ImpDnnlConvolutionSpec {
    ImpTensor source, target; /* shapes and layouts; data is not read */
    int kernel, stride, padding;
    bool relu; /* max(result, 0) */
} ImpDnnlConvolutionSpec;

typedef struct ImpDnnlConvolution ImpDnnlConvolution;

/* Makes the primitive and packs `weights` (out,in,kernel,kernel) and `bias` (out) for it: both are copied. On success
 * *out is the caller's. */
ImpStatus imp_dnnl_convolution_new(const ImpDnnlConvolutionSpec *spec, const float *weights, const float *bias,
                                   ImpDnnlConvolution **out, ImpError *error);
void imp_dnnl_convolution_free(ImpDnnlConvolution **convolution);
/* Reads source, writes target, both as the spec described. False when oneDNN refuses. */
bool imp_dnnl_convolution_forward(ImpDnnlConvolution *convolution, float *source, float *target);

#endif
