/* A run of `analogy`, from the request to the picture. */
#ifndef IMP_METHOD_ANALOGY_RUN_H
#define IMP_METHOD_ANALOGY_RUN_H

#include "impasto/method.h"

/* ImpMethod.run */
ImpStatus imp_analogy_run(const ImpRequest *request, ImpResult *result, ImpError *error);

#endif
