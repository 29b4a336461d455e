/* A picture as the numbers that neighbourhoods are compared by, at one level of a Gaussian pyramid. */
#ifndef IMP_METHOD_ANALOGY_PLANE_H
#define IMP_METHOD_ANALOGY_PLANE_H

#include "impasto/status.h"
#include <stddef.h>

enum { IMP_ANALOGY_RIM = 7 }; /* pixels around a plane: half the largest window */

/* (height,width,channels) with a rim of IMP_ANALOGY_RIM pixels, where imp_analogy_plane_spread has put the nearest
 * pixel of the picture. */
typedef struct ImpAnalogyPlane {
    int width, height, channels;
    size_t row;     /* numbers from one row to the next */
    float *numbers; /* of the rim's first corner */
} ImpAnalogyPlane;

/* All 0. On success it is to be cleared. */
ImpStatus imp_analogy_plane_new(int width, int height, int channels, ImpAnalogyPlane *out, ImpError *error);
void imp_analogy_plane_clear(ImpAnalogyPlane *plane);
/* Fills the rim. */
void imp_analogy_plane_spread(ImpAnalogyPlane *plane);
/* Half its size, each side rounded up: a low pass of 5x5 binomial weights, and every second pixel. The rim of `plane`
 * must be filled; that of *out is too. On success *out is to be cleared. */
ImpStatus imp_analogy_plane_halve(const ImpAnalogyPlane *plane, ImpAnalogyPlane *out, ImpError *error);
/* The first number of pixel (x,y), which may be of the rim. */
static inline float *imp_analogy_at(const ImpAnalogyPlane *plane, int x, int y) {
    return plane->numbers + (size_t)(y + IMP_ANALOGY_RIM) * plane->row +
           (size_t)(x + IMP_ANALOGY_RIM) * (size_t)plane->channels;
}

#endif
