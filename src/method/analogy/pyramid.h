/* The three pictures at all levels, and what is made of them. */
#ifndef IMP_METHOD_ANALOGY_PYRAMID_H
#define IMP_METHOD_ANALOGY_PYRAMID_H

#include "impasto/image.h"
#include "method/analogy/plane.h"
#include "method/analogy/settings.h"
#include <stdint.h>

/* In the paper's words: A, A', B and B'. */
typedef struct ImpAnalogyLevel {
    ImpAnalogyPlane source, filtered; /* of one size */
    ImpAnalogyPlane target, result;   /* of one size */
    int32_t *from; /* (height,width) of the result: which place y * width + x of `filtered` it shows */
} ImpAnalogyLevel;

typedef struct ImpAnalogyPyramid {
    ImpAnalogyLevel levels[IMP_ANALOGY_MAX_LEVELS]; /* finest first */
    int count;
} ImpAnalogyPyramid;

/* source and filtered are of one size. On success it is to be cleared. */
ImpStatus imp_analogy_pyramid_new(const ImpImage *source, const ImpImage *filtered, const ImpImage *target,
                                  const ImpAnalogySettings *settings, ImpAnalogyPyramid *out, ImpError *error);
void imp_analogy_pyramid_clear(ImpAnalogyPyramid *pyramid);

/* What level `index` begins with: what the coarser one shows, at twice its size; of the coarsest, the exemplar brought
 * to its size. */
void imp_analogy_level_begin(ImpAnalogyPyramid *pyramid, int index);
/* Which place of a level shows what place `from` of the next coarser one does, for pixel (x,y) of that level. */
int32_t imp_analogy_finer(const ImpAnalogyPlane *fine, const ImpAnalogyPlane *coarse, int32_t from, int x, int y);

/* The numbers that the result shows at a place of the exemplar. */
static inline const float *imp_analogy_shown(const ImpAnalogyLevel *level, int32_t from) {
    return imp_analogy_at(&level->filtered, from % level->filtered.width, from / level->filtered.width);
}

#endif
