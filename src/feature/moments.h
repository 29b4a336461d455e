/* Means and standard deviations of activations, a channel: the style statistics of Huang, Belongie 2017 (AdaIN), and of
 * Li et al. 2017 ("Demystifying neural style transfer"). */
#ifndef IMP_FEATURE_MOMENTS_H
#define IMP_FEATURE_MOMENTS_H

#include "compute/tensor/tensor.h"

/* mean, deviation (N,C) over the places of blocked activations; deviation = sqrt(variance + 1e-5), the variance over
 * all places (not n - 1). weights (H,W), not negative: how much each place of every image counts; NULL: all alike.
 * Where they are all 0, mean and variance are 0. */
void imp_moments(const ImpTensor *value, const float *weights, float *mean, float *deviation);

/* gradient += the derivative of a loss whose derivatives with respect to mean and deviation are given, all (N,C). */
void imp_moments_add_gradient(const ImpTensor *value, const float *weights, const float *mean, const float *deviation,
                              const float *mean_slope, const float *deviation_slope, const ImpTensor *gradient);

#endif
