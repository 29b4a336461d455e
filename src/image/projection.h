/* Vectors of many numbers as points of few: the directions in which they differ most (principal components). */
#ifndef IMP_IMAGE_PROJECTION_H
#define IMP_IMAGE_PROJECTION_H

#include "base/random.h"
#include "image/tree.h"

typedef struct ImpProjection {
    size_t numbers;
    float *matrix; /* (numbers,IMP_TREE_DIMENSIONS), columns orthonormal or 0: no distance grows */
} ImpProjection;

/* From vectors (count,numbers), which lose their mean, by orthogonal iteration; about, which is enough for a search. On
 * success it is to be cleared. */
ImpStatus imp_projection_new(float *vectors, size_t count, size_t numbers, ImpRandom *random, ImpProjection *out,
                             ImpError *error);
void imp_projection_clear(ImpProjection *projection);
void imp_projection_apply(const ImpProjection *projection, const float *vector, float point[IMP_TREE_DIMENSIONS]);

#endif
