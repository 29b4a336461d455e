#include "optimiser/average.h"

#include "base/error.h"
#include "base/memory.h"
#include "optimiser/optimiser_private.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

struct ImpAverage {
    ImpVectorSpace space;
    double decay;
    int64_t count;
    float *values; /* (n) */
};

enum { AVERAGE_VERSION = 1 };
/* The integers of a saved state. */
enum { VERSION_AT, N_AT, COUNT_AT, COUNTERS };

ImpStatus imp_average_new(size_t n, double decay, ImpAverage **out, ImpError *error) {
    *out = NULL;
    if (n < 1) return imp_fail(error, IMP_ERROR_ARGUMENT, "an average needs at least one number");
    if (!(decay >= 0 && decay < 1)) /* NAN too */
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "the moving average's decay is %g; it must be at least 0 and below 1", decay);
    ImpAverage *average;
    ImpStatus status = IMP_ALLOC(&average, 1, "moving average", error);
    if (status != IMP_OK) return status;
    average->decay = decay;
    status = imp_vector_space_new(n, &average->space, error);
    if (status == IMP_OK) status = IMP_ALLOC(&average->values, n, "moving average of the weights", error);
    if (status != IMP_OK) imp_average_free(&average);
    *out = average;
    return status;
}

void imp_average_free(ImpAverage **average) {
    if (!*average) return;
    imp_vector_space_free(&(*average)->space);
    imp_free((*average)->values);
    imp_free(*average);
    *average = NULL;
}

void imp_average_add(ImpAverage *average, const float *x) {
    average->count++;
    if (average->count == 1) {
        memcpy(average->values, x, average->space.n * sizeof *x);
        return;
    }
    double weight = (1 - average->decay) / (1 - pow(average->decay, (double)average->count));
    imp_vector_average(&average->space, average->values, (float)weight, x);
}

const float *imp_average_values(const ImpAverage *average) {
    return average->values;
}

int64_t imp_average_count(const ImpAverage *average) {
    return average->count;
}

ImpStatus imp_average_save(const ImpAverage *average, ImpBundle *bundle, ImpError *error) {
    size_t n = average->space.n;
    int64_t counters[COUNTERS] = {[VERSION_AT] = AVERAGE_VERSION, [N_AT] = (int64_t)n, [COUNT_AT] = average->count};
    ImpStatus status = imp_bundle_add_flat(bundle, "average.counters", IMP_DTYPE_I64, COUNTERS, counters, error);
    if (status == IMP_OK)
        status = imp_bundle_add_flat(bundle, "average.values", IMP_DTYPE_F32, n, average->values, error);
    return status;
}

static ImpStatus check_counters(const ImpAverage *average, const int64_t *counters, ImpError *error) {
    if (counters[VERSION_AT] != AVERAGE_VERSION)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's moving average has version %" PRId64 " where %d is known",
                        counters[VERSION_AT], AVERAGE_VERSION);
    if (counters[N_AT] < 0 || (uint64_t)counters[N_AT] != average->space.n)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint's moving average is of %" PRId64
                        " numbers where the network has %zu; resume with the network it was made with",
                        counters[N_AT], average->space.n);
    if (counters[COUNT_AT] < 0 || counters[COUNT_AT] > imp_most_iterations)
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's moving average has an impossible count");
    return IMP_OK;
}

ImpStatus imp_average_load(ImpAverage *average, const ImpBundle *bundle, ImpError *error) {
    size_t n = average->space.n;
    average->count = 0;
    memset(average->values, 0, n * sizeof *average->values);
    if (!imp_bundle_find(bundle, "average.counters"))
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "the checkpoint holds no moving average; resume with the options it was made with");
    const void *counters, *values;
    ImpStatus status = imp_bundle_get(bundle, "average.counters", IMP_DTYPE_I64, COUNTERS, &counters, error);
    if (status == IMP_OK) status = check_counters(average, counters, error);
    if (status == IMP_OK) status = imp_bundle_get(bundle, "average.values", IMP_DTYPE_F32, n, &values, error);
    if (status != IMP_OK) return status;
    if (!isfinite(imp_vector_norms(&average->space, values).other))
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's moving average has elements that are not finite");
    memcpy(average->values, values, n * sizeof *average->values);
    average->count = ((const int64_t *)counters)[COUNT_AT];
    return IMP_OK;
}
