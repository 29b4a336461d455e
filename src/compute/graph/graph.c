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
    size_t arena_floats, scratch_floats, kept_floats;
};

const ImpKernels *imp_graph_kernels(const ImpGraph *graph) {
    return graph->kernels;
}

int imp_graph_threads(const ImpGraph *graph) {
    return graph->threads;
}

bool imp_graph_goes_back(const ImpGraph *graph) {
    return graph->backward;
}

static ImpStatus graph_new(ImpShape input, ImpLayout layout, ImpGraph **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "graph", error);
    if (status != IMP_OK) return status;
    (*out)->kernels = imp_kernels();
    input.images = (int)imp_shape_images(input);
    ImpNode *node;
    status = imp_graph_add(*out, NULL, NULL, input, layout, 0, &node, error);
    if (status != IMP_OK) imp_graph_free(out);
    return status;
}

ImpStatus imp_graph_new(ImpShape input, ImpGraph **out, ImpError *error) {
    return graph_new(input, IMP_LAYOUT_PLAIN, out, error);
}

ImpStatus imp_graph_new_blocked(ImpShape input, ImpGraph **out, ImpError *error) {
    return graph_new(input, IMP_LAYOUT_BLOCKED, out, error);
}

void imp_graph_narrow(ImpGraph *graph) {
    assert(!graph->planned);
    graph->kernels = imp_kernels_narrow();
}

