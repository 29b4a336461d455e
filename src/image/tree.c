#include "image/tree.h"

#include "base/memory.h"
#include "compute/kernel/window.h"
#include <math.h>
#include <string.h>

enum {
    D = IMP_TREE_DIMENSIONS,
    LEAF = 16,     /* points */
    LOOK = 256,    /* points that choose a split */
    WAITING = 1024 /* branches put off; more are forgotten */
};

/* Points first .. end-1 in the order of the tree; a leaf has no dimension. The branches of node i are 2i+1 and 2i+2. */
typedef struct Node {
    int32_t first, end;
    int32_t dimension; /* < 0: a leaf */
    float split;       /* what is less is in the first branch */
} Node;

struct ImpTree {
    float *points;  /* (count,D) in the order of the tree */
    int32_t *index; /* (count) which they were */
    size_t count;
    Node *nodes;
    const ImpWindowKernels *kernels;
};

/* --- building ----------------------------------------------------------------------------------------------------- */

typedef struct Build {
    const float *points;
    ImpTree *tree;
} Build;

static float value_at(const Build *build, int32_t at, int dimension) {
    return build->points[(size_t)build->tree->index[at] * D + (size_t)dimension];
}

/* The dimension in which points first .. end-1 are spread most. */
static int widest(const Build *build, int32_t first, int32_t end) {
    int32_t step = (end - first) / LOOK + 1, n = (end - first + step - 1) / step;
    int best = 0;
    double most = -1;
    for (int d = 0; d < D; d++) {
        double sum = 0, squares = 0;
        for (int32_t i = first; i < end; i += step) {
            double value = (double)value_at(build, i, d);
            sum += value;
            squares += value * value;
        }
        double variance = squares / n - sum / n * (sum / n);
        if (variance > most) {
            most = variance;
            best = d;
        }
    }
    return best;
}

static void swap(int32_t *index, int32_t i, int32_t j) {
    int32_t kept = index[i];
    index[i] = index[j];
    index[j] = kept;
}

/* Orders first .. end-1 so that what is before `middle` is not more than what is at it, and what is after not less
 * (Hoare's selection). */
static void select_middle(const Build *build, int32_t first, int32_t end, int32_t middle, int dimension) {
    for (int32_t low = first, high = end - 1; low < high;) {
        float pivot = value_at(build, low + (high - low) / 2, dimension);
        int32_t i = low, j = high;
        while (i <= j) {
            while (value_at(build, i, dimension) < pivot) i++;
            while (value_at(build, j, dimension) > pivot) j--;
            if (i <= j) swap(build->tree->index, i++, j--);
        }
        if (middle <= j)
            high = j;
        else if (middle >= i)
            low = i;
        else
            return;
    }
}

static void build_node(const Build *build, size_t at, int32_t first, int32_t end) {
    Node *node = &build->tree->nodes[at];
    *node = (Node){.first = first, .end = end, .dimension = -1};
    if (end - first <= LEAF) return;
    int32_t middle = first + (end - first) / 2;
    node->dimension = widest(build, first, end);
    select_middle(build, first, end, middle, node->dimension);
    node->split = value_at(build, middle, node->dimension);
    build_node(build, 2 * at + 1, first, middle);
    build_node(build, 2 * at + 2, middle, end);
}

/* Nodes of a tree in which the larger branch has half the points, rounded up. */
static size_t count_nodes(size_t count) {
    size_t nodes = 1;
    for (; count > LEAF; count = (count + 1) / 2) nodes = 2 * nodes + 1;
    return nodes;
}

ImpStatus imp_tree_new(const float *points, size_t count, ImpTree **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "tree", error);
    if (status != IMP_OK) return status;
    ImpTree *tree = *out;
    *tree = (ImpTree){.count = count, .kernels = imp_window_kernels(imp_cpu_level())};
    status = IMP_ALLOC(&tree->points, count * D, "tree", error);
    if (status == IMP_OK) status = IMP_ALLOC(&tree->index, count, "tree", error);
    if (status == IMP_OK) status = IMP_ALLOC(&tree->nodes, count_nodes(count), "tree", error);
    if (status != IMP_OK) {
        imp_tree_free(out);
        return status;
    }
    for (size_t i = 0; i < count; i++) tree->index[i] = (int32_t)i;
    Build build = {points, tree};
    build_node(&build, 0, 0, (int32_t)count);
    for (size_t i = 0; i < count; i++)
        memcpy(tree->points + i * D, points + (size_t)tree->index[i] * D, D * sizeof(float));
    return IMP_OK;
}

