#include "compute/tensor/dnnl_private.h"

static dnnl_status_t make_attributes(bool relu, dnnl_primitive_attr_t *out) {
    IMP_DNNL_TRY(dnnl_primitive_attr_create(out));
    if (!relu) return dnnl_success;
    dnnl_post_ops_t operations;
    IMP_DNNL_TRY(dnnl_post_ops_create(&operations));
    dnnl_status_t status = dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*out, operations);
    dnnl_post_ops_destroy(operations);
    return status;
}

static dnnl_status_t describe(const ImpDnnlConvolutionSpec *spec, const ImpDnnlShapes *shapes, dnnl_engine_t engine,
                              dnnl_primitive_desc_t *out) {
    dnnl_convolution_desc_t convolution;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = make_attributes(spec->relu, &attributes);
    if (status == dnnl_success)
        status = dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_inference, dnnl_convolution_direct,
                                                    &shapes->source, &shapes->weights, &shapes->bias, &shapes->target,
                                                    shapes->strides, shapes->padding, shapes->padding);
    if (status == dnnl_success) status = dnnl_primitive_desc_create(out, &convolution, attributes, engine, NULL);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

ImpStatus imp_dnnl_forward_new(const ImpDnnlConvolutionSpec *spec, ImpDnnlConvolution **out, ImpError *error) {
    ImpStatus status = imp_dnnl_convolution_new(spec, describe, false, out, error);
    if (status != IMP_OK) return status;
    static const int names[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
    for (int i = 0; i < 4; i++) (*out)->names[i] = names[i];
    (*out)->count = 4;
    return IMP_OK;
}
