/* The network of Johnson et al. 2016 with instance normalisation (as in pytorch/examples), built from the graph's
 * operations, for tests and timings. Its parameters lie one after another in the order of the state dict. */
#ifndef IMP_TESTS_COMPUTE_JOHNSON_H
#define IMP_TESTS_COMPUTE_JOHNSON_H

#include "compute/graph/graph.h"
#include <stddef.h>

typedef struct Johnson {
    int width;           /* channels after the first layer; 32 in the paper */
    int residuals;       /* 5 in the paper */
    const float *values; /* johnson_floats() */
    float *gradients;    /* as many, or NULL */
    size_t used;         /* while building */
    ImpGraph *graph;
    ImpNode *last;
    ImpError error;
    ImpStatus status;
} Johnson;

static inline ImpParameter johnson_take(Johnson *j, size_t count) {
    ImpParameter parameter = {.value = j->values + j->used, .gradient = j->gradients ? j->gradients + j->used : NULL};
    j->used += count;
    return parameter;
}

static inline size_t johnson_conv_floats(int in, int out, int kernel) {
    return (size_t)(in * out * kernel * kernel + out);
}

static inline size_t johnson_floats(int width, int residuals) {
    size_t w = (size_t)width, norms = 2 * (w + 2 * w + 4 * w + (size_t)residuals * 8 * w + 2 * w + w);
    size_t residual = 2 * johnson_conv_floats(4 * width, 4 * width, 3);
    return johnson_conv_floats(3, width, 9) + johnson_conv_floats(width, 2 * width, 3) +
           johnson_conv_floats(2 * width, 4 * width, 3) + (size_t)residuals * residual +
           johnson_conv_floats(4 * width, 2 * width, 3) + johnson_conv_floats(2 * width, width, 3) +
           johnson_conv_floats(width, 3, 9) + norms;
}

static inline void johnson_conv(Johnson *j, int out, int kernel, int stride) {
    int in = imp_graph_shape(j->last).channels;
    if (j->status == IMP_OK)
        j->status = imp_graph_pad(j->graph, j->last, IMP_PADDING_REFLECT, kernel / 2, &j->last, &j->error);
    ImpConvolution convolution = {.out_channels = out, .kernel = kernel, .stride = stride, .to_image = out == 3};
    convolution.weights = johnson_take(j, (size_t)(in * out * kernel * kernel));
    convolution.bias = johnson_take(j, (size_t)out);
    if (j->status == IMP_OK) j->status = imp_graph_convolution(j->graph, j->last, &convolution, &j->last, &j->error);
}

static inline void johnson_norm(Johnson *j, bool relu, ImpNode *added) {
    size_t channels = (size_t)imp_graph_shape(j->last).channels;
    ImpInstanceNorm norm = {.relu = relu, .added = added};
    norm.scale = johnson_take(j, channels);
    norm.shift = johnson_take(j, channels);
    if (j->status == IMP_OK) j->status = imp_graph_instance_norm(j->graph, j->last, &norm, &j->last, &j->error);
}

static inline void johnson_up(Johnson *j, int out) {
    if (j->status == IMP_OK) j->status = imp_graph_upsample(j->graph, j->last, &j->last, &j->error);
    johnson_conv(j, out, 3, 1);
    johnson_norm(j, true, NULL);
}

/* From the graph's input; the result is j->last, plain. */
static inline void johnson_build(Johnson *j) {
    int w = j->width;
    j->used = 0;
    j->status = IMP_OK;
    j->last = imp_graph_input(j->graph);
    johnson_conv(j, w, 9, 1);
    johnson_norm(j, true, NULL);
    johnson_conv(j, 2 * w, 3, 2);
    johnson_norm(j, true, NULL);
    johnson_conv(j, 4 * w, 3, 2);
    johnson_norm(j, true, NULL);
    for (int i = 0; i < j->residuals; i++) {
        ImpNode *start = j->last;
        johnson_conv(j, 4 * w, 3, 1);
        johnson_norm(j, true, NULL);
        johnson_conv(j, 4 * w, 3, 1);
        johnson_norm(j, false, start);
    }
    johnson_up(j, 2 * w);
    johnson_up(j, w);
    johnson_conv(j, 3, 9, 1);
}

#endif
