/* The texture as it grows: where in the exemplar each of its pixels comes from. */
#ifndef IMP_METHOD_TEXTURE_CANVAS_H
#define IMP_METHOD_TEXTURE_CANVAS_H

#include "impasto/image.h"
#include "method/texture/sample.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct ImpTextureCanvas {
    int width, height;
    int32_t *source; /* (height,width) place in the exemplar, negative where there is nothing yet */
} ImpTextureCanvas;

/* Empty. On success it is to be cleared. */
ImpStatus imp_texture_canvas_new(int width, int height, ImpTextureCanvas *out, ImpError *error);
void imp_texture_canvas_clear(ImpTextureCanvas *canvas);

/* A picture of width x height, with pixels of `image`. A canvas that is 2^shift times smaller stands for blocks of so
 * many pixels a side, that are copied as they are. What is empty is transparent. On success *out is the caller's. */
ImpStatus imp_texture_canvas_paint(const ImpTextureCanvas *canvas, const ImpImage *image, int width, int height,
                                   int shift, ImpImage **out, ImpError *error);

/* The numbers of a pixel that is there. */
static inline const float *imp_texture_numbers(const ImpTextureCanvas *canvas, const ImpTextureSample *sample,
                                               int place) {
    return sample->numbers + 3 * (size_t)canvas->source[place];
}

#endif
