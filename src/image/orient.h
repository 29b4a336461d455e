/* EXIF orientation. */
#ifndef IMP_IMAGE_ORIENT_H
#define IMP_IMAGE_ORIENT_H

#include "impasto/image.h"

/* Turns and mirrors a picture so that it stands upright, by the EXIF tag's value 1..8 (others change nothing). On
 * failure the picture is unchanged. */
ImpStatus imp_orient(ImpImage *image, int orientation, ImpError *error);

#endif
