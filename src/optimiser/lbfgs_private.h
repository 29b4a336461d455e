/* The parts of L-BFGS that lbfgs.c (iterations), lbfgs_memory.c (curvature pairs) and lbfgs_state.c (saving) share. */
#ifndef IMP_OPTIMISER_LBFGS_PRIVATE_H
#define IMP_OPTIMISER_LBFGS_PRIVATE_H

#include "optimiser/optimiser_private.h"

/* The latest curvature pairs in a ring: pair i, counted from the oldest, is in slot (first + i) mod capacity. A slot's
 * vectors are made when it is used for the first time, and stay. */
typedef struct ImpPairs {
    int capacity, first, count;
    float **y, **s; /* (capacity) vectors (n): change of the gradient, step */
    double *rho;    /* (capacity) 1 / y.s */
    double *alpha;  /* (capacity) of the recursion at work, by i */
    double scale;   /* H0 = y.s / y.y of the latest pair; 1 without pairs */
} ImpPairs;

ImpStatus imp_pairs_new(int capacity, ImpPairs *out, ImpError *error);
void imp_pairs_free(ImpPairs *pairs);
void imp_pairs_reset(ImpPairs *pairs);
static inline int imp_pairs_slot(const ImpPairs *pairs, int i) {
    return (pairs->first + i) % pairs->capacity;
}
/* The slot that the next pair goes to, with room for it: the oldest pair's once the ring is full. Changes no pair. */
ImpStatus imp_pairs_next(ImpPairs *pairs, size_t n, int *slot, ImpError *error);
/* Counts the pair just written into that slot. */
void imp_pairs_push(ImpPairs *pairs, double rho);

/* d = -H g by the two-loop recursion, where d (n) holds the last direction, taken with step t from the point where the
 * gradient was h (n): the pair that makes is remembered first, if y.s > 1e-10. sums: dot = g.d, other = |d|_1,
 * most = max|d|. On failure (memory) nothing has changed. */
ImpStatus imp_pairs_direction(ImpPairs *pairs, ImpVectorSpace *space, const float *g, const float *h, double t,
                              float *d, ImpVectorSums *sums, ImpError *error);

/* What the next iteration begins with. */
typedef enum ImpLbfgsPhase {
    IMP_LBFGS_EVALUATE = 0, /* an evaluation at x */
    IMP_LBFGS_EVALUATED,    /* value and gradient at x are known, from the line search that led there */
    IMP_LBFGS_SEARCH        /* the direction is known too; the line search ended early */
} ImpLbfgsPhase;

typedef struct ImpLbfgs {
    ImpOptimiser base;
    ImpLbfgsOptions options;
    ImpPairs pairs;
    ImpLbfgsPhase phase;
    bool stalled;          /* a small change has been reported and x not moved since */
    int64_t directions;    /* computed so far; 0: the next one is -g */
    double value;          /* at x, while phase is not EVALUATE */
    double previous_value; /* where the last direction was computed */
    double t;              /* the step of that direction */
    ImpVectorSums norms;   /* of gradient */
    ImpVectorSums along;   /* of direction: dot = slope g.d, other = |d|_1, most = max|d| */
    float *gradient;       /* (n) at x, or room for it */
    float *previous;       /* (n) the gradient where the direction was computed */
    float *direction;      /* (n) */
    float *start;          /* (n) x during a line search; NULL without */
} ImpLbfgs;

ImpStatus imp_lbfgs_save(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error);
ImpStatus imp_lbfgs_load(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error);

#endif