void imp_tree_free(ImpTree **tree) {
    if (!*tree) return;
    imp_free((*tree)->points);
    imp_free((*tree)->index);
    imp_free((*tree)->nodes);
    imp_free(*tree);
    *tree = NULL;
}

/* --- searching ---------------------------------------------------------------------------------------------------- */

/* A branch that was put off, and how far off it is at least, about. */
typedef struct Branch {
    float distance;
    uint32_t node;
} Branch;

typedef struct Search {
    const ImpTree *tree;
    const float *point;
    ImpWindow window;
    Branch waiting[WAITING]; /* a heap, nearest first */
    int n_waiting;
    float distances[IMP_TREE_MOST]; /* of the nearest so far, ascending */
    int32_t found[IMP_TREE_MOST];
    int n_found, most;
} Search;

static void push(Search *s, Branch branch) {
    if (s->n_waiting == WAITING) return;
    int at = s->n_waiting++;
    for (; at > 0 && s->waiting[(at - 1) / 2].distance > branch.distance; at = (at - 1) / 2)
        s->waiting[at] = s->waiting[(at - 1) / 2];
    s->waiting[at] = branch;
}

static Branch pop(Search *s) {
    Branch nearest = s->waiting[0], last = s->waiting[--s->n_waiting];
    int at = 0;
    for (int below; (below = 2 * at + 1) < s->n_waiting; at = below) {
        if (below + 1 < s->n_waiting && s->waiting[below + 1].distance < s->waiting[below].distance) below++;
        if (s->waiting[below].distance >= last.distance) break;
        s->waiting[at] = s->waiting[below];
    }
    s->waiting[at] = last;
    return nearest;
}

static float farthest(const Search *s) {
    return s->n_found < s->most ? INFINITY : s->distances[s->most - 1];
}

static void keep(Search *s, float distance, int32_t index) {
    if (!(distance < farthest(s))) return;
    int at = s->n_found < s->most ? s->n_found++ : s->most - 1;
    for (; at > 0 && s->distances[at - 1] > distance; at--) {
        s->distances[at] = s->distances[at - 1];
        s->found[at] = s->found[at - 1];
    }
    s->distances[at] = distance;
    s->found[at] = index;
}

static void search_leaf(Search *s, const Node *leaf) {
    float distances[LEAF];
    size_t count = (size_t)(leaf->end - leaf->first);
    s->tree->kernels->distances(&s->window, s->tree->points + (size_t)leaf->first * D, D, count, farthest(s),
                                distances);
    for (size_t i = 0; i < count; i++) keep(s, distances[i], s->tree->index[(size_t)leaf->first + i]);
}

/* Goes down to the leaf that the point belongs to, and puts off the other branches. */
static void descend(Search *s, Branch from) {
    for (;;) {
        const Node *node = &s->tree->nodes[from.node];
        if (node->dimension < 0) {
            search_leaf(s, node);
            return;
        }
        float off = s->point[node->dimension] - node->split;
        uint32_t near = 2 * from.node + (off < 0 ? 1 : 2), far = 2 * from.node + (off < 0 ? 2 : 1);
        push(s, (Branch){from.distance > off * off ? from.distance : off * off, far});
        from.node = near;
    }
}

int imp_tree_nearest(const ImpTree *tree, const float point[IMP_TREE_DIMENSIONS], int leaves, int most,
                     int32_t out[IMP_TREE_MOST]) {
    static const ImpWindowSpan span = {.blocks = D / IMP_WINDOW_LANES};
    static const float ones[D] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    Search s;
    s.tree = tree;
    s.point = point;
    s.window = (ImpWindow){&span, 1, point, ones};
    s.n_waiting = s.n_found = 0;
    s.most = most;
    push(&s, (Branch){0, 0});
    for (; leaves > 0 && s.n_waiting > 0; leaves--) {
        Branch branch = pop(&s);
        if (branch.distance > farthest(&s)) break;
        descend(&s, branch);
    }
    memcpy(out, s.found, (size_t)s.n_found * sizeof *out);
    return s.n_found;
}
