#include "compute/graph/op/channels.h"

#include <string.h>

static size_t lanes_of(const ImpNode *node) {
    return imp_node_planes(node) * (size_t)imp_graph_kernels(node->graph)->block;
}

size_t imp_channel_scratch(const ImpNode *node) {
    size_t partial = imp_graph_kernels(node->graph)->sums_scratch(imp_node_planes(node), imp_shape_places(node->shape));
    return 2 * (2 * lanes_of(node) + partial);
}

/* The sums are of differences to each channel's first number: they cancel less than those of the numbers themselves.
 * `mean` holds that shift meanwhile. */
void imp_channel_moments(const ImpNode *node, float *mean, float *variance, float *scratch) {
    const ImpKernels *kernels = imp_graph_kernels(node->graph);
    size_t planes = imp_node_planes(node), places = imp_shape_places(node->shape), block = (size_t)kernels->block;
    const float *source = node->source->value;
    double *sums = (double *)(void *)scratch, n = (double)places;
    for (size_t plane = 0; plane < planes; plane++)
        memcpy(mean + plane * block, source + plane * places * block, block * sizeof *mean);
    kernels->channel_sums(planes, places, source, mean, sums, sums + 2 * planes * block);
    for (size_t i = 0; i < planes * block; i++) {
        const double *of_plane = sums + i / block * 2 * block;
        double shifted = of_plane[i % block] / n, square = of_plane[block + i % block] / n - shifted * shifted;
        mean[i] = (float)((double)mean[i] + shifted);
        variance[i] = square > 0 ? (float)square : 0;
    }
}

const double *imp_channel_products(const ImpNode *node, const ImpAffine *job, float *scratch) {
    double *sums = (double *)(void *)scratch;
    imp_graph_kernels(node->graph)->channel_products(job, sums, sums + 2 * lanes_of(node));
    return sums;
}

void imp_channel_from_plain(const ImpNode *node, const float *plain, float *lanes) {
    for (size_t n = 0; n < imp_shape_images(node->shape); n++)
        for (size_t c = 0; c < (size_t)node->shape.channels; c++) lanes[imp_channel_at(node, n, c)] = *plain++;
}

void imp_channel_to_plain(const ImpNode *node, const float *lanes, float *plain) {
    for (size_t n = 0; n < imp_shape_images(node->shape); n++)
        for (size_t c = 0; c < (size_t)node->shape.channels; c++) *plain++ = lanes[imp_channel_at(node, n, c)];
}
