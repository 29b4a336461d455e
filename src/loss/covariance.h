/* Means and covariances of activations, and the way back from slopes by them. Private to loss/. */
#ifndef IMP_LOSS_COVARIANCE_H
#define IMP_LOSS_COVARIANCE_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"

/* Memory for activations of one shape: a part of their places at a time, less the means. */
typedef struct ImpCovariance {
    float *mean, *deviation; /* (C) at the activation measured last */
    float *part, *mixed;     /* (C/B,part,B) each */
    double *gram;            /* (C,C) of a part */
    float *scratch;
} ImpCovariance;

/* On failure nothing is left to be freed. */
ImpStatus imp_covariance_new(ImpShape shape, ImpCovariance *out, ImpError *error);
void imp_covariance_free(ImpCovariance *covariance);

/* covariance (C,C) over the places, (F - m)(F - m)^T / total, weighted by places ((H,W), or NULL), whose sum is total,
 * above 0; the means are left in c->mean. Centred first, so that large means cost no digits. */
void imp_covariance_measure(ImpCovariance *c, const ImpTensor *activation, const float *places, double total,
                            double *covariance);
/* gradient += matrix (F - m) + offset at each place, times its weight: with matrix (C,C), symmetric, 2 / total times
 * the slopes by the covariance, and offset (C) 1 / total times those by the mean, the derivative of what was made of
 * the two at the activation measured last. */
void imp_covariance_add_gradient(const ImpCovariance *c, const ImpTensor *activation, const float *places,
                                 const float *matrix, const float *offset, const ImpTensor *gradient);

#endif
