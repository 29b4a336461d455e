/* What is minimised at one scale: content + style + total variation, as a function of the picture's pixels. */
#ifndef IMP_METHOD_STYLISE_OBJECTIVE_H
#define IMP_METHOD_STYLISE_OBJECTIVE_H

#include "method/picture.h"
#include "method/stylise/targets.h"

/* The outcome of one evaluation, weighted. */
typedef struct ImpStyliseLosses {
    double total, content, style, tv;
    double gradient_norm; /* 2-norm over all pixels, in the space that is optimised */
} ImpStyliseLosses;

typedef struct ImpStyliseObjective ImpStyliseObjective;

/* `content` is prepared and has the scale's size; `styles` are as they were given. The weights and settings must
 * outlive the objective. On success *out is the caller's; on failure it is NULL. */
ImpStatus imp_stylise_objective_new(const ImpVggWeights *weights, const ImpStyliseSettings *settings,
                                    const ImpDescentScale *scale, const ImpImage *content,
                                    const ImpImage *const *styles, size_t n_styles, ImpStyliseObjective **out,
                                    ImpError *error);
void imp_stylise_objective_free(ImpStyliseObjective **objective);

/* Clamps `pixels` (3,H,W) if settings say so, then computes the losses there and `gradient` (3,H,W). Losses that are
 * not finite are no failure here. */
ImpStatus imp_stylise_evaluate(ImpStyliseObjective *objective, float *pixels, float *gradient, ImpStyliseLosses *out,
                               ImpError *error);

#endif
