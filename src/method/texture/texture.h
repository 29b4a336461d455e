/* The method `texture`. */
#ifndef IMP_METHOD_TEXTURE_TEXTURE_H
#define IMP_METHOD_TEXTURE_TEXTURE_H

#include "impasto/method.h"

extern const ImpMethod imp_method_texture;

#endif
