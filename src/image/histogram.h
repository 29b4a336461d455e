/* Matching the histogram of one plane to that of another. */
#ifndef IMP_IMAGE_HISTOGRAM_H
#define IMP_IMAGE_HISTOGRAM_H

#include "impasto/status.h"
#include <stddef.h>

enum { IMP_HISTOGRAM_BINS = 65536 }; /* over [0,1]: every 16-bit value has its own */

/* A monotone map of [0,1] onto [0,1]. */
typedef struct ImpHistogramMap {
    float *value; /* (IMP_HISTOGRAM_BINS) */
} ImpHistogramMap;

/* The map that gives `from` (n_from) the histogram of `to` (n_to). A value's rank is the share of weight below it plus
 * half of that at it; it goes to where `to` has the same rank, linearly between the values that occur. Weights may be
 * NULL (all 1), and do not sum to 0. On success out->value is the caller's. */
ImpStatus imp_histogram_map_new(const float *from, const float *from_weight, size_t n_from, const float *to,
                                const float *to_weight, size_t n_to, ImpHistogramMap *out, ImpError *error);
void imp_histogram_map_apply(const ImpHistogramMap *map, float *plane, size_t count);
void imp_histogram_map_free(ImpHistogramMap *map);

#endif
