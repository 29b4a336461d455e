/* Any painting's style in one pass: features of the photograph with the statistics of the painting's, decoded. */
#ifndef IMP_METHOD_FEEDFORWARD_ARBITRARY_H
#define IMP_METHOD_FEEDFORWARD_ARBITRARY_H

#include "impasto/parameter.h"
#include "method/feedforward/style_map.h"
#include "network/code_run.h"
#include <stdbool.h>

/* Networks and paintings, for any number of photographs. */
typedef struct ImpArbitrary ImpArbitrary;

/* From the parameters of `apply`: style, style-weights, style-size, transform, strength, model, decoder. On success
 * *out is the caller's; on failure NULL. */
ImpStatus imp_arbitrary_new(const ImpParams *params, ImpArbitrary **out, ImpError *error);
void imp_arbitrary_free(ImpArbitrary **arbitrary);

/* The photograph `run` restyled, into out (3,height,width), not clamped; run's encoder and decoder are set here. */
ImpStatus imp_arbitrary_run(const ImpArbitrary *arbitrary, ImpCodeRun *run, float *out, ImpError *error);

#endif
