/* The parameters of `apply` that concern paintings. */
#ifndef IMP_METHOD_FEEDFORWARD_ARBITRARY_H
#define IMP_METHOD_FEEDFORWARD_ARBITRARY_H

#include "feature/restyle.h"
#include "impasto/parameter.h"

/* From style, style-weights, style-size, model, decoder and memory. On success *out is the caller's; on failure NULL.
 */
ImpStatus imp_arbitrary_new(const ImpParams *params, ImpRestyle **out, ImpError *error);
/* From transform and strength. */
ImpRestyleOptions imp_arbitrary_options(const ImpParams *params);

#endif