void imp_graph_free(ImpGraph **graph) {
    ImpGraph *g = *graph;
    if (!g) return;
    for (size_t i = 0; i < g->count; i++) {
        ImpNode *node = g->nodes[i];
        if (node->op && node->op->release) node->op->release(node);
        imp_free(node->state);
        imp_free(node->rows);
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

ImpShape imp_graph_shape(const ImpNode *node) {
    return node->shape;
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

size_t imp_node_floats(const ImpNode *node) {
    return imp_tensor_floats(node->shape, node->layout, node->graph->kernels->block);
}

size_t imp_node_planes(const ImpNode *node) {
    size_t block = (size_t)node->graph->kernels->block;
    return imp_shape_images(node->shape) * (((size_t)node->shape.channels + block - 1) / block);
}

typedef struct Pass {
    const float *source;
    float *target;
    size_t count;
    bool add;
} Pass;

static void pass_piece(void *context, size_t index) {
    const Pass *pass = context;
    size_t first = index * IMP_PIECE, end = first + IMP_PIECE < pass->count ? first + IMP_PIECE : pass->count;
    const float *source = pass->source;
    float *target = pass->target;
    if (pass->add)
        for (size_t i = first; i < end; i++) target[i] += source[i];
    else
        memcpy(target + first, source + first, (end - first) * sizeof *target);
}

void imp_pass_on(ImpInto into, const float *source, float *target, size_t floats) {
    Pass pass = {.source = source, .target = target, .count = floats, .add = into == IMP_ADD};
    if (into != IMP_INTO_NOTHING) imp_parallel((floats + IMP_PIECE - 1) / IMP_PIECE, pass_piece, &pass);
}

/* --- planning ----------------------------------------------------------------------------------------------------- */

static bool reads(const ImpNode *reader, const ImpNode *node) {
    return reader->source == node || reader->second == node;
}

/* A ReLU that nobody taps needs no numbers where all its readers read its source through max(.,0). */
static bool can_be_view(const ImpGraph *graph, const ImpNode *node) {
    if (strcmp(node->op->name, "relu") != 0 || node->tapped) return false;
    for (size_t i = node->index + 1; i < graph->count; i++)
        if (reads(graph->nodes[i], node) && !graph->nodes[i]->applies_relu) return false;
    return true;
}

static void resolve_views(ImpGraph *graph) {
    for (size_t i = 1; i < graph->count; i++) graph->nodes[i]->view = can_be_view(graph, graph->nodes[i]);
    for (size_t i = 1; i < graph->count; i++) {
        ImpNode *node = graph->nodes[i];
        if (!node->source->view) continue;
        node->source_relu = true;
        node->source = node->source->source;
    }
}

static bool can_be_mapped(const ImpGraph *graph, const ImpNode *node) {
    if (!node->op->map || node->tapped || node->layout != IMP_LAYOUT_BLOCKED) return false;
    for (size_t i = node->index + 1; i < graph->count; i++) {
        const ImpNode *reader = graph->nodes[i];
        if (reads(reader, node) && !reader->mapped && (reader->second == node || !reader->applies_map)) return false;
    }
    return true;
}

/* Makes a mapped node's map: to its source, and through that where it is mapped too. */
static ImpStatus make_map(ImpNode *node, ImpError *error) {
    const ImpNode *source = node->source;
    size_t height = (size_t)node->shape.height, width = (size_t)node->shape.width;
    ImpStatus status = IMP_ALLOC(&node->rows, height + width, "graph", error);
    if (status != IMP_OK) return status;
    node->columns = node->rows + height;
    node->stored = source->mapped ? source->stored : source;
    node->op->map(node, node->rows, node->columns);
    for (size_t i = 0; i < height && source->mapped; i++)
        node->rows[i] = node->rows[i] < 0 ? -1 : source->rows[node->rows[i]];
    for (size_t i = 0; i < width && source->mapped; i++)
        node->columns[i] = node->columns[i] < 0 ? -1 : source->columns[node->columns[i]];
    return IMP_OK;
}

static ImpStatus resolve_maps(ImpGraph *graph, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = graph->count; i-- > 1;) graph->nodes[i]->mapped = can_be_mapped(graph, graph->nodes[i]);
    for (size_t i = 1; i < graph->count && status == IMP_OK; i++)
        if (graph->nodes[i]->mapped) status = make_map(graph->nodes[i], error);
    return status;
}

const float *imp_source_value(const ImpNode *node) {
    return node->source->mapped ? node->source->stored->value : node->source->value;
}

ImpMap imp_source_map(const ImpNode *node) {
    const ImpNode *source = node->source;
    if (!source->mapped) return (ImpMap){0};
    return (ImpMap){source->rows, source->columns, source->stored->shape.height, source->stored->shape.width};
}

/* Whether `reader` takes numbers of `node`, itself or by a map. */
static bool takes(const ImpNode *reader, const ImpNode *node) {
    if (reader->view || reader->mapped) return false;
    return reads(reader, node) || (reader->source && reader->source->mapped && reader->source->stored == node);
}

/* Step of a node's backward pass; its forward pass is step `index`. */
static size_t backward_step(const ImpGraph *graph, const ImpNode *node) {
    return 2 * graph->count - 1 - node->index;
}

static ImpInterval life_of_value(const ImpGraph *graph, const ImpNode *node) {
    size_t end = 2 * graph->count, last = node->index;
    if (!node->op) last = end;
    if (node->tapped) last = graph->backward ? backward_step(graph, node) : end;
    if (graph->backward && node->backward_reads_value && backward_step(graph, node) > last)
        last = backward_step(graph, node);
    for (size_t i = node->index + 1; i < graph->count; i++) {
        const ImpNode *reader = graph->nodes[i];
        if (!takes(reader, node)) continue;
        bool again = graph->backward && (reader->backward_reads_source || reader->source_relu);
        size_t read = again ? backward_step(graph, reader) : reader->index;
        if (read > last) last = read;
    }
    return (ImpInterval){.floats = node->view || node->mapped ? 0 : imp_node_floats(node),
                         .first = node->op ? node->index : 0,
                         .last = last};
}

static ImpInterval life_of_gradient(const ImpGraph *graph, const ImpNode *node) {
    size_t first = backward_step(graph, node), last = node->op ? first : 2 * graph->count;
    for (size_t i = node->index + 1; i < graph->count; i++) {
        const ImpNode *reader = graph->nodes[i];
        if (reads(reader, node) && !reader->view && backward_step(graph, reader) < first)
            first = backward_step(graph, reader);
    }
    return (ImpInterval){.floats = node->view ? 0 : imp_node_floats(node), .first = first, .last = last};
}

/* Whether the node's numbers can take the place of its source's: nobody reads those later. */
static bool runs_in_place(const ImpGraph *graph, const ImpNode *node, const ImpInterval *values) {
    const ImpNode *source = node->source;
    return node->op && node->op->in_place && !graph->backward && !node->view && source->op && !source->view &&
           !source->mapped && values[source->index].last == node->index;
}

/* Where nodes run in place, their source's place lives on as theirs; owners: whose place each node has. */
static void share_places(const ImpGraph *graph, ImpInterval *values, size_t *owners) {
    for (size_t i = 0; i < graph->count; i++) {
        const ImpNode *node = graph->nodes[i];
        owners[i] = i;
        if (!runs_in_place(graph, node, values)) continue;
        owners[i] = owners[node->source->index];
        values[owners[i]].last = values[i].last;
        values[i].floats = 0;
    }
}

static ImpStatus lay_out_arena(ImpGraph *graph, ImpError *error) {
    ImpInterval intervals[2 * MAX_NODES];
    size_t owners[MAX_NODES];
    size_t n = graph->count, lives = graph->backward ? 2 * n : n;
    for (size_t i = 0; i < n; i++) intervals[i] = life_of_value(graph, graph->nodes[i]);
    for (size_t i = n; i < lives; i++) intervals[i] = life_of_gradient(graph, graph->nodes[i - n]);
    share_places(graph, intervals, owners);
    graph->arena_floats = imp_plan_offsets(intervals, lives);
    ImpStatus status = IMP_ALLOC(&graph->arena, graph->arena_floats, "network's activations", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < n; i++) {
        graph->nodes[i]->value = graph->arena + intervals[owners[i]].offset;
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
        graph->kept_floats += node->kept_floats;
    }
    return IMP_ALLOC(&graph->scratch, graph->scratch_floats, "convolutions' work space", error);
}

ImpStatus imp_graph_plan(ImpGraph *graph, bool backward, ImpError *error) {
    assert(!graph->planned);
    graph->planned = true;
    graph->backward = backward;
    graph->threads = imp_threads_get();
    resolve_views(graph);
    ImpStatus status = resolve_maps(graph, error);
    if (status == IMP_OK) status = prepare_nodes(graph, error);
    return status == IMP_OK ? lay_out_arena(graph, error) : status;
}

size_t imp_graph_bytes(const ImpGraph *graph) {
    return (graph->arena_floats + graph->scratch_floats + graph->kept_floats) * sizeof(float);
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
        if (node->view || node->mapped || node->op->forward(node, graph->scratch)) continue;
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "layer %zu of the network (%s) cannot be computed here", i,
                        node->op->name);
    }
    return IMP_OK;
}

