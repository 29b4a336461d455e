/* For recipes, which put back what a run had. */
#ifndef IMP_BASE_PARAMETER_SET_H
#define IMP_BASE_PARAMETER_SET_H

#include "impasto/parameter.h"

/* imp_params_set, with what imp_params_given shall say afterwards. */
ImpStatus imp_params_restore(ImpParams *params, const char *name, const char *text, bool given, ImpError *error);

#endif
