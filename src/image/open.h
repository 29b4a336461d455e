/* The bytes of a file -> an opened picture whose pixels are not yet decoded. All but imp_picture_recognise only within
 * a job of imp_vips_run. */
#ifndef IMP_IMAGE_OPEN_H
#define IMP_IMAGE_OPEN_H

#include "image/format.h"
#include "image/png_chunk.h"
#include "image/profile_cache.h"
#include "impasto/status.h"
#include <stddef.h>
#include <vips/vips.h>

/* What is known of a picture before it is opened; the data and the name are the caller's and outlive it. */
typedef struct ImpPictureFile {
    const unsigned char *data; /* (size) */
    size_t size;
    const char *name; /* for messages */
    const ImpFormat *format;
    ImpPngHints hints;         /* {1, 0} for other formats */
    ImpProfileCache *profiles; /* the caller's, or NULL as imp_picture_recognise leaves it */
} ImpPictureFile;

/* Fails for what is no picture of ours. */
ImpStatus imp_picture_recognise(const void *data, size_t size, const char *name, ImpPictureFile *out, ImpError *error);
/* Reads the header and checks the size. shrink 2, 4 or 8 makes a JPEG come out that much smaller, rounded up, for a
 * part of the work; for other formats it is 1. On success *out is the caller's, to be dropped with imp_vips_drop. */
ImpStatus imp_picture_open(const ImpPictureFile *file, int shrink, VipsImage **out, ImpError *error);
/* The opened picture as imp_srgb_convert makes it. On success *out is the caller's, to be dropped before `opened`. */
ImpStatus imp_picture_convert(const ImpPictureFile *file, VipsImage *opened, VipsImage **out, ImpError *error);
/* The EXIF orientation, 1..8 in a file that is in order. */
int imp_picture_orientation(const ImpPictureFile *file, VipsImage *opened);

#endif
