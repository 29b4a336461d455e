#include "optimiser/optimiser_private.h"

#include "base/error.h"
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

ImpStatus imp_optimiser_iterate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context,
                                bool *converged, ImpError *error) {
    *converged = false;
    return optimiser->kind->iterate(optimiser, x, objective, context, converged, error);
}

void imp_optimiser_free(ImpOptimiser **optimiser) {
    if (*optimiser) (*optimiser)->kind->free(*optimiser);
    *optimiser = NULL;
}

void imp_optimiser_reset(ImpOptimiser *optimiser) {
    optimiser->iteration = 0;
    optimiser->kind->reset(optimiser);
}

int64_t imp_optimiser_iterations(const ImpOptimiser *optimiser) {
    return optimiser->iteration;
}

void imp_optimiser_set_learning_rate(ImpOptimiser *optimiser, double learning_rate) {
    assert(learning_rate > 0);
    optimiser->learning_rate = learning_rate;
}

ImpStatus imp_optimiser_save(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error) {
    return optimiser->kind->save(optimiser, bundle, error);
}

ImpStatus imp_optimiser_load(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error) {
    imp_optimiser_reset(optimiser);
    ImpStatus status = optimiser->kind->load(optimiser, bundle, error);
    if (status != IMP_OK) imp_optimiser_reset(optimiser);
    return status;
}

ImpStatus imp_optimiser_evaluate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context,
                                 float *gradient, double *value, ImpVectorSums *norms, ImpError *error) {
    const char *name = optimiser->kind->name;
    int64_t iteration = optimiser->iteration;
    double found = NAN;
    ImpStatus status = objective(context, x, gradient, &found, error);
    if (status != IMP_OK) return status;
    if (!isfinite(found))
        return imp_fail(error, IMP_ERROR_NUMBER,
                        "the value to be minimised became %f in %s iteration %" PRId64
                        "; lower the learning rate or the weights of the losses",
                        found, name, iteration + 1);
    ImpVectorSums sums = imp_vector_norms(&optimiser->space, gradient);
    if (!isfinite(sums.other))
        return imp_fail(error, IMP_ERROR_NUMBER,
                        "the gradient has elements that are not finite in %s iteration %" PRId64
                        "; lower the learning rate or the weights of the losses",
                        name, iteration + 1);
    *value = found;
    *norms = sums;
    return IMP_OK;
}

ImpStatus imp_optimiser_load_vector(ImpOptimiser *optimiser, const ImpBundle *bundle, const char *name, float *out,
                                    ImpVectorSums *norms, ImpError *error) {
    const void *data;
    ImpStatus status = imp_bundle_get(bundle, name, IMP_DTYPE_F32, optimiser->space.n, &data, error);
    if (status != IMP_OK) return status;
    memcpy(out, data, optimiser->space.n * sizeof *out);
    ImpVectorSums sums = imp_vector_norms(&optimiser->space, out);
    if (!isfinite(sums.other))
        return imp_fail(error, IMP_ERROR_FORMAT, "the array %s of the checkpoint has elements that are not finite",
                        name);
    if (norms) *norms = sums;
    return IMP_OK;
}

ImpStatus imp_optimiser_load_counters(ImpOptimiser *optimiser, const ImpBundle *bundle, const char *name, size_t count,
                                      int64_t version, const int64_t **out, ImpError *error) {
    if (!imp_bundle_find(bundle, name))
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint holds no state of %s; resume with the optimiser it was made with",
                        optimiser->kind->name);
    const void *data;
    ImpStatus status = imp_bundle_get(bundle, name, IMP_DTYPE_I64, count, &data, error);
    if (status != IMP_OK) return status;
    const int64_t *counters = data;
    if (counters[IMP_STATE_VERSION] != version)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's %s state has version %" PRId64 " where %" PRId64 " is known",
                        optimiser->kind->name, counters[IMP_STATE_VERSION], version);
    if (counters[IMP_STATE_N] < 0 || (uint64_t)counters[IMP_STATE_N] != optimiser->space.n)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's %s state is for %" PRId64
                        " numbers where %zu are optimised; resume at the size it was made with",
                        optimiser->kind->name, counters[IMP_STATE_N], optimiser->space.n);
    if (counters[IMP_STATE_ITERATION] < 0 || counters[IMP_STATE_ITERATION] > imp_most_iterations)
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's %s state has an impossible number of iterations",
                        optimiser->kind->name);
    optimiser->iteration = counters[IMP_STATE_ITERATION];
    *out = counters;
    return IMP_OK;
}
