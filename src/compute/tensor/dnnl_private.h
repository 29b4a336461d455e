/* What the files of oneDNN primitives share. */
#ifndef IMP_COMPUTE_TENSOR_DNNL_PRIVATE_H
#define IMP_COMPUTE_TENSOR_DNNL_PRIVATE_H

#include "compute/tensor/dnnl_convolution.h"
#include <oneapi/dnnl/dnnl.h>

struct ImpDnnlConvolution {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive, pack; /* pack: weights into the layout that the primitive asks for */
    dnnl_memory_t weights, packed, bias, from, to;
    int names[4]; /* of from, weights, to, bias among the primitive's arguments */
    int count;    /* of names */
};

/* What both passes describe alike. */
typedef struct ImpDnnlShapes {
    dnnl_memory_desc_t source, target, weights, plain_weights, bias; /* weights: any layout; plain: (out,in,k,k) */
    dnnl_dims_t strides, padding;
} ImpDnnlShapes;

#define IMP_DNNL_TRY(call)                                                                                             \
    do {                                                                                                               \
        dnnl_status_t tried = (call);                                                                                  \
        if (tried != dnnl_success) return tried;                                                                       \
    } while (0)

/* Describes the pass: its primitive, created by the caller's library call. */
typedef dnnl_status_t (*ImpDnnlDescribe)(const ImpDnnlConvolutionSpec *spec, const ImpDnnlShapes *shapes,
                                         dnnl_engine_t engine, dnnl_primitive_desc_t *out);

/* Makes a convolution around the primitive that `describe` describes; names and count are set by the caller after. */
ImpStatus imp_dnnl_convolution_new(const ImpDnnlConvolutionSpec *spec, ImpDnnlDescribe describe, bool backward,
                                   ImpDnnlConvolution **out, ImpError *error);

#endif
