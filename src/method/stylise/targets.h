/* What the losses aim at: the content's activations and the styles' Gram matrices at one size. Each is computed by a
 * network of its own that knows no way back and is gone before the main one is built. */
#ifndef IMP_METHOD_STYLISE_TARGETS_H
#define IMP_METHOD_STYLISE_TARGETS_H

#include "feature/extractor.h"
#include "method/stylise/settings.h"

/* The style's Gram matrices at one scale, one for each of settings->style_layers. */
typedef struct ImpStyleTargets {
    double *grams[IMP_VGG_MAX_TAPS]; /* (C,C) each */
    size_t count;
} ImpStyleTargets;

/* Blends the styles linearly; `content` gives its colours where settings ask for it, and the size that the styles
 * follow. Styles are resized for the purpose. The caller frees *out, after a failure too. */
ImpStatus imp_style_targets(const ImpVggWeights *weights, const ImpStyliseSettings *settings,
                            const ImpDescentScale *scale, const ImpImage *content, const ImpImage *const *styles,
                            size_t n_styles, ImpStyleTargets *out, ImpError *error);
void imp_style_targets_free(ImpStyleTargets *targets);

/* One content loss for each of settings->content_layers towards `content`, at the tap taps[i] of the main network. On
 * success the caller frees each of losses; on failure they are NULL. */
ImpStatus imp_content_losses(const ImpVggWeights *weights, const ImpStyliseSettings *settings, const ImpImage *content,
                             const size_t *taps, ImpLoss **losses, ImpError *error);

/* What the network looks like; `names` are the taps and stay the caller's. */
ImpVggSpec imp_stylise_network(const ImpStyliseSettings *settings, const char *const *names, size_t n_names);

/* The style as large as it has to be at this scale, in the content's colours where that is asked for. On success *out
 * is the caller's. */
ImpStatus imp_style_prepare(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *style, ImpImage **out, ImpError *error);
/* How much one of n styles counts; they add up to 1. */
double imp_style_share(const ImpStyliseSettings *settings, size_t n_styles, size_t style);

#endif
