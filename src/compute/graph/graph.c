#include "compute/graph/graph.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "compute/graph/node.h"
#include <assert.h>
#include <string.h>

enum { MAX_NODES = 256 };

struct ImpGraph {
    const ImpKernels *kernels;
    int threads;
    ImpNode *nodes[MAX_NODES];
    size_t count;
    bool planned, backward;
    float *arena, *scratch;
    size_t arena_floats, scratch_floats;
};

const ImpKernels *imp_graph_kernels(const ImpGraph *graph) {
    return graph->kernels;
}

int imp_graph_threads(const ImpGraph *graph) {
    return graph->threads;
}

ImpStatus imp_graph_new(ImpShape input, ImpGraph **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "graph", error);
    if (status != IMP_OK) return status;
    (*out)->kernels = imp_kernels();
    ImpNode *node;
    status = imp_graph_add(*out, NULL, NULL, input, IMP_LAYOUT_PLAIN, 0, &node, error);
    if (status != IMP_OK) imp_graph_free(out);
    return status;
}

void imp_graph_free(ImpGraph **graph) {
    ImpGraph *g = *graph;
    if (!g) return;
    for (size_t i = 0; i < g->count; i++) {
        ImpNode *node = g->nodes[i];
        if (node->op && node->op->release) node->op->release(node);
        imp_free(node->state);
        imp_free(node);
    }
    imp_free(g->arena);
    imp_free(g->scratch);
    imp_free(g);
    *graph = NULL;
}

ImpNode *imp_graph_input(ImpGraph *graph) {
    return graph->nodes[0];
}

ImpStatus imp_graph_add(ImpGraph *graph, const ImpOp *op, ImpNode *source, ImpShape shape, ImpLayout layout,
                        size_t state_size, ImpNode **out, ImpError *error) {
    assert(!graph->planned && graph->count < MAX_NODES);
    ImpStatus status = IMP_ALLOC(out, 1, "graph", error);
    if (status != IMP_OK) return status;
    **out =
        (ImpNode){.op = op, .graph = graph, .source = source, .index = graph->count, .shape = shape, .layout = layout};
    if (state_size > 0 && !((*out)->state = imp_alloc(1, state_size))) {
        imp_free(*out);
        *out = NULL;
        return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a graph");
    }
    graph->nodes[graph->count++] = *out;
    return IMP_OK;
}

void imp_graph_tap(ImpNode *node) {
    assert(!node->graph->planned);
    node->tapped = true;
}

/* --- planning ----------------------------------------------------------------------------------------------------- */

/* Readers of a ReLU that nobody taps read its source through max(.,0). */
static void resolve_views(ImpGraph *graph) {
    for (size_t i = 1; i < graph->count; i++) {
        ImpNode *node = graph->nodes[i];
        if (node->source->view) {
            node->source_relu = true;
            node->source = node->source->source;
        }
        node->view = strcmp(node->op->name, "relu") == 0 && !node->tapped;
    }
}

/* Step of a node's backward pass; its forward pass is step `index`. */
static size_t backward_step(const ImpGraph *graph, const ImpNode *node) {
    return 2 * graph->count - 1 - node->index;
}

static ImpInterval life_of_value(const ImpGraph *graph, const ImpNode *node) {
    size_t end = 2 * graph->count, last = node->index;
    if (!node->op) last = end;
    if (node->tapped) last = graph->backward ? backward_step(graph, node) : end;
    if (graph->backward && node->op && node->op->backward_reads_value && backward_step(graph, node) > last)
        last = backward_step(graph, node);
    for (size_t i = node->index + 1; i < graph->count; i++) {
        const ImpNode *reader = graph->nodes[i];
        if (reader->source != node || reader->view) continue;
        bool again = graph->backward && (reader->op->backward_reads_source || reader->source_relu);
        size_t read = again ? backward_step(graph, reader) : reader->index;
        if (read > last) last = read;
    }
    size_t floats = imp_tensor_floats(node->shape, node->layout, graph->kernels->block);
    return (ImpInterval){.floats = node->view ? 0 : floats, .first = node->op ? node->index : 0, .last = last};
}

static ImpInterval life_of_gradient(const ImpGraph *graph, const ImpNode *node) {
    size_t first = backward_step(graph, node), last = node->op ? first : 2 * graph->count;
    for (size_t i = node->index + 1; i < graph->count; i++) {
        const ImpNode *reader = graph->nodes[i];
        if (reader->source == node && !reader->view && backward_step(graph, reader) < first)
            first = backward_step(graph, reader);
    }
    size_t floats = imp_tensor_floats(node->shape, node->layout, graph->kernels->block);
    return (ImpInterval){.floats = node->view ? 0 : floats, .first = first, .last = last};
}

