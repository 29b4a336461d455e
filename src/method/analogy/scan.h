/* The two ways to make a level of the result. Both begin with what imp_analogy_level_begin has put there. */
#ifndef IMP_METHOD_ANALOGY_SCAN_H
#define IMP_METHOD_ANALOGY_SCAN_H

#include "base/random.h"
#include "method/analogy/watch.h"

typedef struct ImpAnalogyJob {
    ImpAnalogyPyramid *pyramid;
    const ImpAnalogySettings *settings;
    ImpRandom *random;
    ImpAnalogyWatch *watch;
    int64_t coherent; /* pixels of the last level that go on with a neighbour */
} ImpAnalogyJob;

/* As the paper: pixel by pixel in reading order (Hertzmann et al. 2001, section 3.1). Each becomes the best match of
 * the search, or of what goes on with a neighbour (Ashikhmin 2001) where that is at most 1 + 2^-index kappa times as
 * far. */
ImpStatus imp_analogy_scan(ImpAnalogyJob *job, int index, ImpError *error);
/* By PatchMatch (Barnes et al. 2009), a few rounds over whole neighbourhoods, chosen between in the same way. */
ImpStatus imp_analogy_patchmatch(ImpAnalogyJob *job, int index, ImpError *error);

/* How much farther than the best match what goes on with a neighbour may be. */
float imp_analogy_preference(const ImpAnalogySettings *settings, int index);
/* The place that goes on at (x,y) with what pixel (x+i,y+j) of the target has from `from`, or -1. */
int32_t imp_analogy_go_on(const ImpAnalogyLevel *level, int32_t from, int i, int j);

#endif
