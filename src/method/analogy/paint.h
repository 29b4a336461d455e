/* From places of the exemplar to pictures. */
#ifndef IMP_METHOD_ANALOGY_PAINT_H
#define IMP_METHOD_ANALOGY_PAINT_H

#include "method/analogy/pyramid.h"

/* For each pixel of the target the place of the finest filtered picture that level `index` of the result comes from:
 * coarser levels stand for blocks, copied as they are. On success *out (height,width) is the caller's, to be freed with
 * imp_free. */
ImpStatus imp_analogy_map(const ImpAnalogyPyramid *pyramid, int index, int32_t **out, ImpError *error);
/* The result that the map shows. Of luminance, the colours are the target's; bit depth and transparency are the
 * target's too. On success *out is the caller's. */
ImpStatus imp_analogy_paint(const ImpAnalogyPyramid *pyramid, const int32_t *map, const ImpImage *target,
                            ImpImage **out, ImpError *error);
/* Writes the map as a picture of 16 bits: red is how far along a place is, green how far down, as shares of the
 * exemplar's width and height. */
ImpStatus imp_analogy_write_map(const ImpAnalogyPyramid *pyramid, const int32_t *map, const char *path,
                                ImpError *error);

#endif
