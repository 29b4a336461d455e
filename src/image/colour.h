/* Colour for the methods: luminance and chrominance, keeping the content's colours, and giving one picture the colours
 * of another. Everything works on sRGB-encoded values, as the papers do, and gives the same bytes for any number of
 * threads. */
#ifndef IMP_IMAGE_COLOUR_H
#define IMP_IMAGE_COLOUR_H

#include "impasto/image.h"
#include <stddef.h>

/* Luminance Y' = 0.299 R' + 0.587 G' + 0.114 B' (ITU-R BT.601), as in YUV, YIQ and YCbCr. */
float imp_colour_luminance(float red, float green, float blue);

/* rgb (3,count) <-> yiq (3,count), which may be the same array. Y is in [0,1], I in +-0.596, Q in +-0.523: the chroma
 * V = 0.877283 (R-Y), U = 0.492111 (B-Y) turned by 33 degrees (NTSC, FCC 1953). There and back is exact to rounding. */
void imp_colour_to_yiq(const float *rgb, size_t count, float *yiq);
void imp_colour_from_yiq(const float *yiq, size_t count, float *rgb);

/* Replaces each pixel's colour by its luminance. */
void imp_colour_make_grey(ImpImage *image);

/* Keeps the content's colours (Gatys et al. 2016, "Preserving color in neural artistic style transfer"): every pixel of
 * `result` keeps its luminance and takes the chrominance of `content`, which is resized if need be. Where the two make
 * a colour that does not exist, the chrominance is reduced until it does, so that the luminance is exact. (Peers clamp
 * instead; in YUV, YIQ or YCbCr alike.) On failure `result` is unchanged. */
ImpStatus imp_colour_keep(const ImpImage *content, ImpImage *result, ImpError *error);

typedef enum ImpColourMatch {
    IMP_COLOUR_MATCH_MEAN,      /* mean and standard deviation of each channel (Reinhard et al. 2001, in RGB) */
    IMP_COLOUR_MATCH_HISTOGRAM, /* histogram of each channel */
    IMP_COLOUR_MATCH_CHOLESKY,  /* mean and covariance, A = L_c L_s^-1 with L L^T the covariance */
    IMP_COLOUR_MATCH_PCA,       /* mean and covariance, A = C_c^1/2 C_s^-1/2 */
    IMP_COLOUR_MATCH_SYMMETRIC  /* mean and covariance, moving colours least: A = C_s^-1/2 (C_s^1/2 C_c C_s^1/2)^1/2
                                 * C_s^-1/2 (Pitié & Kokaram 2007) */
} ImpColourMatch;

/* Gives `style` the colours of `content`; their sizes may differ. The linear modes (Hertzmann et al. 2001; Gatys et al.
 * 2017, "Controlling perceptual factors in neural style transfer", 5.3) map x to A (x - mean_s) + mean_c, with 1e-5
 * added to every variance so that grey pictures are no exception. Pixels count by their alpha, and all alike where a
 * picture has none that shows. Results are clamped to [0,1]. On failure `style` is unchanged. */
ImpStatus imp_colour_match(ImpImage *style, const ImpImage *content, ImpColourMatch mode, ImpError *error);

#endif
