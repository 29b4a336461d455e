/* Optimising a picture: content of one, style of others (Gatys, Ecker, Bethge 2016; doc/methods/gatys.md). */
#ifndef IMP_METHOD_STYLISE_STYLISE_H
#define IMP_METHOD_STYLISE_STYLISE_H

#include "impasto/method.h"

extern const ImpMethod imp_method_stylize;

#endif
