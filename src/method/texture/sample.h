/* The exemplar as the numbers that windows are compared by. */
#ifndef IMP_METHOD_TEXTURE_SAMPLE_H
#define IMP_METHOD_TEXTURE_SAMPLE_H

#include "impasto/image.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ImpTextureSample {
    int width, height;
    float *numbers; /* (height,width,3), and IMP_WINDOW_LANES more that a kernel may read */
    bool *known;    /* (height,width) whether the pixel may be matched and copied; NULL: all */
    size_t n_known;
} ImpTextureSample;

/* All pixels of `image` that `hole` (height,width; may be NULL) leaves and that can be seen. On success the sample is
 * to be cleared. */
ImpStatus imp_texture_sample_new(const ImpImage *image, const bool *hole, ImpTextureSample *out, ImpError *error);
/* Half its size, each side rounded up: a low pass of 5x5 binomial weights, and every second pixel. A pixel is known
 * when all that went into it are. */
ImpStatus imp_texture_sample_halve(const ImpTextureSample *sample, ImpTextureSample *out, ImpError *error);
void imp_texture_sample_clear(ImpTextureSample *sample);

static inline bool imp_texture_known(const ImpTextureSample *sample, int place) {
    return !sample->known || sample->known[place];
}

#endif
