#include "compute/graph/node.h"
#include <assert.h>

/* Nearest-neighbour enlargement by two. */

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    ImpShape from = node->source->shape;
    imp_graph_kernels(node->graph)
        ->upsample(imp_node_planes(node), from.height, from.width, node->source->value, node->value);
    return true;
}

static void map(const ImpNode *node, int *rows, int *columns) {
    for (int y = 0; y < node->shape.height; y++) rows[y] = y / 2;
    for (int x = 0; x < node->shape.width; x++) columns[x] = x / 2;
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    (void)scratch;
    ImpShape from = node->source->shape;
    if (into[0] == IMP_INTO_NOTHING) return true;
    imp_graph_kernels(node->graph)
        ->upsample_backward(imp_node_planes(node), from.height, from.width, node->gradient, node->source->gradient,
                            into[0] == IMP_ADD);
    return true;
}

static const ImpOp upsample = {.name = "upsample", .forward = forward, .map = map, .backward = backward};

ImpStatus imp_graph_upsample(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED);
    ImpShape shape = source->shape;
    shape.height *= 2;
    shape.width *= 2;
    return imp_graph_add(graph, &upsample, source, shape, source->layout, 0, out, error);
}
