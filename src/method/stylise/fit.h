/* Memory: what a run takes, and in how many bands the network has to see pictures for it to stay within what it may. */
#ifndef IMP_METHOD_STYLISE_FIT_H
#define IMP_METHOD_STYLISE_FIT_H

#include "method/stylise/targets.h"

typedef struct ImpStyliseFit {
    int band_rows; /* see ImpStyliseSources */
    double bytes;  /* that the scale will take in all, estimated */
    bool fits;     /* within the limit */
} ImpStyliseFit;

/* For one scale, with a content of this many pixels as it was given. Losses that need the whole picture get it, whether
 * it fits or not. */
ImpStatus imp_stylise_fit(const ImpStyliseSources *sources, const ImpDescentScale *scale, const ImpImage *content,
                          ImpStyliseFit *out, ImpError *error);

/* How many steps L-BFGS can remember at the scale, at most as many as settings say and at least 3, where settings name
 * the memory: with the network in the lowest bands. *history is what settings say where they name none. */
ImpStatus imp_stylise_fit_history(const ImpStyliseSources *sources, const ImpDescentScale *scale,
                                  const ImpImage *content, int *history, ImpError *error);

#endif
