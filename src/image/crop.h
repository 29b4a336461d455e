/* A square out of a picture file, scaled while it is decoded: what training takes of a photograph. */
#ifndef IMP_IMAGE_CROP_H
#define IMP_IMAGE_CROP_H

#include "image/profile_cache.h"
#include "impasto/status.h"
#include <stdbool.h>

enum { IMP_CROP_MAX_SIDE = 4096, IMP_CROP_MAX_LARGEST = 8 }; /* so that the scaled sides of any picture fit an int */

typedef struct ImpCrop {
    int side;    /* 1..IMP_CROP_MAX_SIDE pixels */
    double size; /* the picture's short side becomes round(side * size); 1..IMP_CROP_MAX_LARGEST */
    double x, y; /* where the square lies in what is left beside it, [0,1), along the sides as they are in the file */
    bool mirror; /* left and right swapped, once the picture stands upright */
} ImpCrop;

/* Reads `path` (as imp_image_read: formats, colours, orientation) into out (3,side,side), sRGB-encoded in [0,1], on
 * white where the picture is transparent. Large JPEGs are decoded at 1/2, 1/4 or 1/8 of their size, whichever is still
 * at least as large as what is wanted. The same crop of the same file has the same bytes, and so has the failure:
 * damage is found wherever the square lies. `profiles` (may be NULL) saves work on many files. */
ImpStatus imp_crop_read(const char *path, const ImpCrop *crop, ImpProfileCache *profiles, float *out, ImpError *error);

#endif
