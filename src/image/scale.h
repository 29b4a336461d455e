/* Resampling into a picture: rows in, finished sRGB rows out. Reading shrinks with it while it decodes, and
 * imp_image_resize runs it on bands of the result, so both give the same numbers. */
#ifndef IMP_IMAGE_SCALE_H
#define IMP_IMAGE_SCALE_H

#include "image/resample.h"
#include "impasto/image.h"
#include <stdbool.h>

/* Added to every alpha when colours are weighted by it, so that wholly transparent parts keep their colours too. */
static const float imp_scale_alpha_floor = 1e-5f;

/* Pixels are given as four floats: red, green, blue in the scaler's light, each times (alpha + imp_scale_alpha_floor),
 * and alpha itself. For an opaque picture the colours are plain and the fourth float is not used. */
typedef struct ImpScaler {
    const ImpTaps *x, *y;
    ImpImage *out;
    bool linear;     /* the light of the pixels: linear, else sRGB */
    int next, end;   /* rows of `out` still to be made */
    int row;         /* input row that comes next */
    int held;        /* rows in the ring */
    float *ring;     /* (held, out width, 4) input rows resampled along x */
    float *finished; /* (out width, 4) */
    double *sum;     /* (out width, 4) */
} ImpScaler;

/* Prepares to make rows from..to-1 of `out`, whose size is x->out by y->out. x, y and out stay the caller's. */
ImpStatus imp_scaler_new(const ImpTaps *x, const ImpTaps *y, ImpImage *out, bool linear, int from, int to,
                         ImpScaler *scaler, ImpError *error);
void imp_scaler_free(ImpScaler *scaler);
/* Takes input row scaler->row, pixels (x->in,4), and makes the rows of `out` that this completes. */
void imp_scaler_feed(ImpScaler *scaler, const float *pixels);

/* Whether a change of size is made in linear light: when the result has fewer pixels. */
bool imp_scale_is_linear(int in_width, int in_height, int out_width, int out_height);

#endif
