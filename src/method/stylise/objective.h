/* What is minimised at one scale: the sum of all losses, as a function of the picture's pixels. */
#ifndef IMP_METHOD_STYLISE_OBJECTIVE_H
#define IMP_METHOD_STYLISE_OBJECTIVE_H

#include "method/stylise/targets.h"

typedef struct ImpStyliseObjective ImpStyliseObjective;

/* `content` is prepared and has the scale's size. What sources point to must outlive the objective. On success *out is
 * the caller's; on failure it is NULL. */
ImpStatus imp_stylise_objective_new(const ImpStyliseSources *sources, const ImpDescentScale *scale,
                                    const ImpImage *content, ImpStyliseObjective **out, ImpError *error);
void imp_stylise_objective_free(ImpStyliseObjective **objective);

/* An ImpDescentEvaluate, whose context is the objective; the parts are what settings->part_names say. */
ImpStatus imp_stylise_evaluate(void *context, float *pixels, float *gradient, ImpDescentLosses *out, ImpError *error);

#endif
