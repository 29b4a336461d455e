/* The network of a run. */
#ifndef IMP_METHOD_STYLISE_MODEL_H
#define IMP_METHOD_STYLISE_MODEL_H

#include "method/stylise/settings.h"

/* Finds and reads the weights, checks that they reach every layer that settings name, and lets go of those that none
 * needs. On success *out is the caller's; on failure it is NULL. */
ImpStatus imp_stylise_model_read(const ImpStyliseSettings *settings, ImpVggWeights **out, ImpError *error);

#endif
