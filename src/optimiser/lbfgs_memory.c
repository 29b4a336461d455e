#include "optimiser/lbfgs_private.h"

#include "base/memory.h"

/* Pairs of less curvature are not remembered, so that H stays positive definite. */
static const double least_curvature = 1e-10;

ImpStatus imp_pairs_new(int capacity, ImpPairs *out, ImpError *error) {
    size_t slots = (size_t)capacity;
    *out = (ImpPairs){.capacity = capacity, .scale = 1};
    ImpStatus status = IMP_ALLOC(&out->y, slots, "L-BFGS history", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->s, slots, "L-BFGS history", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->rho, slots, "L-BFGS history", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->alpha, slots, "L-BFGS history", error);
    return status;
}

void imp_pairs_free(ImpPairs *pairs) {
    for (int i = 0; i < pairs->capacity; i++) {
        if (pairs->y) imp_free(pairs->y[i]);
        if (pairs->s) imp_free(pairs->s[i]);
    }
    imp_free(pairs->y);
    imp_free(pairs->s);
    imp_free(pairs->rho);
    imp_free(pairs->alpha);
    *pairs = (ImpPairs){0};
}

void imp_pairs_reset(ImpPairs *pairs) {
    pairs->first = pairs->count = 0;
    pairs->scale = 1;
}

ImpStatus imp_pairs_next(ImpPairs *pairs, size_t n, int *slot, ImpError *error) {
    ImpStatus status = IMP_OK;
    int next = imp_pairs_slot(pairs, pairs->count);
    if (!pairs->y[next]) status = IMP_ALLOC(&pairs->y[next], n, "L-BFGS history", error);
    if (status == IMP_OK && !pairs->s[next]) status = IMP_ALLOC(&pairs->s[next], n, "L-BFGS history", error);
    *slot = next;
    return status;
}

void imp_pairs_push(ImpPairs *pairs, double rho) {
    pairs->rho[imp_pairs_slot(pairs, pairs->count)] = rho;
    if (pairs->count < pairs->capacity)
        pairs->count++;
    else
        pairs->first = (pairs->first + 1) % pairs->capacity;
}

/* d = -g, after the last step has been remembered if it has enough curvature; *dot = s.d with s of the newest pair. */
static ImpStatus begin(ImpPairs *pairs, ImpVectorSpace *space, const float *g, const float *h, double t, float *d,
                       double *dot, ImpError *error) {
    ImpVectorSums curvature = imp_vector_curvature(space, g, h, d, (float)t);
    if (!(curvature.dot > least_curvature)) {
        const float *s = pairs->count ? pairs->s[imp_pairs_slot(pairs, pairs->count - 1)] : g;
        *dot = imp_vector_negate_dot(space, d, g, s);
        return IMP_OK;
    }
    int slot;
    ImpStatus status = imp_pairs_next(pairs, space->n, &slot, error);
    if (status != IMP_OK) return status;
    *dot = imp_vector_pair(space, g, h, (float)t, pairs->y[slot], pairs->s[slot], d);
    pairs->scale = curvature.dot / curvature.other;
    imp_pairs_push(pairs, 1 / curvature.dot);
    return IMP_OK;
}

/* The two-loop recursion (Nocedal, Wright 2006, algorithm 7.4) on d = -g. An inner product needs the whole vector that
 * the pass before has changed, so neither loop can be blocked over pairs; but each pass takes the next pair's inner
 * product while it has d at hand. So a loop reads every y and s once: 16 m n bytes for m pairs in both loops, beside d
 * (read and written 2 m times), which is small enough to stay in the cache. */
static ImpVectorSums two_loops(ImpPairs *pairs, ImpVectorSpace *space, const float *g, float *d, double dot) {
    int last = pairs->count - 1;
    double *alpha = pairs->alpha;
    for (int i = last; i > 0; i--) {
        int slot = imp_pairs_slot(pairs, i), next = imp_pairs_slot(pairs, i - 1);
        alpha[i] = dot * pairs->rho[slot];
        dot = imp_vector_axpy_dot(space, d, (float)-alpha[i], pairs->y[slot], pairs->s[next]);
    }
    int slot = imp_pairs_slot(pairs, 0);
    alpha[0] = dot * pairs->rho[slot];
    dot = imp_vector_axpy_scale_dot(space, d, (float)-alpha[0], pairs->y[slot], (float)pairs->scale);
    for (int i = 0; i < last; i++) {
        slot = imp_pairs_slot(pairs, i);
        double beta = dot * pairs->rho[slot];
        const float *next = pairs->y[imp_pairs_slot(pairs, i + 1)];
        dot = imp_vector_axpy_dot(space, d, (float)(alpha[i] - beta), pairs->s[slot], next);
    }
    slot = imp_pairs_slot(pairs, last);
    double beta = dot * pairs->rho[slot];
    return imp_vector_axpy_norms(space, d, (float)(alpha[last] - beta), pairs->s[slot], g);
}

ImpStatus imp_pairs_direction(ImpPairs *pairs, ImpVectorSpace *space, const float *g, const float *h, double t,
                              float *d, ImpVectorSums *sums, ImpError *error) {
    double dot = 0;
    ImpStatus status = begin(pairs, space, g, h, t, d, &dot, error);
    if (status != IMP_OK) return status;
    if (pairs->count > 0) {
        *sums = two_loops(pairs, space, g, d, dot);
    } else {
        *sums = imp_vector_norms(space, d);
        sums->dot = dot;
    }
    return IMP_OK;
}
