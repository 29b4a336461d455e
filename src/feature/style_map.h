/* How features get a painting's statistics: a linear map, from the means and covariances of both. */
#ifndef IMP_FEATURE_STYLE_MAP_H
#define IMP_FEATURE_STYLE_MAP_H

#include "impasto/status.h"
#include <stddef.h>

typedef struct ImpStatistics {
    size_t channels;
    double *mean, *covariance; /* (C), (C,C) */
} ImpStatistics;

/* All 0. On failure nothing is left to be freed. */
ImpStatus imp_statistics_new(size_t channels, ImpStatistics *out, ImpError *error);
void imp_statistics_free(ImpStatistics *statistics);

typedef enum ImpStyleTransform {
    IMP_STYLE_ADAIN, /* each channel's mean and standard deviation (Huang, Belongie 2017) */
    IMP_STYLE_WCT    /* means and covariances: whitening and colouring (Li et al. 2017) */
} ImpStyleTransform;

/* matrix (C,C) and bias (C): features f of `content` become matrix f + bias, which have the statistics of the styles
 * (n), each counting its share (they add up to 1); strength 0 leaves f, 1 is the whole style. */
ImpStatus imp_style_map(ImpStyleTransform transform, const ImpStatistics *content, const ImpStatistics *styles,
                        const double *shares, size_t n, double strength, float *matrix, float *bias, ImpError *error);

#endif
