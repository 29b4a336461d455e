/* Convolutions by oneDNN, the library that does nothing else, to compare ours with: values and time. */
#ifndef IMP_TESTS_COMPUTE_ONEDNN_H
#define IMP_TESTS_COMPUTE_ONEDNN_H

#include "compute/tensor/tensor.h"
#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct OnednnShape {
    ImpTensor source, target; /* of the forward pass; data is not read */
    int kernel, stride, padding;
    bool backward; /* the pass from the target's gradient to the source's */
    dnnl_alg_kind_t algorithm;
} OnednnShape;

typedef struct Onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_memory_t weights, bias, from, to; /* weights in the layout that the primitive asks for */
    bool backward;
} Onednn;

/* The status of the first call that failed. */
#define ONEDNN_TRY(call)                                                                                               \
    do {                                                                                                               \
        dnnl_status_t tried = (call);                                                                                  \
        if (tried != dnnl_success) return tried;                                                                       \
    } while (0)

static inline dnnl_status_t onednn_tensor(const ImpTensor *tensor, dnnl_memory_desc_t *out) {
    ImpShape shape = tensor->shape;
    dnnl_dims_t dims = {(dnnl_dim_t)imp_shape_images(shape), shape.channels, shape.height, shape.width};
    dnnl_format_tag_t tag = tensor->layout == IMP_LAYOUT_PLAIN ? dnnl_nchw
                            : tensor->block == 16              ? dnnl_nChw16c
                                                               : dnnl_nChw8c;
    return dnnl_memory_desc_init_by_tag(out, 4, dims, dnnl_f32, tag);
}

/* The weights (out,in,k,k) in the primitive's own layout. */
static inline dnnl_status_t onednn_pack(Onednn *o, const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *wanted,
                                        const float *weights) {
    dnnl_memory_t from;
    dnnl_primitive_desc_t description;
    dnnl_primitive_t reorder;
    ONEDNN_TRY(dnnl_memory_create(&o->weights, wanted, o->engine, DNNL_MEMORY_ALLOCATE));
    ONEDNN_TRY(dnnl_memory_create(&from, plain, o->engine, (void *)(uintptr_t)weights));
    ONEDNN_TRY(dnnl_reorder_primitive_desc_create(&description, plain, o->engine, wanted, o->engine, NULL));
    ONEDNN_TRY(dnnl_primitive_create(&reorder, description));
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, o->weights}};
    ONEDNN_TRY(dnnl_primitive_execute(reorder, o->stream, 2, arguments));
    ONEDNN_TRY(dnnl_stream_wait(o->stream));
    ONEDNN_TRY(dnnl_primitive_destroy(reorder));
    ONEDNN_TRY(dnnl_primitive_desc_destroy(description));
    return dnnl_memory_destroy(from);
}

/* Makes the primitive for the number of threads in force. weights (out,in,k,k), bias (out) must outlive it. */
static inline dnnl_status_t onednn_new(const OnednnShape *shape, const float *weights, const float *bias, Onednn *o) {
    dnnl_memory_desc_t source, target, plain, any, bias_shape;
    dnnl_dim_t out = shape->target.shape.channels, k = shape->kernel;
    dnnl_dims_t dims = {out, shape->source.shape.channels, k, k}, bias_dims = {out};
    dnnl_dims_t strides = {shape->stride, shape->stride}, padding = {shape->padding, shape->padding};
    *o = (Onednn){.backward = shape->backward};
    ONEDNN_TRY(dnnl_engine_create(&o->engine, dnnl_cpu, 0));
    ONEDNN_TRY(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags));
    ONEDNN_TRY(onednn_tensor(&shape->source, &source));
    ONEDNN_TRY(onednn_tensor(&shape->target, &target));
    ONEDNN_TRY(dnnl_memory_desc_init_by_tag(&plain, 4, dims, dnnl_f32, dnnl_oihw));
    ONEDNN_TRY(dnnl_memory_desc_init_by_tag(&any, 4, dims, dnnl_f32, dnnl_format_tag_any));
    ONEDNN_TRY(dnnl_memory_desc_init_by_tag(&bias_shape, 1, bias_dims, dnnl_f32, dnnl_x));
    dnnl_convolution_desc_t forward, backward;
    ONEDNN_TRY(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, shape->algorithm, &source, &any,
                                                  &bias_shape, &target, strides, padding, padding));
    dnnl_primitive_desc_t description, hint;
    ONEDNN_TRY(dnnl_primitive_desc_create(&description, &forward, NULL, o->engine, NULL));
    if (shape->backward) {
        hint = description;
        ONEDNN_TRY(dnnl_convolution_backward_data_desc_init(&backward, shape->algorithm, &source, &any, &target,
                                                            strides, padding, padding));
        ONEDNN_TRY(dnnl_primitive_desc_create(&description, &backward, NULL, o->engine, hint));
        ONEDNN_TRY(dnnl_primitive_desc_destroy(hint));
    }
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    ONEDNN_TRY(onednn_pack(o, &plain, wanted, weights));
    ONEDNN_TRY(dnnl_memory_create(&o->bias, &bias_shape, o->engine, (void *)(uintptr_t)bias));
    ONEDNN_TRY(dnnl_memory_create(&o->from, shape->backward ? &target : &source, o->engine, DNNL_MEMORY_NONE));
    ONEDNN_TRY(dnnl_memory_create(&o->to, shape->backward ? &source : &target, o->engine, DNNL_MEMORY_NONE));
    ONEDNN_TRY(dnnl_primitive_create(&o->primitive, description));
    return dnnl_primitive_desc_destroy(description);
}

static inline dnnl_status_t onednn_run(Onednn *o, const float *from, float *to) {
    ONEDNN_TRY(dnnl_memory_set_data_handle(o->from, (void *)(uintptr_t)from));
    ONEDNN_TRY(dnnl_memory_set_data_handle(o->to, to));
    dnnl_exec_arg_t forward[] = {
        {DNNL_ARG_SRC, o->from}, {DNNL_ARG_WEIGHTS, o->weights}, {DNNL_ARG_BIAS, o->bias}, {DNNL_ARG_DST, o->to}};
    dnnl_exec_arg_t backward[] = {
        {DNNL_ARG_DIFF_DST, o->from}, {DNNL_ARG_WEIGHTS, o->weights}, {DNNL_ARG_DIFF_SRC, o->to}};
    ONEDNN_TRY(dnnl_primitive_execute(o->primitive, o->stream, o->backward ? 3 : 4, o->backward ? backward : forward));
    return dnnl_stream_wait(o->stream);
}

static inline void onednn_free(Onednn *o) {
    dnnl_primitive_destroy(o->primitive);
    dnnl_memory_destroy(o->weights);
    dnnl_memory_destroy(o->bias);
    dnnl_memory_destroy(o->from);
    dnnl_memory_destroy(o->to);
    dnnl_stream_destroy(o->stream);
    dnnl_engine_destroy(o->engine);
}

#endif
