/* Numbers a channel of blocked nodes, kept as (planes,B): what normalisations compute with. Private to the operations.
 */
#ifndef IMP_COMPUTE_GRAPH_OP_CHANNELS_H
#define IMP_COMPUTE_GRAPH_OP_CHANNELS_H

#include "compute/graph/node.h"

/* Scratch floats of imp_channel_moments and imp_channel_products. */
size_t imp_channel_scratch(const ImpNode *node);
/* mean and variance (planes,B) of the source's places. */
void imp_channel_moments(const ImpNode *node, float *mean, float *variance, float *scratch);
/* kernel.h's channel_products of the job; the sums (planes,2,B) lie at the start of scratch. */
const double *imp_channel_products(const ImpNode *node, const ImpAffine *job, float *scratch);

/* Where channel c of image n is among (planes,B). */
static inline size_t imp_channel_at(const ImpNode *node, size_t n, size_t c) {
    return n * (imp_node_planes(node) / imp_shape_images(node->shape)) * (size_t)imp_graph_kernels(node->graph)->block +
           c;
}

/* (N,C) <-> (planes,B); lanes beyond the channels are left as they are. */
void imp_channel_from_plain(const ImpNode *node, const float *plain, float *lanes);
void imp_channel_to_plain(const ImpNode *node, const float *lanes, float *plain);

#endif
