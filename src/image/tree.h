/* A kd-tree over points of few dimensions, and approximate nearest neighbours in it: the leaves that look best are
 * searched first (Beis, Lowe 1997), and only so many. */
#ifndef IMP_IMAGE_TREE_H
#define IMP_IMAGE_TREE_H

#include "impasto/status.h"
#include <stddef.h>
#include <stdint.h>

enum { IMP_TREE_DIMENSIONS = 32, IMP_TREE_MOST = 16 };

typedef struct ImpTree ImpTree;

/* Of points (count,IMP_TREE_DIMENSIONS), count >= 1, which the tree copies. On success *out is the caller's. */
ImpStatus imp_tree_new(const float *points, size_t count, ImpTree **out, ImpError *error);
void imp_tree_free(ImpTree **tree);
/* The `most` (at most IMP_TREE_MOST) nearest to `point` that are in up to `leaves` leaves of some 16 points: their
 * indices, nearest first. Returns how many there are. With as many leaves as points they are the nearest of all. */
int imp_tree_nearest(const ImpTree *tree, const float point[IMP_TREE_DIMENSIONS], int leaves, int most,
                     int32_t out[IMP_TREE_MOST]);

#endif
