/* What is minimised (Mahendran, Vedaldi 2015, eq. 1 to 3): how far the activation of one layer is from that of a given
 * picture, and how unlike a natural picture it is:
 *
 *     |Phi(x) - Phi(x0)|^2 / |Phi(x0)|^2 + alpha_weight R_alpha(x) + tv_weight R_tv(x)
 *
 * with the regularisers of loss/loss.h. All three are about 1 or less for any size of picture, layer and network. */
#ifndef IMP_METHOD_RECONSTRUCT_OBJECTIVE_H
#define IMP_METHOD_RECONSTRUCT_OBJECTIVE_H

#include "method/reconstruct/settings.h"

typedef struct ImpReconstructObjective ImpReconstructObjective;

/* For the layer `name` and the picture `target`, prepared, of the size worked at. The weights, settings and target must
 * outlive the objective. On success *out is the caller's; on failure it is NULL. */
ImpStatus imp_reconstruct_objective_new(const ImpVggWeights *weights, const ImpReconstructSettings *settings,
                                        const char *name, const ImpImage *target, ImpReconstructObjective **out,
                                        ImpError *error);
void imp_reconstruct_objective_free(ImpReconstructObjective **objective);

/* The mean colour of photographs (those of ImageNet), around which the alpha-norm counts. */
extern const float imp_reconstruct_mean[3];

/* What the gradient is multiplied by: the number of pixels, so that each one's share does not vanish in a large picture
 * beside the optimisers' limits. */
double imp_reconstruct_gain(const ImpReconstructObjective *objective);
/* An ImpDescentEvaluate; the parts are the feature loss, the alpha-norm, the total variation, weighted, and the PSNR in
 * dB of the picture against the target. */
ImpStatus imp_reconstruct_evaluate(void *objective, float *pixels, float *gradient, ImpDescentLosses *out,
                                   ImpError *error);
/* The PSNR in dB of a mean squared error, at most 120. */
double imp_reconstruct_psnr(const float *rgb, const float *target, size_t count);

#endif
