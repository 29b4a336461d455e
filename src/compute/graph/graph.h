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

/* An empty graph whose input is a plain tensor. It computes for the kernels in force now (imp_cpu_level) and for the
 * number of threads in force when it is planned. On success *out is the caller's. */
ImpStatus imp_graph_new(ImpShape input, ImpGraph **out, ImpError *error);
void imp_graph_free(ImpGraph **graph);
ImpNode *imp_graph_input(ImpGraph *graph);

/* --- operations: each adds a node, *out, that reads `source`. Weights are not copied and must outlive the graph. ---
 */

/* Channel c of the result is source[from[c]] * scale[c] + offset[c] (plain, 3 channels); `from` is a permutation. */
ImpStatus imp_graph_normalise(ImpGraph *graph, ImpNode *source, const int from[3], const float scale[3],
                              const float offset[3], ImpNode **out, ImpError *error);

typedef enum ImpPadding { IMP_PADDING_ZERO, IMP_PADDING_REPLICATE, IMP_PADDING_REFLECT } ImpPadding;

/* One more pixel on each side (plain). Reflection leaves the border pixel out, or repeats it in a side of 1 pixel. */
ImpStatus imp_graph_pad(ImpGraph *graph, ImpNode *source, ImpPadding padding, ImpNode **out, ImpError *error);

/* A 3x3 convolution of stride 1 with `padding` (0 or 1) zeros around. The source is plain with 3 channels, or blocked
 * (then padding is 1). weights (out,in,3,3), bias (out). relu: max(result, 0) is what the node holds. */
ImpStatus imp_graph_convolution(ImpGraph *graph, ImpNode *source, int out_channels, int padding, bool relu,
                                const float *weights, const float *bias, ImpNode **out, ImpError *error);

/* max(source, 0) of a blocked source. Stored only when it is tapped: its readers apply it to the source's numbers as
 * they read. */
ImpStatus imp_graph_relu(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error);

/* 2x2 pooling of stride 2 of a blocked source; an odd last row or column is left out, a side of 1 stays 1. */
ImpStatus imp_graph_pool(ImpGraph *graph, ImpNode *source, bool maximum, ImpNode **out, ImpError *error);

/* --- plan and run ------------------------------------------------------------------------------------------------- */

/* Keeps the node's value until its turn in the backward pass, and lets the caller add to its gradient. */
void imp_graph_tap(ImpNode *node);

/* Lays out memory and makes the primitives. After this no node can be added. backward: whether it will be run. */
ImpStatus imp_graph_plan(ImpGraph *graph, bool backward, ImpError *error);
/* Bytes of the arena and scratch memory. */
size_t imp_graph_bytes(const ImpGraph *graph);

/* The input's numbers (C,H,W), to be written before imp_graph_forward; the caller may leave them as they are. */
float *imp_graph_input_data(ImpGraph *graph);
ImpStatus imp_graph_forward(ImpGraph *graph, ImpError *error);

/* A tapped node's value: after forward, until the backward pass has passed it. */
ImpTensor imp_graph_value(const ImpNode *node);

/* Called at every tapped node during backward: add to `gradient`, which has the layout of `value`. */
typedef void (*ImpGradientAt)(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient);

/* The gradient with respect to the input, (C,H,W), valid until the next run. Tapped values are gone after it. */
ImpStatus imp_graph_backward(ImpGraph *graph, ImpGradientAt gradient_at, void *context, const float **input_gradient,
                             ImpError *error);

#endif
