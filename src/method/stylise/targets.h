/* What the losses aim at: the content's activations and the styles' statistics at one size. Each is computed by a
 * network of its own that knows no way back and is gone before the main one is built. */
#ifndef IMP_METHOD_STYLISE_TARGETS_H
#define IMP_METHOD_STYLISE_TARGETS_H

#include "method/stylise/guidance.h"
#include "method/stylise/style_target.h"
#include "method/stylise/taps.h"

/* What a run has, at one scale the last. */
typedef struct ImpStyliseSources {
    const ImpVggWeights *weights;
    const ImpStyliseSettings *settings;
    const ImpGuidance *guidance;
    const ImpImage *const *styles; /* (n_styles), as they were given */
    size_t n_styles;
    int band_rows; /* in which the network sees pictures, one band after the other; 0: all at once */
} ImpStyliseSources;

/* A style loss to be: its part, which of the part's layers, which region. */
typedef struct ImpStyleAim {
    ImpStylisePart part;
    size_t layer;
    size_t region;     /* of patches always 0: they see all regions at once */
    double map_weight; /* of patches: what the map of regions is multiplied by */
    ImpStyleTarget *target;
} ImpStyleAim;

typedef struct ImpStyleAims {
    ImpStyleAim *list;
    size_t count;
} ImpStyleAims;

/* The statistics of all parts, layers and regions at one scale. `content` gives its colours where settings ask for it,
 * and the size that the styles follow. The caller ends *out, after a failure too. */
ImpStatus imp_style_aims(const ImpStyliseSources *sources, const ImpDescentScale *scale, const ImpImage *content,
                         ImpStyleAims *out, ImpError *error);
void imp_style_aims_end(ImpStyleAims *aims);

/* One content loss for each of the content's layers towards `content`, at the tap taps[i] of the main network. On
 * success the caller frees each of losses; on failure they are NULL. */
ImpStatus imp_content_losses(const ImpStyliseSources *sources, const ImpImage *content, const size_t *taps,
                             ImpLoss **losses, ImpError *error);

/* The style as large as it has to be at this scale, in the content's colours where that is asked for. On success *out
 * is the caller's. */
ImpStatus imp_style_prepare(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *style, ImpImage **out, ImpError *error);
/* How much one of n styles counts; they add up to 1. */
double imp_style_share(const ImpStyliseSettings *settings, size_t n_styles, size_t style);

#endif
