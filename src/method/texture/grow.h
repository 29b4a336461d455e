/* Growing a texture pixel by pixel from what is there (Efros, Leung 1999). */
#ifndef IMP_METHOD_TEXTURE_GROW_H
#define IMP_METHOD_TEXTURE_GROW_H

#include "base/random.h"
#include "method/texture/canvas.h"
#include "method/texture/search.h"
#include "method/texture/watch.h"

typedef struct ImpTextureGrowth {
    const ImpTextureSample *sample;
    ImpTextureSearch *search; /* for windows of `window` pixels a side; there is at least one */
    int window;               /* odd */
    double epsilon, max_error;
    ImpRandom *random;
    ImpTextureCanvas *canvas; /* with something on it */
    ImpTextureWatch *watch;
    ImpTextureStage *stage; /* one step a pixel */
} ImpTextureGrowth;

/* The largest odd window up to `wanted` of which there are any in the sample, and a search for it. Of a sample with a
 * known pixel there is always one. On success *out is the caller's. */
ImpStatus imp_texture_fit_window(const ImpTextureSample *sample, int wanted, int *window, ImpTextureSearch **out,
                                 ImpError *error);

/* Fills all empty pixels of the canvas: always those beside what is there, those that know most of their neighbours
 * first, in random order where that is the same. Each becomes the middle of a window of the sample whose known pixels
 * differ, weighted by a Gaussian, at most (1 + epsilon) times as much as those of the best one. Pixels whose mean
 * squared difference reaches max_error wait, until that has grown far enough. */
ImpStatus imp_texture_grow(const ImpTextureGrowth *growth, ImpError *error);

#endif
