#include "base/error.h"
#include "base/memory.h"
#include "compute/tensor/dnnl_private.h"
#include <stdint.h>

/* What forward and backward convolutions have in common: memory, packing of weights, running. */

static dnnl_status_t describe_tensor(const ImpTensor *tensor, dnnl_memory_desc_t *out) {
    dnnl_dims_t dims = {(dnnl_dim_t)imp_shape_images(tensor->shape), tensor->shape.channels, tensor->shape.height,
                        tensor->shape.width};
    dnnl_format_tag_t tag = tensor->layout == IMP_LAYOUT_PLAIN ? dnnl_nchw
                            : tensor->block == 16              ? dnnl_nChw16c
                                                               : dnnl_nChw8c;
    return dnnl_memory_desc_init_by_tag(out, 4, dims, dnnl_f32, tag);
}

static dnnl_status_t describe_shapes(const ImpDnnlConvolutionSpec *spec, ImpDnnlShapes *out) {
    dnnl_dim_t out_channels = spec->target.shape.channels, k = spec->kernel;
    dnnl_dims_t weight_dims = {out_channels, spec->source.shape.channels, k, k}, bias_dims = {out_channels};
    for (int i = 0; i < 2; i++) {
        out->strides[i] = spec->stride;
        out->padding[i] = spec->padding;
    }
    IMP_DNNL_TRY(describe_tensor(&spec->source, &out->source));
    IMP_DNNL_TRY(describe_tensor(&spec->target, &out->target));
    IMP_DNNL_TRY(dnnl_memory_desc_init_by_tag(&out->weights, 4, weight_dims, dnnl_f32, dnnl_format_tag_any));
    IMP_DNNL_TRY(dnnl_memory_desc_init_by_tag(&out->plain_weights, 4, weight_dims, dnnl_f32, dnnl_oihw));
    return dnnl_memory_desc_init_by_tag(&out->bias, 1, bias_dims, dnnl_f32, dnnl_x);
}

static dnnl_status_t make_packing(ImpDnnlConvolution *c, const dnnl_memory_desc_t *plain,
                                  const dnnl_memory_desc_t *wanted) {
    dnnl_primitive_desc_t description;
    IMP_DNNL_TRY(dnnl_memory_create(&c->weights, plain, c->engine, DNNL_MEMORY_NONE));
    IMP_DNNL_TRY(dnnl_memory_create(&c->packed, wanted, c->engine, DNNL_MEMORY_ALLOCATE));
    IMP_DNNL_TRY(dnnl_reorder_primitive_desc_create(&description, plain, c->engine, wanted, c->engine, NULL));
    dnnl_status_t status = dnnl_primitive_create(&c->pack, description);
    dnnl_primitive_desc_destroy(description);
    return status;
}

static dnnl_status_t make_rest(ImpDnnlConvolution *c, const ImpDnnlShapes *shapes, bool backward,
                               const_dnnl_primitive_desc_t description) {
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    IMP_DNNL_TRY(make_packing(c, &shapes->plain_weights, wanted));
    IMP_DNNL_TRY(dnnl_memory_create(&c->bias, &shapes->bias, c->engine, DNNL_MEMORY_NONE));
    const dnnl_memory_desc_t *from = backward ? &shapes->target : &shapes->source;
    const dnnl_memory_desc_t *to = backward ? &shapes->source : &shapes->target;
    IMP_DNNL_TRY(dnnl_memory_create(&c->from, from, c->engine, DNNL_MEMORY_NONE));
    IMP_DNNL_TRY(dnnl_memory_create(&c->to, to, c->engine, DNNL_MEMORY_NONE));
    return dnnl_primitive_create(&c->primitive, description);
}

static dnnl_status_t make(ImpDnnlConvolution *c, const ImpDnnlConvolutionSpec *spec, ImpDnnlDescribe describe,
                          bool backward) {
    ImpDnnlShapes shapes;
    dnnl_primitive_desc_t description;
    IMP_DNNL_TRY(dnnl_engine_create(&c->engine, dnnl_cpu, 0));
    IMP_DNNL_TRY(dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags));
    IMP_DNNL_TRY(describe_shapes(spec, &shapes));
    IMP_DNNL_TRY(describe(spec, &shapes, c->engine, &description));
    dnnl_status_t status = make_rest(c, &shapes, backward, description);
    dnnl_primitive_desc_destroy(description);
    return status;
}

ImpStatus imp_dnnl_convolution_new(const ImpDnnlConvolutionSpec *spec, ImpDnnlDescribe describe, bool backward,
                                   ImpDnnlConvolution **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "convolution", error);
    if (status != IMP_OK) return status;
    dnnl_status_t made = make(*out, spec, describe, backward);
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
    dnnl_primitive_destroy(c->pack);
    dnnl_memory_destroy(c->weights);
    dnnl_memory_destroy(c->packed);
    dnnl_memory_destroy(c->bias);
    dnnl_memory_destroy(c->from);
    dnnl_memory_destroy(c->to);
    dnnl_stream_destroy(c->stream);
    dnnl_engine_destroy(c->engine);
    imp_free(c);
    *convolution = NULL;
}

/* oneDNN takes pointers to numbers that it only reads without const. */
static dnnl_status_t point_to(dnnl_memory_t memory, const float *data) {
    return dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)data);
}

static dnnl_status_t run(ImpDnnlConvolution *c, const float *weights, const float *bias, const float *from, float *to) {
    IMP_DNNL_TRY(point_to(c->weights, weights));
    IMP_DNNL_TRY(point_to(c->bias, bias));
    IMP_DNNL_TRY(point_to(c->from, from));
    IMP_DNNL_TRY(point_to(c->to, to));
    dnnl_exec_arg_t pack[] = {{DNNL_ARG_FROM, c->weights}, {DNNL_ARG_TO, c->packed}};
    IMP_DNNL_TRY(dnnl_primitive_execute(c->pack, c->stream, 2, pack));
    dnnl_exec_arg_t arguments[] = {
        {c->names[0], c->from}, {c->names[1], c->packed}, {c->names[2], c->to}, {c->names[3], c->bias}};
    IMP_DNNL_TRY(dnnl_primitive_execute(c->primitive, c->stream, c->count, arguments));
    return dnnl_stream_wait(c->stream);
}

bool imp_dnnl_convolution_run(ImpDnnlConvolution *convolution, const float *weights, const float *bias,
                              const float *from, float *to) {
    return run(convolution, weights, bias, from, to) == dnnl_success;
}
