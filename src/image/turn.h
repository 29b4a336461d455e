/* Turning pictures by any angle. */
#ifndef IMP_IMAGE_TURN_H
#define IMP_IMAGE_TURN_H

#include "image/mask.h"
#include "impasto/image.h"

/* Turns counter-clockwise about the middle and keeps the largest part of the same shape that has no empty corners, so
 * the result is somewhat smaller. Opaque pictures only: alpha is left out. On success *out is the caller's. */
ImpStatus imp_image_turn(const ImpImage *image, double degrees, ImpImage **out, ImpError *error);
/* The same of a mask. On success out->at is the caller's; on failure it is NULL. */
ImpStatus imp_mask_turn_by(const ImpMask *mask, double degrees, ImpMask *out, ImpError *error);

#endif
