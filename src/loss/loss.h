/* A loss is a value: it belongs to one tap, prepares its target once, and then, evaluation after evaluation, gives its
 * value and adds its gradient at that tap. Values are already multiplied by the weight. */
#ifndef IMP_LOSS_LOSS_H
#define IMP_LOSS_LOSS_H

#include "compute/tensor/tensor.h"
#include "feature/patches.h"
#include "impasto/status.h"
#include <stdbool.h>

typedef struct ImpLoss ImpLoss;

/* What every loss can do. */
typedef struct ImpLossType {
    const char *name; /* "content", "gram", "tv" */
    ImpStatus (*value)(ImpLoss *loss, const ImpTensor *activation, double *value, ImpError *error);
    void (*add_gradient)(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient);
    void (*free)(ImpLoss *loss);
    /* The same of an activation that comes in parts, rows after rows; NULL in losses that must see all of it at once.
     * `row` is the first row of the part in the whole. */
    void (*begin)(ImpLoss *loss);
    void (*add_part)(ImpLoss *loss, const ImpTensor *part, int row);
    void (*end)(ImpLoss *loss, double *value);
    void (*add_part_gradient)(ImpLoss *loss, const ImpTensor *part, int row, const ImpTensor *gradient);
} ImpLossType;

typedef enum ImpGradientNorm { IMP_GRADIENT_L1, IMP_GRADIENT_L2 } ImpGradientNorm;

struct ImpLoss {
    const ImpLossType *type;
    size_t tap;      /* index into the extractor's taps */
    double weight;   /* >= 0 */
    ImpShape shape;  /* of the activations that value() will see */
    float *gradient; /* (shape padded) for imp_loss_normalise_gradient, else NULL */
    ImpGradientNorm norm;
    void *state; /* the type's own, from imp_alloc */
    bool whole;  /* cannot be computed in parts, though others of its type can */
};

/* From now on the gradient is divided by its own norm + 1e-8 before the weight applies, so that every loss pulls with a
 * strength that its weight alone decides: by the L1 norm as neural-style's -normalize_gradients does, or by the L2 norm
 * (the automatic tuning of Risser, Wilmot, Barnes 2017, section 4.4). */
ImpStatus imp_loss_normalise_gradient(ImpLoss *loss, ImpGradientNorm norm, ImpError *error);

/* Frees *loss and sets it to NULL. */
void imp_loss_free(ImpLoss **loss);
/* The value at `activation`, weighted. Keeps what add_gradient needs. */
ImpStatus imp_loss_value(ImpLoss *loss, const ImpTensor *activation, double *value, ImpError *error);
/* Adds the weighted gradient at the activation that imp_loss_value saw last. */
void imp_loss_add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient);
/* Whether the loss can be computed in parts, which is how pictures are that do not fit into memory: begin, add every
 * row once, end; then the gradients. */
bool imp_loss_takes_parts(const ImpLoss *loss);
void imp_loss_begin(ImpLoss *loss);
void imp_loss_add_part(ImpLoss *loss, const ImpTensor *part, int row);
void imp_loss_end(ImpLoss *loss, double *value);
/* Adds the weighted gradient at a part. */
void imp_loss_add_part_gradient(ImpLoss *loss, const ImpTensor *part, int row, const ImpTensor *gradient);
/* Both, for each image of a batch on its own; the values are added to *total. The loss is that of one image. */
ImpStatus imp_loss_add_images(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient, double *total,
                              ImpError *error);

typedef enum ImpNormalisation {
    IMP_NORMALISE_MEAN,    /* content: mean squared error. Gram: mean squared error of F F^T / (C H W) */
    IMP_NORMALISE_GATYS,   /* content: 1/2 sum of squares. Gram: sum of squares / (4 C^2 (H W)^2), F F^T as it is */
    IMP_NORMALISE_SCALED,  /* sum of squares / (sum of magnitudes + 1e-8), so that the gradient's 1-norm is about 1
                            * (style-transfer-pytorch). Gram: of F F^T / (H W) */
    IMP_NORMALISE_RELATIVE /* sum of squares / sum of the target's squares: the same for every scaling of the network's
                            * weights, and alike in size from layer to layer. Gram: of F F^T / (H W) */
} ImpNormalisation;

