/* Any picture that libvips opened -> sRGB. Only within a job of imp_vips_run. */
#ifndef IMP_IMAGE_SRGB_H
#define IMP_IMAGE_SRGB_H

#include "image/profile_cache.h"
#include "impasto/status.h"
#include <stdbool.h>
#include <vips/vips.h>

/* *out is `in` as sRGB: 3 bands, or 4 with alpha, of unsigned 8 or 16 bits. An embedded profile is followed; where it
 * is broken or does not fit the picture, or none is there, CMYK goes by a usual press profile and all else is sRGB
 * already. Grey and RGB pictures without a profile (or with sRGB's) keep their numbers exactly; all that needs
 * computing comes out with 16 bits, so that nothing is lost. `name` is for messages, `profiles` may be NULL. On success
 * *out is the caller's, to be dropped with imp_vips_drop. */
ImpStatus imp_srgb_convert(VipsImage *in, const char *name, ImpProfileCache *profiles, VipsImage **out,
                           ImpError *error);

/* Puts the sRGB profile into the picture, to be written out with it. False when libvips has none. */
bool imp_srgb_attach(VipsImage *image);

#endif
