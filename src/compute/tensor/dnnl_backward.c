#include "compute/tensor/dnnl_private.h"

/* oneDNN wants the forward pass described as well, for a hint. */
static dnnl_status_t describe_forward(const ImpDnnlShapes *shapes, dnnl_engine_t engine, dnnl_primitive_desc_t *out) {
    dnnl_convolution_desc_t forward;
    IMP_DNNL_TRY(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, dnnl_convolution_direct,
                                                    &shapes->source, &shapes->weights, NULL, &shapes->target,
                                                    shapes->strides, shapes->padding, shapes->padding));
    return dnnl_primitive_desc_create(out, &forward, NULL, engine, NULL);
}

static dnnl_status_t describe(const ImpDnnlConvolutionSpec *spec, const ImpDnnlShapes *shapes, dnnl_engine_t engine,
                              dnnl_primitive_desc_t *out) {
    (void)spec;
    dnnl_convolution_desc_t backward;
    dnnl_primitive_desc_t forward;
    IMP_DNNL_TRY(describe_forward(shapes, engine, &forward));
    dnnl_status_t status =
        dnnl_convolution_backward_data_desc_init(&backward, dnnl_convolution_direct, &shapes->source, &shapes->weights,
                                                 &shapes->target, shapes->strides, shapes->padding, shapes->padding);
    if (status == dnnl_success) status = dnnl_primitive_desc_create(out, &backward, NULL, engine, forward);
    dnnl_primitive_desc_destroy(forward);
    return status;
}

ImpStatus imp_dnnl_backward_new(const ImpDnnlConvolutionSpec *spec, ImpDnnlConvolution **out, ImpError *error) {
    ImpStatus status = imp_dnnl_convolution_new(spec, describe, true, out, error);
    if (status != IMP_OK) return status;
    static const int names[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC};
    for (int i = 0; i < 3; i++) (*out)->names[i] = names[i];
    (*out)->count = 3;
    return IMP_OK;
}
