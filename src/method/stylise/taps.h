/* Which layers the losses look at, as the taps of a network. */
#ifndef IMP_METHOD_STYLISE_TAPS_H
#define IMP_METHOD_STYLISE_TAPS_H

#include "method/stylise/settings.h"

typedef struct ImpStyliseTaps {
    const char *names[IMP_VGG_MAX_TAPS]; /* each layer once; first those whose projections the losses make themselves */
    size_t count, n_bare;
    size_t of[IMP_STYLISE_PARTS][IMP_STYLISE_MAX_LAYERS]; /* the tap of each layer of a part */
} ImpStyliseTaps;

/* The taps of all parts, or of those that compare with styles. Names are the settings'. */
ImpStyliseTaps imp_stylise_taps(const ImpStyliseSettings *settings, bool only_styles);
/* The network with those taps. */
ImpVggSpec imp_stylise_network(const ImpStyliseSettings *settings, const ImpStyliseTaps *taps);

#endif
