/* Which pixels of a picture are to be filled. */
#ifndef IMP_METHOD_TEXTURE_HOLE_H
#define IMP_METHOD_TEXTURE_HOLE_H

#include "impasto/image.h"
#include <stdbool.h>

/* (height,width) of `picture`: where the mask that `path` names is more white than black; without a path, where the
 * picture is not opaque. A mask has the picture's size and leaves something. *out is NULL where there is no hole and no
 * path; else, on success, the caller's, to be freed with imp_free. */
ImpStatus imp_texture_hole_read(const ImpImage *picture, const char *path, bool **out, ImpError *error);

#endif
