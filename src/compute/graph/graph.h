/* A graph of operations, planned once and then run forward and backward without allocating.
 *
 * Nodes are added in order, each reading nodes added before it. imp_graph_plan gives every node's value and gradient a
 * place in one arena: places are shared between numbers that are never needed at the same time. Forward computes all
 * values from the input; backward computes the input's gradient, and at every tapped node, once the gradient from the
 * nodes behind it is there, lets the caller add its own. */
#ifndef IMP_COMPUTE_GRAPH_GRAPH_H
#define IMP_COMPUTE_GRAPH_GRAPH_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ImpGraph ImpGraph;
typedef struct ImpNode ImpNode; /* belongs to its graph */

/* An empty graph whose input is a plain tensor, or (imp_graph_new_blocked) a blocked one: features of another network.
 * It computes for the kernels in force now (imp_cpu_level) and for the number of threads in force when it is planned.
 * On success *out is the caller's. */
ImpStatus imp_graph_new(ImpShape input, ImpGraph **out, ImpError *error);
ImpStatus imp_graph_new_blocked(ImpShape input, ImpGraph **out, ImpError *error);
/* Lays out at most 8 channels side by side, for networks whose largest layers have no more; before planning. */
void imp_graph_narrow(ImpGraph *graph);
void imp_graph_free(ImpGraph **graph);
ImpNode *imp_graph_input(ImpGraph *graph);
ImpShape imp_graph_shape(const ImpNode *node);

/* Numbers that a network learns. They are read at every run, belong to the caller and outlive the graph. */
typedef struct ImpParameter {
    const float *value;
    float *gradient; /* imp_graph_backward adds the derivatives here; NULL: frozen, costs nothing */
    bool constant;   /* the values never change once the graph has run: what is made of them may be kept */
} ImpParameter;

/* --- operations: each adds a node, *out, that reads `source`. They work on each image of a batch alike. ---
 */

/* Channel c of the result is source[from[c]] * scale[c] + offset[c] (plain, 3 channels); `from` is a permutation. */
ImpStatus imp_graph_normalise(ImpGraph *graph, ImpNode *source, const int from[3], const float scale[3],
                              const float offset[3], ImpNode **out, ImpError *error);

typedef enum ImpPadding {
    IMP_PADDING_ZERO,
    IMP_PADDING_REPLICATE,
    IMP_PADDING_REFLECT,
    IMP_PADDING_CIRCULAR /* what leaves at one side comes in at the other */
} ImpPadding;

/* `width` more pixels on each side, at least 1. Reflection leaves the border pixel out; where the side is too short for
 * the width it goes on back and forth, and repeats the pixel of a side of 1. */
ImpStatus imp_graph_pad(ImpGraph *graph, ImpNode *source, ImpPadding padding, int width, ImpNode **out,
                        ImpError *error);

/* result[o][y][x] = bias[o] + sum weights[o][i][ky][kx] source[i][y stride + ky - padding][x stride + kx - padding]. */
typedef struct ImpConvolution {
    int out_channels;
    int kernel;                 /* odd, 1..15 */
    int stride;                 /* 0 counts as 1 */
    int padding;                /* zeros around, less than kernel */
    bool relu;                  /* max(result, 0) is what the node holds */
    bool to_image;              /* the result is plain: at most 3 channels, stride 1, no relu */
    ImpParameter weights, bias; /* (out,in,kernel,kernel), (out) */
} ImpConvolution;

/* The source is blocked, or plain with at most 3 channels; the result is blocked unless to_image. A kernel that does
 * not fit into the padded source is an error. */
ImpStatus imp_graph_convolution(ImpGraph *graph, ImpNode *source, const ImpConvolution *given, ImpNode **out,
                                ImpError *error);

/* max(source, 0) of a blocked source. Stored only when it is tapped, or one of its readers cannot apply it to the
 * source's numbers as it reads. */
ImpStatus imp_graph_relu(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error);

/* 2x2 pooling of stride 2 of a blocked source; an odd last row or column is left out, a side of 1 stays 1. */
ImpStatus imp_graph_pool(ImpGraph *graph, ImpNode *source, bool maximum, ImpNode **out, ImpError *error);

/* Twice the height and width, each pixel repeated (blocked). */
ImpStatus imp_graph_upsample(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error);

