/* The ways in which a convolution runs. Private to the files of this operation. */
#ifndef IMP_COMPUTE_GRAPH_OP_CONVOLUTION_H
#define IMP_COMPUTE_GRAPH_OP_CONVOLUTION_H

#include "compute/graph/node.h"

/* A way: for some shapes and layouts. backward_data makes the source's gradient; gradients of weights and bias are made
 * alike in all ways. */
typedef struct ImpConvolutionWay {
    /* Makes primitives; node->scratch_floats is raised to what the way needs. */
    ImpStatus (*prepare)(ImpNode *node, ImpError *error);
    bool (*forward)(ImpNode *node, float *scratch);
    /* mask: NULL, or what the result's gradient counts where it is > 0. */
    bool (*backward_data)(ImpNode *node, const float *mask, float *scratch, ImpInto into);
    bool masks;         /* backward_data can apply a mask */
    bool applies_relu;  /* forward can read max(source, 0) */
    bool applies_map;   /* forward can read a blocked source by a map */
    bool learns_mapped; /* and the weights' gradient too */
} ImpConvolutionWay;

typedef struct ImpConvolutionState {
    ImpConvolution spec;
    const ImpConvolutionWay *way;
    struct {
        float *filters; /* NULL, or transformed filters that are kept from run to run */
        bool made;
    } kept[2]; /* forward, backward */
} ImpConvolutionState;

static inline const ImpConvolution *imp_convolution_spec(const ImpNode *node) {
    return &((const ImpConvolutionState *)node->state)->spec;
}

extern const ImpConvolutionWay imp_convolution_winograd;   /* blocked to blocked, 3x3, stride 1, padding 0..2 */
extern const ImpConvolutionWay imp_convolution_strided;    /* blocked to blocked, 3x3, stride 2 */
extern const ImpConvolutionWay imp_convolution_pointwise;  /* blocked to blocked, 1x1, stride 1, no bias, no ReLU */
extern const ImpConvolutionWay imp_convolution_direct;     /* blocked to blocked, any */
extern const ImpConvolutionWay imp_convolution_from_image; /* plain to blocked */
extern const ImpConvolutionWay imp_convolution_to_image;   /* blocked to plain, stride 1 */

/* The direct way's parts, which serve the two between images and blocked activations too. */
ImpStatus imp_convolution_prepare_direct(ImpNode *node, ImpError *error);
bool imp_convolution_forward_direct(ImpNode *node, float *scratch);
bool imp_convolution_backward_direct(ImpNode *node, const float *mask, float *scratch, ImpInto into);

/* Raises the node's scratch to at least this many floats. */
void imp_convolution_need(ImpNode *node, size_t scratch_floats);

#endif
