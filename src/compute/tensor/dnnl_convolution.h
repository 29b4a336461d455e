/* Convolutions by oneDNN: any kernel size, stride and zero padding, plain or blocked input, blocked output; and their
 * backward pass with respect to the input. Neither depends on the number of threads. */
#ifndef IMP_COMPUTE_TENSOR_DNNL_CONVOLUTION_H
#define IMP_COMPUTE_TENSOR_DNNL_CONVOLUTION_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"
#include <stdbool.h>

typedef struct ImpDnnlConvolutionSpec {
    ImpTensor source, target; /* of the forward pass: shapes and layouts; data is not read */
    int kernel, stride, padding;
    bool relu; /* max(result, 0); forward */
} ImpDnnlConvolutionSpec;

typedef struct ImpDnnlConvolution ImpDnnlConvolution;

/* Makes the primitives, for the number of threads in force. On success *out is the caller's. */
ImpStatus imp_dnnl_forward_new(const ImpDnnlConvolutionSpec *spec, ImpDnnlConvolution **out, ImpError *error);
ImpStatus imp_dnnl_backward_new(const ImpDnnlConvolutionSpec *spec, ImpDnnlConvolution **out, ImpError *error);
void imp_dnnl_convolution_free(ImpDnnlConvolution **convolution);

/* Forward: `to` from `from` = source, weights (out,in,kernel,kernel) and bias (out). Backward: the source's gradient
 * `to` from the target's, `from`; bias is not read. The weights may be others each time. False when oneDNN refuses. */
bool imp_dnnl_convolution_run(ImpDnnlConvolution *convolution, const float *weights, const float *bias,
                              const float *from, float *to);

#endif
