/* A loss is a value: it belongs to one tap, prepares its target once, and then, evaluation after evaluation, gives its
 * value and adds its gradient at that tap. Values are already multiplied by the weight. */
#ifndef IMP_LOSS_LOSS_H
#define IMP_LOSS_LOSS_H

#include "compute/tensor/tensor.h"
#include "impasto/status.h"
#include <stdbool.h>

typedef struct ImpLoss ImpLoss;

/* What every loss can do. */
typedef struct ImpLossType {
    const char *name; /* "content", "gram", "tv" */
    ImpStatus (*value)(ImpLoss *loss, const ImpTensor *activation, double *value, ImpError *error);
    void (*add_gradient)(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient);
    void (*free)(ImpLoss *loss);
} ImpLossType;

struct ImpLoss {
    const ImpLossType *type;
    size_t tap;      /* index into the extractor's taps */
    double weight;   /* >= 0 */
    ImpShape shape;  /* of the activations that value() will see */
    float *gradient; /* (shape padded) for imp_loss_normalise_gradient, else NULL */
    void *state;     /* the type's own, from imp_alloc */
};

/* From now on the gradient is divided by its own L1 norm + 1e-8 before the weight applies, as neural-style's
 * -normalize_gradients does: every loss pulls with a strength that its weight alone decides. */
ImpStatus imp_loss_normalise_gradient(ImpLoss *loss, ImpError *error);

/* Frees *loss and sets it to NULL. */
void imp_loss_free(ImpLoss **loss);
/* The value at `activation`, weighted. Keeps what add_gradient needs. */
ImpStatus imp_loss_value(ImpLoss *loss, const ImpTensor *activation, double *value, ImpError *error);
/* Adds the weighted gradient at the activation that imp_loss_value saw last. */
void imp_loss_add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient);
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
 * which the losses keep a copy; NULL counts all alike. A style's places are those of its own activation. Where all
 * weights are 0 the loss is. */

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
