/* How far a batch of pictures is from the photographs' content and the painting's style: the loss of Johnson, Alahi,
 * Fei-Fei 2016 as pytorch/examples trains with it.
 *
 *   content: sum over layers of w mean (F(made) - F(photo))^2
 *   style:   sum over layers of w mean (G(made) - G(style))^2,  G = F F^T / (C H W)
 *
 * means over the batch too, with features of the size that torchvision's weights give: where the weights are Caffe's,
 * whose input is 255 times the deviation (57.6 times) larger, features count divided by that, so that the same loss
 * weights fit. */
#ifndef IMP_METHOD_FEEDFORWARD_STYLE_OBJECTIVE_H
#define IMP_METHOD_FEEDFORWARD_STYLE_OBJECTIVE_H

#include "impasto/image.h"
#include "method/feedforward/style_settings.h"
#include "network/vgg_weights.h"

typedef struct ImpStyleLosses {
    double total, content, style, tv;
} ImpStyleLosses;

typedef struct ImpStyleObjective ImpStyleObjective;

/* For batches of `images` squares of `side` pixels. `vgg` must outlive it; the painting is not needed
 * afterwards. On success *out is the caller's. */
ImpStatus imp_style_objective_new(const ImpVggWeights *vgg, const ImpTrainStyleSettings *settings,
                                  const ImpImage *style, int images, int side, ImpStyleObjective **out,
                                  ImpError *error);
void imp_style_objective_free(ImpStyleObjective **objective);

/* photos (N,3,crop,crop), RGB in [0,1]; made (the same) in 0..255. Writes the losses and the gradient (the same) with
 * respect to `made`. */
ImpStatus imp_style_evaluate(ImpStyleObjective *objective, const float *photos, const float *made, float *gradient,
                             ImpStyleLosses *losses, ImpError *error);

#endif
