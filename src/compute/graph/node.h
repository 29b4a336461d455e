/* What the operations see of a graph: nodes, and the verbs of an operation. Private to compute/graph. */
#ifndef IMP_COMPUTE_GRAPH_NODE_H
#define IMP_COMPUTE_GRAPH_NODE_H

#include "compute/graph/graph.h"
#include "compute/kernel/kernel.h"

/* An operation is a value: its verbs, and what its backward pass reads besides the node's gradient. */
typedef struct ImpOp {
    const char *name;
    bool backward_reads_source, backward_reads_value;
    /* Makes primitives and sets node->scratch_floats. May be NULL. */
    ImpStatus (*prepare)(ImpNode *node, ImpError *error);
    /* node->value from node->source->value. False when a library refuses. */
    bool (*forward)(ImpNode *node, float *scratch);
    /* node->source->gradient from node->gradient: overwritten, or added to. */
    void (*backward)(ImpNode *node, float *scratch, bool accumulate);
    void (*release)(ImpNode *node); /* frees node->state; may be NULL */
} ImpOp;

struct ImpNode {
    const ImpOp *op; /* NULL for the input */
    ImpGraph *graph;
    ImpNode *source;  /* read by this node; after planning never a ReLU that is only a view */
    bool source_relu; /* max(source, 0) is read */
    size_t index;
    ImpShape shape;
    ImpLayout layout;
    bool tapped;
    bool view;               /* an untapped ReLU: has no numbers of its own */
    float *value, *gradient; /* in the arena, from plan on */
    size_t scratch_floats;
    void *state; /* the operation's own, from imp_alloc */
};

const ImpKernels *imp_graph_kernels(const ImpGraph *graph);
int imp_graph_threads(const ImpGraph *graph); /* the number it is planned for */

/* Adds a node with zeroed state of state_size bytes. */
ImpStatus imp_graph_add(ImpGraph *graph, const ImpOp *op, ImpNode *source, ImpShape shape, ImpLayout layout,
                        size_t state_size, ImpNode **out, ImpError *error);

/* Places for values and gradients. */
typedef struct ImpInterval {
    size_t floats;
    size_t first, last; /* steps of the run during which it is needed, inclusive */
    size_t offset;      /* floats, set by imp_plan_offsets; a multiple of 16 */
} ImpInterval;

/* Gives intervals that meet in time disjoint places; returns the floats needed in all. */
size_t imp_plan_offsets(ImpInterval *intervals, size_t count);

#endif
