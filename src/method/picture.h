/* Pictures as the numbers that are optimised, and back. */
#ifndef IMP_METHOD_PICTURE_H
#define IMP_METHOD_PICTURE_H

#include "image/colour.h"
#include "impasto/image.h"
#include <stdbool.h>
#include <stddef.h>

/* The optimised numbers are rgb * range - mean[channel]: those of [0,1] themselves, or, as neural-style has them, 0-255
 * around Caffe's mean. The space decides the length of gradients and so the path of the optimiser. */
typedef struct ImpPixelSpace {
    float range, mean[3];
} ImpPixelSpace;

ImpPixelSpace imp_pixel_space(bool bytes);
/* rgb (3,places) <-> pixels (3,places); the two may be the same array. */
void imp_pixels_from_rgb(const ImpPixelSpace *space, const float *rgb, size_t places, float *pixels);
void imp_pixels_to_rgb(const ImpPixelSpace *space, const float *pixels, size_t places, float *rgb);
/* Clamps to the colours that can be shown. */
void imp_pixels_clamp(const ImpPixelSpace *space, float *pixels, size_t places);

/* `image` at this size, opaque: what cannot be seen at all takes the mean of what can, so that no hidden colours get
 * into statistics. On success *out is the caller's. */
ImpStatus imp_picture_prepare(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error);
/* The middle of `image` with the shape width:height, resized and prepared. */
ImpStatus imp_picture_cover(const ImpImage *image, int width, int height, ImpImage **out, ImpError *error);

/* What the result takes from the content besides its size. */
typedef struct ImpPictureFinish {
    const ImpImage *content; /* as it was given: its bit depth, transparency and, if asked for, colours are kept */
    int width, height;       /* of the result */
    bool original_colours;
    bool match_colours; /* gets the content's colours by match_mode */
    ImpColourMatch match_mode;
} ImpPictureFinish;

/* The finished picture from pixels (3,height,width). On success *out is the caller's. */
ImpStatus imp_picture_finish(const ImpPictureFinish *finish, const ImpPixelSpace *space, const float *pixels, int width,
                             int height, ImpImage **out, ImpError *error);

/* Resamples (3,in_height,in_width) to (3,out_height,out_width) bilinearly, whatever the numbers are: for the memory of
 * an optimiser. */
void imp_plane_resample(const float *in, int in_width, int in_height, float *out, int out_width, int out_height);

#endif
