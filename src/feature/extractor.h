/* From a picture to a network's activations at named layers, and from gradients there back to the picture. */
#ifndef IMP_FEATURE_EXTRACTOR_H
#define IMP_FEATURE_EXTRACTOR_H

#include "network/vgg.h"

typedef struct ImpExtractor ImpExtractor;

/* A network for pictures of exactly height x width, memory planned. backward: whether gradients will be asked for.
 * `weights` must outlive it; `spec` is copied. On success *out is the caller's. */
ImpStatus imp_extractor_new(const ImpVggWeights *weights, const ImpVggSpec *spec, int height, int width, bool backward,
                            ImpExtractor **out, ImpError *error);
void imp_extractor_free(ImpExtractor **extractor);
size_t imp_extractor_bytes(const ImpExtractor *extractor);

/* The activations of the RGB picture (3,height,width), values usually in [0,1]. */
ImpStatus imp_extractor_forward(ImpExtractor *extractor, const float *rgb, ImpError *error);
/* The activation at tap i of the spec: after forward, until backward. */
ImpTensor imp_extractor_value(const ImpExtractor *extractor, size_t tap);

/* Called once for every tap, deepest first: add the loss's gradient to `gradient`, in the layout of `value`. */
typedef void (*ImpTapGradient)(void *context, size_t tap, const ImpTensor *value, const ImpTensor *gradient);

/* Writes the gradient with respect to the picture (3,height,width), overwriting. */
ImpStatus imp_extractor_backward(ImpExtractor *extractor, ImpTapGradient tap_gradient, void *context,
                                 float *rgb_gradient, ImpError *error);

#endif
