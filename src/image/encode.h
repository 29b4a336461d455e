/* A picture -> the bytes of a file. */
#ifndef IMP_IMAGE_ENCODE_H
#define IMP_IMAGE_ENCODE_H

#include "image/format.h"
#include "impasto/image.h"
#include <vips/vips.h>

typedef struct ImpEncoding {
    const ImpFormat *format;
    int bit_depth; /* 8 or 16 */
    int quality;   /* 1..100 */
} ImpEncoding;

/* Encodes with the sRGB profile; `name` is for messages. On success *out (never empty) is the caller's, to be released
 * with vips_area_unref((VipsArea *)...). */
ImpStatus imp_encode(const ImpImage *image, const ImpEncoding *encoding, const char *name, VipsBlob **out,
                     ImpError *error);

#endif
