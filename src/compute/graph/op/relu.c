#include "base/threads.h"
#include "compute/graph/node.h"
#include <assert.h>

/* max(x, 0) as numbers of its own: only for a ReLU that is tapped beside its convolution. */

typedef struct Pass {
    const float *source, *gradient; /* gradient NULL: forward */
    float *target;
    size_t count;
    bool accumulate;
} Pass;

static void piece(void *context, size_t index) {
    const Pass *pass = context;
    size_t first = index * IMP_PIECE, end = first + IMP_PIECE < pass->count ? first + IMP_PIECE : pass->count;
    const float *source = pass->source, *gradient = pass->gradient;
    float *target = pass->target;
    if (!gradient)
        for (size_t i = first; i < end; i++) target[i] = source[i] > 0 ? source[i] : 0;
    else if (pass->accumulate)
        for (size_t i = first; i < end; i++) target[i] += source[i] > 0 ? gradient[i] : 0;
    else
        for (size_t i = first; i < end; i++) target[i] = source[i] > 0 ? gradient[i] : 0;
}

static void run(const ImpNode *node, Pass pass) {
    pass.count = imp_node_floats(node);
    imp_parallel((pass.count + IMP_PIECE - 1) / IMP_PIECE, piece, &pass);
}

static bool forward(ImpNode *node, float *scratch) {
    (void)scratch;
    run(node, (Pass){.source = node->source->value, .target = node->value});
    return true;
}

static bool backward(ImpNode *node, float *scratch, const ImpInto into[2]) {
    (void)scratch;
    if (into[0] == IMP_INTO_NOTHING) return true;
    run(node, (Pass){.source = node->value,
                     .gradient = node->gradient,
                     .target = node->source->gradient,
                     .accumulate = into[0] == IMP_ADD});
    return true;
}

static const ImpOp relu = {.name = "relu", .forward = forward, .backward = backward, .in_place = true};

ImpStatus imp_graph_relu(ImpGraph *graph, ImpNode *source, ImpNode **out, ImpError *error) {
    assert(source->layout == IMP_LAYOUT_BLOCKED);
    ImpStatus status = imp_graph_add(graph, &relu, source, source->shape, source->layout, 0, out, error);
    if (status == IMP_OK) (*out)->backward_reads_value = (*out)->applies_relu = true;
    return status;
}