/* Where activations are projections of a wider network's (a narrow VGG's), they have fewer channels but the same
 * distances; `channels` is what normalisation is to count, so that the same weights fit. Else it is the activation's
 * own number. */

/* Content loss towards `target`, which is copied (Gatys, Ecker, Bethge 2016, eq. 1). */
ImpStatus imp_content_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const ImpTensor *target,
                               int channels, ImpLoss **out, ImpError *error);

/* The Gram matrix F F^T (C,C) of an activation, in double; `gram` holds C*C numbers. */
ImpStatus imp_gram_matrix(const ImpTensor *activation, double *gram, ImpError *error);

/* Style losses can count some places more than others: `places` (H,W) of the activation are weights of at least 0, of
 * which the losses keep a copy; NULL counts all alike. Means over places become weighted means, sums weighted sums. A
 * style's places are those of its own activation; where they are all 0 a target is 0. Where all weights of the result
 * are 0 the loss is. */

/* A style's statistics at one layer. With IMP_NORMALISE_MEAN targets are F F^T / (C H W); with IMP_NORMALISE_GATYS
 * F F^T / (H W), multiplied by the result's H W, so that pictures of different sizes compare; with the others
 * F F^T / (H W). */
ImpStatus imp_gram_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                            ImpShape shape, int channels, const float *places, ImpLoss **out, ImpError *error);
/* From now on the loss is that of projections P F, matrix P (rows,C), of the activations F and of those that made the
 * target: the same value and gradient as behind a 1x1 convolution with P, at a fraction of the cost. */
ImpStatus imp_gram_loss_project(ImpLoss *loss, const float *matrix, int rows, ImpError *error);
/* The target of one style picture, (C,C), to be blended by the caller and given to imp_gram_loss_new. */
ImpStatus imp_gram_target(ImpNormalisation normalisation, const ImpTensor *activation, int channels,
                          const float *places, double *target, ImpError *error);

/* A style's distribution of values in each channel. */
typedef struct ImpHistogramTarget ImpHistogramTarget;

/* Without a style yet, for activations of so many channels. On success *out is the caller's. */
ImpStatus imp_histogram_target_new(int channels, ImpHistogramTarget **out, ImpError *error);
void imp_histogram_target_free(ImpHistogramTarget **target);
/* Takes in a style that counts `share`, >= 0, among all; shares need not add up to 1. The quantile functions of several
 * styles are averaged: what half of the values are below in the blend is the mean of the styles' medians. Nothing is
 * added when the style's places all weigh 0. */
ImpStatus imp_histogram_target_add(ImpHistogramTarget *target, const ImpTensor *activation, const float *places,
                                   double share, ImpError *error);
/* Squared distance of an activation O from R(O), where R gives each channel the histogram of the style (Risser, Wilmot,
 * Barnes 2017, "Stable and controllable neural texture synthesis and style transfer using histogram losses"). R is a
 * constant for the gradient. Normalisation as for content, but GATYS is the sum, without the half, and RELATIVE is the
 * mean over places of the sum over channels, over the same mean of the style's squares (of several styles: the mean by
 * shares). Without a style the loss is 0. The target is copied. */
ImpStatus imp_histogram_loss_new(size_t tap, double weight, ImpNormalisation normalisation,
                                 const ImpHistogramTarget *target, ImpShape shape, int channels, const float *places,
                                 ImpLoss **out, ImpError *error);

/* The means and deviations of a style's channels, (2,C), to be blended by the caller and given to
 * imp_moments_loss_new. deviation = sqrt(variance + 1e-5). */
ImpStatus imp_moments_target(const ImpTensor *activation, const float *places, double *target, ImpError *error);
/* sum over channels of (mean - target mean)^2 + (deviation - target deviation)^2 (Li, Wang, Liu, Hou 2017,
 * "Demystifying neural style transfer"; Huang, Belongie 2017): GATYS; MEAN: over C; RELATIVE: over the sum of the
 * target's squares; SCALED: over the sum of magnitudes of the differences. */
ImpStatus imp_moments_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                               ImpShape shape, int channels, const float *places, ImpLoss **out, ImpError *error);

/* The mean and the covariance of a style's activations, C and then (C,C) numbers, to be blended by the caller and given
 * to imp_wasserstein_loss_new. */
