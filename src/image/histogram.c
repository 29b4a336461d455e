#include "image/histogram.h"

#include "base/error.h"
#include "base/memory.h"

static const double top = IMP_HISTOGRAM_BINS - 1;

static size_t bin_of(float value) {
    if (!(value > 0)) return 0;
    return value < 1 ? (size_t)((double)value * top + 0.5) : IMP_HISTOGRAM_BINS - 1;
}

/* ranks (bins): for each value that occurs the share of weight below it and half of that at it; -1 for the others. */
static void find_ranks(const float *plane, const float *weight, size_t count, double *ranks) {
    double total = 0, below = 0;
    for (size_t i = 0; i < IMP_HISTOGRAM_BINS; i++) ranks[i] = 0;
    for (size_t i = 0; i < count; i++) ranks[bin_of(plane[i])] += weight ? (double)weight[i] : 1;
    for (size_t i = 0; i < IMP_HISTOGRAM_BINS; i++) total += ranks[i];
    for (size_t i = 0; i < IMP_HISTOGRAM_BINS; i++) {
        double here = ranks[i];
        ranks[i] = here > 0 ? (below + here / 2) / total : -1;
        below += here;
    }
}

/* The next bin from `at` on that occurs, or IMP_HISTOGRAM_BINS. */
static size_t next_bin(const double *ranks, size_t at) {
    while (at < IMP_HISTOGRAM_BINS && ranks[at] < 0) at++;
    return at;
}

/* Walks both histograms upwards. Values of `from` that do not occur (with weight) are mapped as their lower neighbour,
 * so that the map covers transparent pixels too. */
static void fill_map(const double *from, const double *to, float *value) {
    size_t low = next_bin(to, 0), high = low;
    double rank = 0;
    for (size_t i = 0; i < IMP_HISTOGRAM_BINS; i++) {
        if (from[i] >= 0) rank = from[i];
        while (high < IMP_HISTOGRAM_BINS && to[high] < rank) {
            low = high;
            high = next_bin(to, high + 1);
        }
        double at = (double)low;
        if (high < IMP_HISTOGRAM_BINS && high > low)
            at += (double)(high - low) * (rank - to[low]) / (to[high] - to[low]);
        if (rank <= to[low]) at = (double)low;
        value[i] = (float)(at / top);
    }
}

ImpStatus imp_histogram_map_new(const float *from, const float *from_weight, size_t n_from, const float *to,
                                const float *to_weight, size_t n_to, ImpHistogramMap *out, ImpError *error) {
    *out = (ImpHistogramMap){0};
    double *ranks = NULL;
    ImpStatus status = IMP_ALLOC(&ranks, 2 * (size_t)IMP_HISTOGRAM_BINS, "histograms", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->value, IMP_HISTOGRAM_BINS, "histogram map", error);
    if (status == IMP_OK) {
        find_ranks(from, from_weight, n_from, ranks);
        find_ranks(to, to_weight, n_to, ranks + IMP_HISTOGRAM_BINS);
        fill_map(ranks, ranks + IMP_HISTOGRAM_BINS, out->value);
    }
    imp_free(ranks);
    return status;
}

void imp_histogram_map_apply(const ImpHistogramMap *map, float *plane, size_t count) {
    for (size_t i = 0; i < count; i++) plane[i] = map->value[bin_of(plane[i])];
}

void imp_histogram_map_free(ImpHistogramMap *map) {
    imp_free(map->value);
    *map = (ImpHistogramMap){0};
}
