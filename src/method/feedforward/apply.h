/* The method `apply`: one pass through a network trained for a style (Johnson, Alahi, Fei-Fei 2016). */
#ifndef IMP_METHOD_FEEDFORWARD_APPLY_H
#define IMP_METHOD_FEEDFORWARD_APPLY_H

#include "impasto/method.h"

extern const ImpMethod imp_method_apply;

#endif