static ImpTensor tensor_of(const ImpNode *node, float *data) {
    bool plain = node->layout == IMP_LAYOUT_PLAIN;
    return (ImpTensor){
        .shape = node->shape, .layout = node->layout, .block = plain ? 1 : node->graph->kernels->block, .data = data};
}

ImpStatus imp_graph_run(ImpGraph *graph, const float *input, ImpError *error) {
    ImpTensor to = tensor_of(graph->nodes[0], imp_graph_input_data(graph));
    memcpy(to.data, input, imp_tensor_floats(to.shape, to.layout, to.block) * sizeof *input);
    return imp_graph_forward(graph, error);
}

ImpTensor imp_graph_value(const ImpNode *node) {
    assert(node->tapped || !node->op);
    return tensor_of(node, node->value);
}

/* Whether the backward pass has to go to each node: for its own parameters, or for the gradient of what it reads. */
static void find_wanted(const ImpGraph *graph, bool input, bool wanted[MAX_NODES]) {
    wanted[0] = input;
    for (size_t i = 1; i < graph->count; i++) {
        const ImpNode *node = graph->nodes[i];
        wanted[i] = node->learns || wanted[node->source->index] || (node->second && wanted[node->second->index]);
    }
}

/* How a source's gradient is to be written; afterwards it is. */
static ImpInto into_source(const ImpNode *source, const bool *wanted, bool *written) {
    if (!source || !wanted[source->index]) return IMP_INTO_NOTHING;
    bool before = written[source->index];
    written[source->index] = true;
    return before ? IMP_ADD : IMP_OVERWRITE;
}

ImpStatus imp_graph_backward(ImpGraph *graph, ImpGradientAt gradient_at, void *context, const float **input_gradient,
                             ImpError *error) {
    assert(graph->planned && graph->backward && imp_threads_get() == graph->threads);
    bool wanted[MAX_NODES], written[MAX_NODES] = {false}; /* written: whose gradient has its first contribution */
    find_wanted(graph, input_gradient != NULL, wanted);
    for (size_t i = graph->count; i-- > 0;) {
        ImpNode *node = graph->nodes[i];
        if (node->view) continue;
        if (!written[i] && (node->tapped || i == 0)) {
            memset(node->gradient, 0, imp_node_floats(node) * sizeof(float));
            written[i] = true;
        }
        if (node->tapped) {
            ImpTensor value = tensor_of(node, node->value), gradient = tensor_of(node, node->gradient);
            gradient_at(context, node, &value, &gradient);
        }
        if (i == 0 || !written[i] || !wanted[i]) continue;
        ImpInto first = into_source(node->source, wanted, written);
        ImpInto into[2] = {first, into_source(node->second, wanted, written)};
        if (!node->op->backward(node, graph->scratch, into))
            return imp_fail(error, IMP_ERROR_UNSUPPORTED, "layer %zu of the network (%s) cannot be differentiated here",
                            i, node->op->name);
    }
    if (input_gradient) *input_gradient = graph->nodes[0]->gradient;
    return IMP_OK;
}
