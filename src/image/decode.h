/* Pixels of an opened file -> planes. Only within a job of imp_vips_run. */
#ifndef IMP_IMAGE_DECODE_H
#define IMP_IMAGE_DECODE_H

#include "impasto/image.h"
#include <vips/vips.h>

/* Decodes `picture`, as imp_srgb_convert makes it, into `image`. Where their sizes differ it is shrunk on the way, row
 * by row, so that memory holds the result and a few rows. `image` has an alpha plane if and only if `picture` has 4
 * bands. gamma is that of ImpPngHints; `name` and `format` are for messages. */
ImpStatus imp_decode(VipsImage *picture, double gamma, const char *name, const char *format, ImpImage *image,
                     ImpError *error);

#endif
