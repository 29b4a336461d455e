#include "compute/graph/node.h"
#include <assert.h>

typedef struct Pool {
    bool maximum;
} Pool;

static ImpPool job_of(const ImpNode *node) {
    const Pool *pool = node->state;
    return (ImpPool){.channels = node->shape.channels,
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

static void backward(ImpNode *node, float *scratch, bool accumulate) {
    (void)scratch;
    ImpPool job = job_of(node);
    imp_graph_kernels(node->graph)
        ->pool_backward(&job, node->source->value, node->gradient, node->source->gradient, accumulate);
}

/* Average pooling spreads its gradient without looking, but shares the kernel's signature. */
static const ImpOp pool = {.name = "pool", .backward_reads_source = true, .forward = forward, .backward = backward};

static int halved(int side) {
    return side > 1 ? side / 2 : 1;
}

ImpStatus imp_graph_pool(ImpGraph *graph, ImpNode *source, bool maximum, ImpNode **out, ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED);
    ImpShape shape = {source->shape.channels, halved(source->shape.height), halved(source->shape.width)};
    ImpStatus status = imp_graph_add(graph, &pool, source, shape, IMP_LAYOUT_BLOCKED, sizeof(Pool), out, error);
    if (status == IMP_OK) ((Pool *)(*out)->state)->maximum = maximum;
    return status;
}
