#include "compute/tensor/dnnl_convolution.h"

#include "base/error.h"
#include "base/memory.h"
#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>

struct ImpDnnlConvolution {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_memory_t source, weights, bias, target;
};

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        dnnl_status_t tried = (call);                                                                                  \
        if (tried != dnnl_success) return tried;                                                                       \
    } while (0)

static dnnl_status_t describe(const ImpTensor *tensor, dnnl_memory_desc_t *out) {
    dnnl_dims_t dims = {1, tensor->shape.channels, tensor->shape.height, tensor->shape.width};
    dnnl_format_tag_t tag = tensor->layout == IMP_LAYOUT_PLAIN ? dnnl_nchw
                            : tensor->block == 16              ? dnnl_nChw16c
                                                               : dnnl_nChw8c;
    return dnnl_memory_desc_init_by_tag(out, 4, dims, dnnl_f32, tag);
}

static dnnl_status_t describe_primitive(const ImpDnnlConvolutionSpec *spec, dnnl_engine_t engine,
                                        const dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t *out) {
    dnnl_memory_desc_t source, weights, bias, target;
    dnnl_dim_t out_channels = spec->target.shape.channels, k = spec->kernel;
    dnnl_dims_t weight_dims = {out_channels, spec->source.shape.channels, k, k}, bias_dims = {out_channels};
    dnnl_dims_t strides = {spec->stride, spec->stride}, padding = {spec->padding, spec->padding};
    TRY(describe(&spec->source, &source));
    TRY(describe(&spec->target, &target));
    TRY(dnnl_memory_desc_init_by_tag(&weights, 4, weight_dims, dnnl_f32, dnnl_format_tag_any));
    TRY(dnnl_memory_desc_init_by_tag(&bias, 1, bias_dims, dnnl_f32, dnnl_x));
    dnnl_convolution_desc_t convolution;
    TRY(dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_inference, dnnl_convolution_direct, &source,
                                           &weights, &bias, &target, strides, padding, padding));
    return dnnl_primitive_desc_create(out, &convolution, attributes, engine, NULL);
}

static dnnl_status_t fill(dnnl_memory_t memory, const float *values, size_t count) {
    void *data;
    TRY(dnnl_memory_get_data_handle(memory, &data));
    for (size_t i = 0; i < count; i++) ((float *)data)[i] = values[i];
    return dnnl_success;
}

/* Copies (out,in,k,k) weights into the layout that the primitive asks for. */
static dnnl_status_t pack_weights(ImpDnnlConvolution *c, const ImpDnnlConvolutionSpec *spec, const float *weights,
                                  const dnnl_memory_desc_t *wanted) {
    dnnl_dim_t k = spec->kernel;
    dnnl_dims_t dims = {spec->target.shape.channels, spec->source.shape.channels, k, k};
    dnnl_memory_desc_t plain;
    TRY(dnnl_memory_desc_init_by_tag(&plain, 4, dims, dnnl_f32, dnnl_oihw));
    TRY(dnnl_memory_create(&c->weights, wanted, c->engine, DNNL_MEMORY_ALLOCATE));
    dnnl_memory_t from = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_status_t status = dnnl_memory_create(&from, &plain, c->engine, (void *)(uintptr_t)weights);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&description, &plain, c->engine, wanted, c->engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(&reorder, description);
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, c->weights}};
    if (status == dnnl_success) status = dnnl_primitive_execute(reorder, c->stream, 2, arguments);
    if (status == dnnl_success) status = dnnl_stream_wait(c->stream);
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(description);
    dnnl_memory_destroy(from);
    return status;
}

static dnnl_status_t make_memories(ImpDnnlConvolution *c, const ImpDnnlConvolutionSpec *spec, const float *weights,
                                   const float *bias, const_dnnl_primitive_desc_t description) {
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    TRY(pack_weights(c, spec, weights, wanted));
    dnnl_memory_desc_t source, target, bias_description;
    dnnl_dims_t bias_dims = {spec->target.shape.channels};
    TRY(describe(&spec->source, &source));
    TRY(describe(&spec->target, &target));
    TRY(dnnl_memory_desc_init_by_tag(&bias_description, 1, bias_dims, dnnl_f32, dnnl_x));
    TRY(dnnl_memory_create(&c->bias, &bias_description, c->engine, DNNL_MEMORY_ALLOCATE));
    TRY(fill(c->bias, bias, (size_t)spec->target.shape.channels));
    TRY(dnnl_memory_create(&c->source, &source, c->engine, DNNL_MEMORY_NONE));
    return dnnl_memory_create(&c->target, &target, c->engine, DNNL_MEMORY_NONE);
}

static dnnl_status_t make_attributes(bool relu, dnnl_primitive_attr_t *out) {
    TRY(dnnl_primitive_attr_create(out));
    if (!relu) return dnnl_success;
    dnnl_post_ops_t operations;
    TRY(dnnl_post_ops_create(&operations));
    dnnl_status_t status = dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*out, operations);
    dnnl_post_ops_destroy(operations);
    return status;
}

static dnnl_status_t make(ImpDnnlConvolution *c, const ImpDnnlConvolutionSpec *spec, const float *weights,
                          const float *bias) {
    TRY(dnnl_engine_create(&c->engine, dnnl_cpu, 0));
    TRY(dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags));
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = make_attributes(spec->relu, &attributes);
    if (status == dnnl_success) status = describe_primitive(spec, c->engine, attributes, &description);
    if (status == dnnl_success) status = make_memories(c, spec, weights, bias, description);
    if (status == dnnl_success) status = dnnl_primitive_create(&c->primitive, description);
    dnnl_primitive_desc_destroy(description);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

ImpStatus imp_dnnl_convolution_new(const ImpDnnlConvolutionSpec *spec, const float *weights, const float *bias,
                                   ImpDnnlConvolution **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "convolution", error);
    if (status != IMP_OK) return status;
    dnnl_status_t made = make(*out, spec, weights, bias);
    if (made == dnnl_success) return IMP_OK;
    imp_dnnl_convolution_free(out);
    if (made == dnnl_out_of_memory) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a convolution");
    return imp_fail(error, IMP_ERROR_UNSUPPORTED, "oneDNN cannot make a %dx%d convolution of %d to %d channels (%d)",
                    spec->kernel, spec->kernel, spec->source.shape.channels, spec->target.shape.channels, (int)made);
}

void imp_dnnl_convolution_free(ImpDnnlConvolution **convolution) {
    ImpDnnlConvolution *c = *convolution;
    if (!c) return;
    dnnl_primitive_destroy(c->primitive);
    dnnl_memory_destroy(c->source);
    dnnl_memory_destroy(c->weights);
    dnnl_memory_destroy(c->bias);
    dnnl_memory_destroy(c->target);
    dnnl_stream_destroy(c->stream);
    dnnl_engine_destroy(c->engine);
    imp_free(c);
    *convolution = NULL;
}

bool imp_dnnl_convolution_forward(ImpDnnlConvolution *c, float *source, float *target) {
    if (dnnl_memory_set_data_handle(c->source, source) != dnnl_success) return false;
    if (dnnl_memory_set_data_handle(c->target, target) != dnnl_success) return false;
    dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, c->source}, {DNNL_ARG_WEIGHTS, c->weights}, {DNNL_ARG_BIAS, c->bias}, {DNNL_ARG_DST, c->target}};
    if (dnnl_primitive_execute(c->primitive, c->stream, 4, arguments) != dnnl_success) return false;
    return dnnl_stream_wait(c->stream) == dnnl_success;
}
