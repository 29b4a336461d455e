/* What the readers of networks do with every array. */
#ifndef IMP_NETWORK_VALUES_H
#define IMP_NETWORK_VALUES_H

#include "base/bundle.h"
#include "impasto/status.h"

/* The array's elements into out (array->count). Those that are no finite numbers are IMP_ERROR_FORMAT; messages begin
 * with `name`, the network's. */
ImpStatus imp_network_values(const ImpArray *array, const char *name, float *out, ImpError *error);

#endif