/* source + other, of equal shape and layout. */
ImpStatus imp_graph_add_nodes(ImpGraph *graph, ImpNode *source, ImpNode *other, ImpNode **out, ImpError *error);

/* Instance normalisation (Ulyanov et al. 2016) of a blocked source: per image and channel (x - mean) / sqrt(variance +
 * 1e-5) * scale + shift, the variance over all places (not n - 1). */
typedef struct ImpInstanceNorm {
    ImpParameter scale, shift; /* (sets,C) */
    int sets;                  /* conditional instance normalisation (Dumoulin et al. 2017); 0 counts as 1 */
    bool relu;                 /* max(result, 0) is what the node holds */
    ImpNode *added;            /* NULL, or a node of the source's shape that is added to the result (then no relu) */
} ImpInstanceNorm;

ImpStatus imp_graph_instance_norm(ImpGraph *graph, ImpNode *source, const ImpInstanceNorm *norm, ImpNode **out,
                                  ImpError *error);
/* Of a node of imp_graph_instance_norm: which set each image takes (N); copied. Before it is called, set 0. After
 * planning. */
void imp_graph_choose_sets(ImpNode *node, const int *sets);
/* Takes mean and variance (N,C) instead of the image's own from now on (a tile takes those of the whole picture);
 * copied. mean NULL: its own again. After planning. */
void imp_graph_give_statistics(ImpNode *node, const float *mean, const float *variance);
/* Mean and variance (N,C) of the last forward pass. */
void imp_graph_read_statistics(const ImpNode *node, float *mean, float *variance);

/* Adaptive instance normalisation (Huang, Belongie 2017) of a blocked source: each channel gets the style's mean and
 * standard deviation, strength * that + (1 - strength) * source. */
ImpStatus imp_graph_adain(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error);
/* Of a node of imp_graph_adain: mean, deviation (N,C) of the style; copied. After planning, before the first run. */
void imp_graph_set_style(ImpNode *node, const float *mean, const float *deviation, float strength);

/* Whitening and colouring (Li et al. 2017) of a blocked source: each image's features get the style's means and
 * covariance, strength * that + (1 - strength) * source. 1e-5 is added to the content's eigenvalues. A run fails where
 * the features are not finite. */
ImpStatus imp_graph_wct(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error);
/* Of a node of imp_graph_wct: mean (N,C) and colouring (N,C,C), the square root of the covariance, of the style;
 * copied. After planning, before the first run. */
void imp_graph_set_colouring(ImpNode *node, const float *mean, const double *colouring, float strength);
/* mean (C) and colouring (C,C) of a style's blocked features, one image. */
ImpStatus imp_wct_colouring(const ImpTensor *style, float *mean, double *colouring, ImpError *error);

/* --- plan and run ------------------------------------------------------------------------------------------------- */

/* Keeps the node's value until its turn in the backward pass, and lets the caller add to its gradient. */
void imp_graph_tap(ImpNode *node);

/* Lays out memory and makes the primitives. After this no node can be added. backward: whether it will be run. */
ImpStatus imp_graph_plan(ImpGraph *graph, bool backward, ImpError *error);
/* Bytes of the arena and scratch memory. */
size_t imp_graph_bytes(const ImpGraph *graph);

/* The input's numbers in its layout, to be written before imp_graph_forward; the caller may leave them as they are. */
float *imp_graph_input_data(ImpGraph *graph);
ImpStatus imp_graph_forward(ImpGraph *graph, ImpError *error);
/* Both: copies `input`, which is in the input's layout, and runs forward. */
ImpStatus imp_graph_run(ImpGraph *graph, const float *input, ImpError *error);

/* A tapped node's value: after forward, until the backward pass has passed it. */
ImpTensor imp_graph_value(const ImpNode *node);

/* Called at every tapped node during backward: add to `gradient`, which has the layout of `value`. */
typedef void (*ImpGradientAt)(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient);

/* The gradient with respect to the input, in its layout, valid until the next run; input_gradient may be NULL: then it
 * is not computed. Adds to the gradients of all parameters that have one. Tapped values are gone after it. */
ImpStatus imp_graph_backward(ImpGraph *graph, ImpGradientAt gradient_at, void *context, const float **input_gradient,
                             ImpError *error);

#endif
