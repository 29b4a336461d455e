/* Showing what a layer of a network keeps of a picture (Mahendran, Vedaldi 2015; doc/methods/reconstruct.md). */
#ifndef IMP_METHOD_RECONSTRUCT_RECONSTRUCT_H
#define IMP_METHOD_RECONSTRUCT_RECONSTRUCT_H

#include "impasto/method.h"

extern const ImpMethod imp_method_reconstruct;

#endif