static ImpStatus lay_out_arena(ImpGraph *graph, ImpError *error) {
    ImpInterval intervals[2 * MAX_NODES];
    size_t n = graph->count, lives = graph->backward ? 2 * n : n;
    for (size_t i = 0; i < n; i++) intervals[i] = life_of_value(graph, graph->nodes[i]);
    for (size_t i = n; i < lives; i++) intervals[i] = life_of_gradient(graph, graph->nodes[i - n]);
    graph->arena_floats = imp_plan_offsets(intervals, lives);
    ImpStatus status = IMP_ALLOC(&graph->arena, graph->arena_floats, "network's activations", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < n; i++) {
        graph->nodes[i]->value = graph->arena + intervals[i].offset;
        if (graph->backward) graph->nodes[i]->gradient = graph->arena + intervals[n + i].offset;
    }
    return IMP_OK;
}

static ImpStatus prepare_nodes(ImpGraph *graph, ImpError *error) {
    for (size_t i = 1; i < graph->count; i++) {
        ImpNode *node = graph->nodes[i];
        ImpStatus status = node->op->prepare && !node->view ? node->op->prepare(node, error) : IMP_OK;
        if (status != IMP_OK) return status;
        if (node->scratch_floats > graph->scratch_floats) graph->scratch_floats = node->scratch_floats;
    }
    return IMP_ALLOC(&graph->scratch, graph->scratch_floats, "convolutions' work space", error);
}

ImpStatus imp_graph_plan(ImpGraph *graph, bool backward, ImpError *error) {
    assert(!graph->planned);
    graph->planned = true;
    graph->backward = backward;
    graph->threads = imp_threads_get();
    resolve_views(graph);
    ImpStatus status = prepare_nodes(graph, error);
    return status == IMP_OK ? lay_out_arena(graph, error) : status;
}

size_t imp_graph_bytes(const ImpGraph *graph) {
    return (graph->arena_floats + graph->scratch_floats) * sizeof(float);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

float *imp_graph_input_data(ImpGraph *graph) {
    assert(graph->planned);
    return graph->nodes[0]->value;
}

ImpStatus imp_graph_forward(ImpGraph *graph, ImpError *error) {
    assert(graph->planned && imp_threads_get() == graph->threads);
    for (size_t i = 1; i < graph->count; i++) {
        ImpNode *node = graph->nodes[i];
        if (node->view || node->op->forward(node, graph->scratch)) continue;
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "oneDNN could not run layer %zu of the network (%s)", i,
                        node->op->name);
    }
    return IMP_OK;
}

static ImpTensor tensor_of(const ImpNode *node, float *data) {
    bool plain = node->layout == IMP_LAYOUT_PLAIN;
    return (ImpTensor){
        .shape = node->shape, .layout = node->layout, .block = plain ? 1 : node->graph->kernels->block, .data = data};
}

ImpTensor imp_graph_value(const ImpNode *node) {
    assert(node->tapped || !node->op);
    return tensor_of(node, node->value);
}

static void clear_gradient(const ImpGraph *graph, ImpNode *node) {
    memset(node->gradient, 0, imp_tensor_floats(node->shape, node->layout, graph->kernels->block) * sizeof(float));
}

ImpStatus imp_graph_backward(ImpGraph *graph, ImpGradientAt gradient_at, void *context, const float **input_gradient,
                             ImpError *error) {
    assert(graph->planned && graph->backward && imp_threads_get() == graph->threads);
    (void)error;
    bool written[MAX_NODES] = {false}; /* whose gradient has its first contribution */
    for (size_t i = graph->count; i-- > 0;) {
        ImpNode *node = graph->nodes[i];
        if (node->view) continue;
        if (!written[i] && (node->tapped || i == 0)) {
            clear_gradient(graph, node);
            written[i] = true;
        }
        if (node->tapped) {
            ImpTensor value = tensor_of(node, node->value), gradient = tensor_of(node, node->gradient);
            gradient_at(context, node, &value, &gradient);
        }
        if (i == 0 || !written[i]) continue;
        node->op->backward(node, graph->scratch, written[node->source->index]);
        written[node->source->index] = true;
    }
    *input_gradient = graph->nodes[0]->gradient;
    return IMP_OK;
}
