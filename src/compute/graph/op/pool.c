#include "compute/graph/node.h"
#include <assert.h>

typedef struct Pool {
    bool maximum;
} Pool;

/* The images' channels one after the other. */
static ImpPool job_of(const ImpNode *node) {
    const Pool *pool = node->state;
    return (ImpPool){.channels = (int)imp_node_planes(node) * imp_graph_kernels(node->graph)->block,
                     .in_height = node->source->shape.height,
                     .in_width = node->source->shape.width,
                     .out_height = node->shape.height,
                     .out_width = node->shape.width,
                     .maximum = pool->maximum,
                     .source_relu = node->source_relu};
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    ImpPool job = job_of(node);
    imp_graph_kernels(node->graph)->pool_forward(&job, node->source->value, node->value);
    return true;
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    (void)scratch;
    if (into[0] == IMP_INTO_NOTHING) return true;
    ImpPool job = job_of(node);
    imp_graph_kernels(node->graph)
        ->pool_backward(&job, node->source->value, node->gradient, node->source->gradient, into[0] == IMP_ADD);
    return true;
}

static const ImpOp pool = {.name = "pool", .forward = forward, .backward = backward};

static int halved(int side) {
    return side > 1 ? side / 2 : 1;
}

ImpStatus imp_graph_pool(ImpGraph *graph, ImpNode *source, bool maximum, ImpNode **out, ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED);
    ImpShape shape = source->shape;
    shape.height = halved(shape.height);
    shape.width = halved(shape.width);
    ImpStatus status = imp_graph_add(graph, &pool, source, shape, IMP_LAYOUT_BLOCKED, sizeof(Pool), out, error);
    if (status != IMP_OK) return status;
    /* Average pooling spreads its gradient without looking, but shares the kernel's signature. */
    (*out)->backward_reads_source = (*out)->applies_relu = true;
    ((Pool *)(*out)->state)->maximum = maximum;
    return status;
}
