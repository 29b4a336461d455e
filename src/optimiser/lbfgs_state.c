/* Saving and taking back the state of L-BFGS. Only what the next iteration needs is kept: norms and slopes are computed
 * again, in the same order and so to the same bits; the recursion's alphas are written before they are read. */
#include "optimiser/lbfgs_private.h"

#include "base/error.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LBFGS_VERSION = 1 };
/* The integers and the numbers of a saved state. */
enum { DIRECTIONS_AT = IMP_STATE_OWN, PHASE_AT, STALLED_AT, PAIRS_AT, COUNTERS };
enum { VALUE_AT, PREVIOUS_VALUE_AT, T_AT, SCALE_AT, SCALARS };

#define NAME(part) "optimiser.lbfgs." part

/* The pairs, oldest first: rho (m), y and s (m,n). */
static ImpStatus save_pairs(const ImpLbfgs *l, ImpBundle *bundle, ImpError *error) {
    const ImpPairs *pairs = &l->pairs;
    size_t n = l->base.space.n;
    int64_t dims[2] = {pairs->count, (int64_t)n};
    ImpArray *rho, *y, *s;
    ImpStatus status = imp_bundle_add(bundle, NAME("rho"), IMP_DTYPE_F64, 1, dims, NULL, &rho, error);
    for (int i = 0; status == IMP_OK && i < pairs->count; i++)
        ((double *)rho->data)[i] = pairs->rho[imp_pairs_slot(pairs, i)];
    if (status == IMP_OK) status = imp_bundle_add(bundle, NAME("y"), IMP_DTYPE_F32, 2, dims, NULL, &y, error);
    for (int i = 0; status == IMP_OK && i < pairs->count; i++)
        memcpy((float *)y->data + (size_t)i * n, pairs->y[imp_pairs_slot(pairs, i)], n * sizeof(float));
    if (status == IMP_OK) status = imp_bundle_add(bundle, NAME("s"), IMP_DTYPE_F32, 2, dims, NULL, &s, error);
    for (int i = 0; status == IMP_OK && i < pairs->count; i++)
        memcpy((float *)s->data + (size_t)i * n, pairs->s[imp_pairs_slot(pairs, i)], n * sizeof(float));
    return status;
}

ImpStatus imp_lbfgs_save(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error) {
    const ImpLbfgs *l = (const ImpLbfgs *)optimiser;
    size_t n = optimiser->space.n;
    int64_t counters[COUNTERS] = {
        [IMP_STATE_VERSION] = LBFGS_VERSION, [IMP_STATE_N] = (int64_t)n, [IMP_STATE_ITERATION] = optimiser->iteration,
        [DIRECTIONS_AT] = l->directions,     [PHASE_AT] = l->phase,      [STALLED_AT] = l->stalled,
        [PAIRS_AT] = l->pairs.count};
    double scalars[SCALARS] = {
        [VALUE_AT] = l->value, [PREVIOUS_VALUE_AT] = l->previous_value, [T_AT] = l->t, [SCALE_AT] = l->pairs.scale};
    ImpStatus status = imp_bundle_add_flat(bundle, NAME("counters"), IMP_DTYPE_I64, COUNTERS, counters, error);
    if (status == IMP_OK) status = imp_bundle_add_flat(bundle, NAME("scalars"), IMP_DTYPE_F64, SCALARS, scalars, error);
    if (status == IMP_OK && l->phase == IMP_LBFGS_EVALUATED)
        status = imp_bundle_add_flat(bundle, NAME("gradient"), IMP_DTYPE_F32, n, l->gradient, error);
    if (status == IMP_OK && l->directions > 0)
        status = imp_bundle_add_flat(bundle, NAME("previous"), IMP_DTYPE_F32, n, l->previous, error);
    if (status == IMP_OK && l->directions > 0)
        status = imp_bundle_add_flat(bundle, NAME("direction"), IMP_DTYPE_F32, n, l->direction, error);
    if (status == IMP_OK) status = save_pairs(l, bundle, error);
    return status;
}