ImpStatus imp_wasserstein_target(const ImpTensor *activation, const float *places, double *target, ImpError *error);
/* The squared 2-Wasserstein distance of the normal distributions with the mean m and covariance S of the activation and
 * those, n and T, of the style: |m - n|^2 + tr(S + T - 2 (T^1/2 S T^1/2)^1/2) (Dowson, Landau 1982; in style transfer
 * Mroueh 2020, "Wasserstein style transfer"). GATYS: as it is; MEAN: over the number of channels;
 * RELATIVE: over tr T + |n|^2; SCALED: the distance, not squared. To both diagonals 1e-5 tr T over the channels is
 * added, at least 1e-10, so that dead channels have a slope. IMP_ERROR_NUMBER: the target is not finite. */
ImpStatus imp_wasserstein_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                                   ImpShape shape, int channels, const float *places, ImpLoss **out, ImpError *error);

/* The Laplacian loss of a picture (plain tensor): the mean of (D(x) - D(content))^2, where D averages cells of pool x
 * pool pixels, adds up the colours and takes the filter 0 -1 0 / -1 4 -1 / 0 -1 0, beyond the border the border itself
 * (Li, Xu, Nie, Chua 2017, "Laplacian-steered neural style transfer"). pool >= 1; cells at the right and lower edge
 * average the pixels they have. One loss a pooling size. The paper sums over places in pixels of 0..255. */
ImpStatus imp_laplacian_loss_new(size_t tap, double weight, int pool, const ImpTensor *content, ImpLoss **out,
                                 ImpError *error);

/* Style as local patches (Li, Wand 2016, "Combining Markov random fields and convolutional neural networks for image
 * synthesis", eq. 2 and 3): sum of |Psi_i(F) - Psi_NN(i)(F_S)|^2 over the patches i of the activation, NN(i) being the
 * nearest patch of the set (see imp_patch_search_run), found anew at every value and constant for the gradient. A patch
 * counts as the place at its centre (of an even side, the later of the two in the middle). Divided by
 *   mean:     the count of the numbers in all patches, patches * size^2 * channels
 *   Gatys:    nothing
 *   relative: the mean of |Psi_j|^2 over the set's patches, times the activation's patches
 *   scaled:   the sum of magnitudes of the differences + 1e-8
 * where patches are their weights' sum. On success *set belongs to the loss and is NULL; on failure it stays the
 * caller's. */
ImpStatus imp_patch_loss_new(size_t tap, double weight, ImpNormalisation normalisation, ImpPatchSet **set,
                             const ImpPatchOptions *options, ImpShape shape, int channels, const float *places,
                             ImpLoss **out, ImpError *error);

typedef enum ImpTvKind {
    IMP_TV_SQUARED,     /* 1/2 sum of squared differences of neighbours */
    IMP_TV_ABSOLUTE,    /* sum of absolute differences */
    IMP_TV_MEAN_SQUARED /* mean of squared differences, horizontal and vertical each over their own count */
} ImpTvKind;

/* Total variation of a picture (plain tensor): the sum over channels and neighbours below and to the right. */
ImpStatus imp_tv_loss_new(size_t tap, double weight, ImpTvKind kind, ImpShape shape, ImpLoss **out, ImpError *error);

/* The regularisers of Mahendran and Vedaldi 2015 ("Understanding deep image representations by inverting them") for a
 * picture (plain tensor). Both are means over all its numbers, so that a weight does not depend on the size, and count
 * in a `bound` that natural pictures seldom exceed, as in the authors' paper of 2016 ("Visualizing deep convolutional
 * neural networks using natural pre-images"). */

/* mean (|x - mean[channel]| / bound)^alpha: keeps colours within what can be shown. alpha >= 2; up to 4 channels. */
ImpStatus imp_alpha_loss_new(size_t tap, double weight, double alpha, double bound, const float *mean, ImpShape shape,
                             ImpLoss **out, ImpError *error);
/* mean ((across^2 + down^2) / bound^2)^(beta / 2), with the differences to the neighbours to the right and below: keeps
 * the picture smooth; the smaller beta >= 1, the more it spares edges. */
ImpStatus imp_tv_beta_loss_new(size_t tap, double weight, double beta, double bound, ImpShape shape, ImpLoss **out,
                               ImpError *error);

#endif
