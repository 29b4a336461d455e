#include "base/error.h"
#include "base/memory.h"
#include "image/bytes.h"
#include "image/decode.h"
#include "image/open.h"
#include "image/orient.h"
#include "image/vips.h"
#include "impasto/image.h"

/* One picture on its way in. */
typedef struct Reading {
    ImpPictureFile file;
    int max_side;
    ImpImage *image; /* the result */
} Reading;

static void drop_opaque_alpha(ImpImage *image) {
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < count; i++)
        if (image->alpha[i] < 1) return;
    imp_free(image->alpha);
    image->alpha = NULL;
}

/* Header known and colours set up: makes the picture. */
static ImpStatus make_image(Reading *reading, VipsImage *picture, bool deep, int orientation, ImpError *error) {
    int width = picture->Xsize, height = picture->Ysize;
    int longer = width > height ? width : height;
    if (reading->max_side > 0 && longer > reading->max_side)
        imp_image_fit(width, height, reading->max_side, &width, &height);
    ImpImage *image;
    ImpStatus status = imp_image_new(width, height, &image, error);
    if (status != IMP_OK) return status;
    image->bit_depth = deep ? 16 : 8;
    if (picture->Bands == 4) status = imp_image_add_alpha(image, error);
    if (status == IMP_OK)
        status = imp_decode(picture, reading->file.hints.gamma, reading->file.name, reading->file.format->name, image,
                            error);
    if (status == IMP_OK && image->alpha) drop_opaque_alpha(image);
    if (status == IMP_OK) status = imp_orient(image, orientation, error);
    if (status != IMP_OK)
        imp_image_free(&image);
    else
        reading->image = image;
    return status;
}

static ImpStatus read_job(void *context, ImpError *error) {
    Reading *reading = context;
    VipsImage *opened = NULL, *picture = NULL;
    ImpStatus status = imp_picture_open(&reading->file, 1, &opened, error);
    if (status == IMP_OK) status = imp_picture_convert(&reading->file, opened, &picture, error);
    if (status == IMP_OK) {
        bool deep = opened->BandFmt != VIPS_FORMAT_UCHAR;
        status = make_image(reading, picture, deep, imp_picture_orientation(&reading->file, opened), error);
    }
    imp_vips_drop(&picture);
    imp_vips_drop(&opened);
    return status;
}

ImpStatus imp_image_read_memory(const void *data, size_t size, const char *name, int max_side, ImpImage **out,
                                ImpError *error) {
    *out = NULL;
    if (max_side < 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a longest side of %d pixels is impossible; give 1 or more, or 0",
                        max_side);
    Reading reading = {.max_side = max_side};
    ImpStatus status = imp_picture_recognise(data, size, name, &reading.file, error);
    if (status == IMP_OK) status = imp_vips_run(read_job, &reading, error);
    if (status == IMP_OK) *out = reading.image;
    return status;
}

ImpStatus imp_image_read(const char *path, int max_side, ImpImage **out, ImpError *error) {
    *out = NULL;
    ImpBytes bytes;
    ImpStatus status = imp_bytes_read(path, &bytes, error);
    if (status != IMP_OK) return status;
    status = imp_image_read_memory(bytes.data, bytes.size, imp_bytes_name(path), max_side, out, error);
    imp_bytes_free(&bytes);
    return status;
}
