/* What the operations see of a graph: nodes, and the verbs of an operation. Private to compute/graph. */
#ifndef IMP_COMPUTE_GRAPH_NODE_H
#define IMP_COMPUTE_GRAPH_NODE_H

#include "compute/graph/graph.h"
#include "compute/kernel/kernel.h"

/* What a backward pass does with the gradient of a source. */
typedef enum ImpInto { IMP_INTO_NOTHING, IMP_OVERWRITE, IMP_ADD } ImpInto;

/* An operation is a value: its verbs. False from a run: a library refuses. */
typedef struct ImpOp {
    const char *name;
    /* Makes primitives and sets node->scratch_floats. May be NULL. */
    ImpStatus (*prepare)(ImpNode *node, ImpError *error);
    /* node->value from node->source->value. */
    bool (*forward)(ImpNode *node, float *scratch);
    /* NULL, or of an operation that only puts pixels elsewhere: for each row (column) of the result, which of the
     * source it is, -1 for zeros. Neighbours come from neighbours, or from the same. */
    void (*map)(const ImpNode *node, int *rows, int *columns);
    /* From node->gradient (which it may spoil): the gradients of node->source and node->second as into[0] and into[1]
     * say; and added, those of parameters. */
    bool (*backward)(ImpNode *node, float *scratch, const ImpInto into[2]);
    /* forward may write node->value over node->source->value, as it does where nothing else reads that. */
    bool in_place;
    void (*release)(ImpNode *node); /* frees what node->state points to; may be NULL */
} ImpOp;

struct ImpNode {
    const ImpOp *op; /* NULL for the input */
    ImpGraph *graph;
    ImpNode *source; /* read by this node; after planning never a ReLU that is only a view */
    ImpNode *second; /* or NULL */
    size_t index;
    ImpShape shape;
    ImpLayout layout;
    bool tapped;
    /* Set by the builder: what the backward pass reads besides the node's gradient, whether it has parameters to add
     * to, and whether the node can read max(source, 0) for source (then source_relu says so after planning). */
    bool backward_reads_source, backward_reads_value, learns, applies_relu;
    bool source_relu;
    /* Set by the builder: the node can read source, blocked, by a map. Then nodes that only put pixels elsewhere need
     * no numbers: they are mapped, and after planning say where theirs are. */
    bool applies_map;
    bool mapped;
    const ImpNode *stored;   /* of a mapped node: whose value the map is of */
    int *rows, *columns;     /* of a mapped node */
    bool view;               /* a ReLU that has no numbers of its own */
    float *value, *gradient; /* in the arena, from plan on */
    size_t scratch_floats;   /* shared by all nodes, for the time of a pass */
    size_t kept_floats;      /* the node's own besides, counted in imp_graph_bytes */
    void *state;             /* the operation's own, from imp_alloc */
};

const ImpKernels *imp_graph_kernels(const ImpGraph *graph);
int imp_graph_threads(const ImpGraph *graph); /* the number it is planned for */
bool imp_graph_goes_back(const ImpGraph *graph);

/* Adds a node with zeroed state of state_size bytes. */
ImpStatus imp_graph_add(ImpGraph *graph, const ImpOp *op, ImpNode *source, ImpShape shape, ImpLayout layout,
                        size_t state_size, ImpNode **out, ImpError *error);

/* The numbers of node->source, and where they are. */
const float *imp_source_value(const ImpNode *node);
ImpMap imp_source_map(const ImpNode *node);

/* Floats of the node's value, and blocks of all its images together (each a plane of H x W x B; blocked nodes). */
size_t imp_node_floats(const ImpNode *node);
size_t imp_node_planes(const ImpNode *node);
/* target = or += source, `floats` numbers; nothing for IMP_INTO_NOTHING. */
void imp_pass_on(ImpInto into, const float *source, float *target, size_t floats);

/* Places for values and gradients. */
typedef struct ImpInterval {
    size_t floats;
    size_t first, last; /* steps of the run during which it is needed, inclusive */
    size_t offset;      /* floats, set by imp_plan_offsets; a multiple of 16 */
} ImpInterval;

/* Gives intervals that meet in time disjoint places; returns the floats needed in all. */
size_t imp_plan_offsets(ImpInterval *intervals, size_t count);

#endif
