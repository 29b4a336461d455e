/* A network's activations of a picture of any size in bounded memory: band of rows after band of rows, exactly as from
 * the whole picture at once.
 *
 * Each band is computed in a window that reaches further up and down than the activations of its own rows see, so what
 * the network makes of the window's edges never comes into them. Windows begin at multiples of the deepest layer's
 * stride and are all equally high, so that one extractor serves them all. */
#ifndef IMP_FEATURE_BANDS_H
#define IMP_FEATURE_BANDS_H

#include "feature/extractor.h"

typedef struct ImpBands ImpBands;

/* For pictures of height x width in bands of about `rows` rows, at least 32; 0: the whole picture at once, and so where
 * the windows would be no lower. Otherwise as imp_extractor_new. */
ImpStatus imp_bands_new(const ImpVggWeights *weights, const ImpVggSpec *spec, int height, int width, int rows,
                        bool backward, ImpBands **out, ImpError *error);
void imp_bands_free(ImpBands **bands);

size_t imp_bands_count(const ImpBands *bands);
/* What all of it takes once it has run. */
double imp_bands_bytes(const ImpBands *bands);
/* Of the activation of the whole picture at a tap. */
ImpShape imp_bands_shape(const ImpBands *bands, size_t tap);

/* The activations of band `index` of the RGB picture (3,height,width). */
ImpStatus imp_bands_forward(ImpBands *bands, size_t index, const float *rgb, ImpError *error);
/* The part of the activation at a tap that belongs to the band of the last forward pass, and which row of the whole it
 * begins with. Valid until the next call for any tap. */
ImpTensor imp_bands_part(ImpBands *bands, size_t tap, int *row);

/* Called once for every tap, deepest first: add the loss's gradient at `part`, whose first row is `row` of the whole,
 * to `gradient`. */
typedef void (*ImpPartGradient)(void *context, size_t tap, const ImpTensor *part, int row, const ImpTensor *gradient);

/* After the band's forward pass: adds its share of the gradient with respect to the picture to rgb_gradient
 * (3,height,width), which is 0 before the first band. */
ImpStatus imp_bands_backward(ImpBands *bands, ImpPartGradient part_gradient, void *context, float *rgb_gradient,
                             ImpError *error);

#endif