static ImpStatus load_counters(ImpLbfgs *l, const ImpBundle *bundle, int64_t *pairs, ImpError *error) {
    const int64_t *c;
    ImpStatus status =
        imp_optimiser_load_counters(&l->base, bundle, NAME("counters"), COUNTERS, LBFGS_VERSION, &c, error);
    if (status != IMP_OK) return status;
    if (c[DIRECTIONS_AT] < c[IMP_STATE_ITERATION] || c[DIRECTIONS_AT] > imp_most_iterations || c[STALLED_AT] < 0 ||
        c[STALLED_AT] > 1 || c[PHASE_AT] < IMP_LBFGS_EVALUATE || c[PHASE_AT] > IMP_LBFGS_SEARCH ||
        (c[DIRECTIONS_AT] == 0 && (c[PHASE_AT] == IMP_LBFGS_SEARCH || c[PAIRS_AT] > 0)))
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's L-BFGS state contradicts itself");
    if (c[PHASE_AT] != IMP_LBFGS_EVALUATE && !l->options.strong_wolfe)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's L-BFGS state was made with a line search; resume with one");
    if (c[PAIRS_AT] < 0 || c[PAIRS_AT] > l->pairs.capacity)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's L-BFGS state has %" PRId64
                        " pairs where at most %d fit; resume with the history it was made with",
                        c[PAIRS_AT], l->pairs.capacity);
    l->directions = c[DIRECTIONS_AT];
    l->phase = (ImpLbfgsPhase)c[PHASE_AT];
    l->stalled = c[STALLED_AT] != 0;
    *pairs = c[PAIRS_AT];
    return IMP_OK;
}

static ImpStatus load_scalars(ImpLbfgs *l, const ImpBundle *bundle, ImpError *error) {
    const void *data;
    ImpStatus status = imp_bundle_get(bundle, NAME("scalars"), IMP_DTYPE_F64, SCALARS, &data, error);
    if (status != IMP_OK) return status;
    const double *scalars = data;
    for (int i = 0; i < SCALARS; i++)
        if (!isfinite(scalars[i]))
            return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's L-BFGS state has numbers that are not finite");
    if (!(scalars[SCALE_AT] > 0) || scalars[T_AT] < 0)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's L-BFGS state has a step or a scale that is negative");
    l->value = scalars[VALUE_AT];
    l->previous_value = scalars[PREVIOUS_VALUE_AT];
    l->t = scalars[T_AT];
    l->pairs.scale = scalars[SCALE_AT];
    return IMP_OK;
}

static ImpStatus load_vectors(ImpLbfgs *l, const ImpBundle *bundle, ImpError *error) {
    ImpOptimiser *base = &l->base;
    ImpStatus status = IMP_OK;
    if (l->phase == IMP_LBFGS_EVALUATED)
        status = imp_optimiser_load_vector(base, bundle, NAME("gradient"), l->gradient, &l->norms, error);
    if (status != IMP_OK || l->directions == 0) return status;
    status = imp_optimiser_load_vector(base, bundle, NAME("previous"), l->previous, NULL, error);
    if (status == IMP_OK)
        status = imp_optimiser_load_vector(base, bundle, NAME("direction"), l->direction, &l->along, error);
    if (status == IMP_OK) l->along.dot = imp_vector_dot(&base->space, l->previous, l->direction);
    return status;
}

/* One pair from row i of y and s (m,n). */
static ImpStatus load_pair(ImpLbfgs *l, const float *y, const float *s, double rho, ImpError *error) {
    ImpVectorSpace *space = &l->base.space;
    if (!(rho > 0) || !isfinite(rho))
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's L-BFGS history has an impossible curvature");
    int slot;
    ImpStatus status = imp_pairs_next(&l->pairs, space->n, &slot, error);
    if (status != IMP_OK) return status;
    memcpy(l->pairs.y[slot], y, space->n * sizeof *y);
    memcpy(l->pairs.s[slot], s, space->n * sizeof *s);
    if (!isfinite(imp_vector_norms(space, y).other) || !isfinite(imp_vector_norms(space, s).other))
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's L-BFGS history has elements that are not finite");
    imp_pairs_push(&l->pairs, rho);
    return IMP_OK;
}

static ImpStatus load_pairs(ImpLbfgs *l, const ImpBundle *bundle, size_t count, ImpError *error) {
    size_t n = l->base.space.n, elements;
    const void *rho, *y, *s;
    if (!imp_multiply(count, n, &elements))
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's L-BFGS history is impossibly large");
    ImpStatus status = imp_bundle_get(bundle, NAME("rho"), IMP_DTYPE_F64, count, &rho, error);
    if (status == IMP_OK) status = imp_bundle_get(bundle, NAME("y"), IMP_DTYPE_F32, elements, &y, error);
    if (status == IMP_OK) status = imp_bundle_get(bundle, NAME("s"), IMP_DTYPE_F32, elements, &s, error);
    for (size_t i = 0; status == IMP_OK && i < count; i++)
        status = load_pair(l, (const float *)y + i * n, (const float *)s + i * n, ((const double *)rho)[i], error);
    return status;
}

ImpStatus imp_lbfgs_load(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error) {
    ImpLbfgs *l = (ImpLbfgs *)optimiser;
    int64_t pairs = 0;
    ImpStatus status = load_counters(l, bundle, &pairs, error);
    if (status == IMP_OK) status = load_scalars(l, bundle, error);
    if (status == IMP_OK) status = load_vectors(l, bundle, error);
    if (status == IMP_OK) status = load_pairs(l, bundle, (size_t)pairs, error);
    return status;
}
