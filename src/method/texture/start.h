/* What all models begin with: the exemplar as numbers, and the canvas, empty or with all but the hole. */
#ifndef IMP_METHOD_TEXTURE_START_H
#define IMP_METHOD_TEXTURE_START_H

#include "method/texture/model.h"

typedef struct ImpTextureStart {
    ImpTextureSample sample;
    ImpTextureCanvas canvas;
} ImpTextureStart;

/* Fails where no pixel of the exemplar is known. To be cleared, on failure too. */
ImpStatus imp_texture_start(const ImpTextureJob *job, ImpTextureStart *out, ImpError *error);
void imp_texture_start_clear(ImpTextureStart *start);

#endif
