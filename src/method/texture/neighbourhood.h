/* Neighbourhoods of two resolutions (Wei, Levoy 2000, section 3.2): a window of a level of the pyramid, and a smaller
 * one around the same place in the next coarser level; and the search for the place of the exemplar whose neighbourhood
 * is nearest. */
#ifndef IMP_METHOD_TEXTURE_NEIGHBOURHOOD_H
#define IMP_METHOD_TEXTURE_NEIGHBOURHOOD_H

#include "base/random.h"
#include "method/texture/canvas.h"
#include "method/texture/query.h"

typedef struct ImpNeighbourhoodShape {
    const ImpTextureSample *fine, *coarse; /* coarse NULL: the coarsest level */
    int window;                            /* odd; that of the coarse level is (window / 2 + 1) | 1 */
    bool causal; /* of the fine window only what comes before the middle in reading order; else all but the middle */
} ImpNeighbourhoodShape;

typedef struct ImpNeighbourhoods ImpNeighbourhoods;

/* Where a neighbourhood is looked at while the texture is made. */
typedef struct ImpNeighbourhoodPlace {
    const ImpTextureCanvas *fine, *coarse; /* with something at every place that is looked at; coarse as in the shape */
    bool wraps;                            /* the texture goes on at its other side; else nothing is beyond its rim */
    int x, y;                              /* of fine */
} ImpNeighbourhoodPlace;

/* How many places of the exemplar have whole neighbourhoods. */
size_t imp_neighbourhoods_possible(const ImpNeighbourhoodShape *shape);
/* Of all these places, of which there is one at least. Places that go on with what a neighbour shows (Ashikhmin 2001)
 * are preferred: they may be (1 + coherence) times as far as the others (Hertzmann et al. 2001). `exact`: all places
 * are compared; else those that a tree proposes. The samples must outlive it. On success *out is the caller's. */
ImpStatus imp_neighbourhoods_new(const ImpNeighbourhoodShape *shape, double coherence, bool exact, ImpRandom *random,
                                 ImpNeighbourhoods **out, ImpError *error);
void imp_neighbourhoods_free(ImpNeighbourhoods **neighbourhoods);

/* The place of the exemplar whose neighbourhood is nearest to that at `place`, and how near: about, or exactly. */
int32_t imp_neighbourhoods_nearest(ImpNeighbourhoods *neighbourhoods, const ImpNeighbourhoodPlace *place,
                                   float *distance);

#endif
