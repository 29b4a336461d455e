#include "base/threads.h"
#include "compute/graph/node.h"
#include <assert.h>

/* The sum of two nodes: a residual block's way around. */

typedef struct Sum {
    const float *a, *b;
    float *target;
    size_t count;
} Sum;

static void piece(void *context, size_t index) {
    const Sum *sum = context;
    size_t first = index * IMP_PIECE, end = first + IMP_PIECE < sum->count ? first + IMP_PIECE : sum->count;
    const float *a = sum->a, *b = sum->b;
    float *target = sum->target;
    for (size_t i = first; i < end; i++) target[i] = a[i] + b[i];
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    Sum sum = {
        .a = node->source->value, .b = node->second->value, .target = node->value, .count = imp_node_floats(node)};
    imp_parallel((sum.count + IMP_PIECE - 1) / IMP_PIECE, piece, &sum);
    return true;
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    (void)scratch;
    imp_pass_on(into[0], node->gradient, node->source->gradient, imp_node_floats(node));
    imp_pass_on(into[1], node->gradient, node->second->gradient, imp_node_floats(node));
    return true;
}

static const ImpOp add = {.name = "add", .forward = forward, .backward = backward, .in_place = true};

ImpStatus imp_graph_add_nodes(ImpGraph *graph, ImpNode *source, ImpNode *other, ImpNode **out, ImpError *error) {
    assert(source->layout == other->layout && source->shape.channels == other->shape.channels);
    assert(source->shape.height == other->shape.height && source->shape.width == other->shape.width);
    ImpStatus status = imp_graph_add(graph, &add, source, source->shape, source->layout, 0, out, error);
    if (status == IMP_OK) (*out)->second = other;
    return status;
}
