/* The method `analogy`. */
#ifndef IMP_METHOD_ANALOGY_ANALOGY_H
#define IMP_METHOD_ANALOGY_ANALOGY_H

#include "impasto/method.h"

extern const ImpMethod imp_method_analogy;

#endif
