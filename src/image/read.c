#include "base/error.h"
#include "base/memory.h"
#include "image/bytes.h"
#include "image/decode.h"
#include "image/format.h"
#include "image/orient.h"
#include "image/png_chunk.h"
#include "image/srgb.h"
#include "image/vips.h"
#include "impasto/image.h"
#include <string.h>

/* One picture on its way in. */
typedef struct Reading {
    const unsigned char *data; /* (size) */
    size_t size;
    const char *name;
    int max_side;
    const ImpFormat *format;
    ImpPngHints hints; /* {1, 0} for other formats */
    VipsImage *file;   /* as opened, while the job runs */
    ImpImage *image;   /* the result */
} Reading;

static const char damaged_advice[] = "get an undamaged copy of the file";

static ImpStatus open_picture(const Reading *reading, VipsImage **out, ImpError *error) {
    if (!imp_vips_has(reading->format->loader))
        return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                        "%s is %s, which this build of libvips cannot read; convert the picture to PNG", reading->name,
                        reading->format->name);
    VipsSource *source = vips_source_new_from_memory(reading->data, reading->size);
    int failed = source ? vips_call(reading->format->loader, source, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                    VIPS_FAIL_ON_ERROR, NULL)
                        : -1;
    if (source) g_object_unref(source);
    if (!failed) return IMP_OK;
    imp_vips_drop(out);
    return imp_vips_fail(error, IMP_ERROR_FORMAT, damaged_advice, "%s looks like %s but cannot be read", reading->name,
                         reading->format->name);
}

static ImpStatus check_size(const Reading *reading, const VipsImage *picture, ImpError *error) {
    if (picture->Xsize <= IMP_IMAGE_MAX_SIDE && picture->Ysize <= IMP_IMAGE_MAX_SIDE &&
        (int64_t)picture->Xsize * picture->Ysize <= (int64_t)IMP_IMAGE_MAX_PIXELS)
        return IMP_OK;
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%s has %dx%d pixels, over the limit of %d a side and %d million in all; shrink it first",
                    reading->name, picture->Xsize, picture->Ysize, IMP_IMAGE_MAX_SIDE, IMP_IMAGE_MAX_PIXELS / 1000000);
}

/* libheif hands out 10 and 12 bits shifted up, so that white falls short of 65535. */
static int widen_heif(const Reading *reading, VipsImage *in, VipsImage **out) {
    int depth = in->BandFmt == VIPS_FORMAT_USHORT && strcmp(reading->format->loader, "heifload_source") == 0
                    ? imp_format_heif_depth(reading->data, reading->size)
                    : 16;
    if (depth <= 8 || depth >= 16) return vips_copy(in, out, NULL);
    double top = (double)(((1 << depth) - 1) << (16 - depth));
    VipsImage *scaled = NULL;
    int failed = vips_linear1(in, &scaled, 65535 / top, 0.5, NULL);
    if (!failed) failed = vips_cast(scaled, out, VIPS_FORMAT_USHORT, NULL);
    imp_vips_drop(&scaled);
    return failed;
}

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
        status = imp_decode(picture, reading->hints.gamma, reading->name, reading->format->name, image, error);
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
    VipsImage *file = NULL, *wide = NULL, *picture = NULL;
    ImpStatus status = open_picture(reading, &file, error);
    if (status != IMP_OK) return status;
    status = check_size(reading, file, error);
    if (status == IMP_OK && widen_heif(reading, file, &wide) != 0)
        status = imp_vips_fail(error, IMP_ERROR_FORMAT, damaged_advice, "%s cannot be read", reading->name);
    if (status == IMP_OK) status = imp_srgb_convert(wide, reading->name, &picture, error);
    if (status == IMP_OK) {
        bool deep = file->BandFmt != VIPS_FORMAT_UCHAR;
        int orientation = vips_image_get_orientation(file);
        if (orientation == 1) orientation = reading->hints.orientation;
        status = make_image(reading, picture, deep, orientation, error);
    }
    imp_vips_drop(&picture);
    imp_vips_drop(&wide);
    imp_vips_drop(&file);
    return status;
}

ImpStatus imp_image_read_memory(const void *data, size_t size, const char *name, int max_side, ImpImage **out,
                                ImpError *error) {
    *out = NULL;
    if (max_side < 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a longest side of %d pixels is impossible; give 1 or more, or 0",
                        max_side);
    if (size == 0) return imp_fail(error, IMP_ERROR_FORMAT, "%s is empty; give a picture", name);
    const char *guess;
    Reading reading = {.data = data, .size = size, .name = name, .max_side = max_side};
    reading.format = imp_format_of_data(data, size, &guess);
    if (!reading.format)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "%s is not a picture that can be read: it is %s; "
                        "give a JPEG, PNG, WebP, TIFF, GIF, HEIC or AVIF file",
                        name, guess);
    reading.hints = (ImpPngHints){.orientation = 1};
    if (reading.format->kind == IMP_FORMAT_PNG) reading.hints = imp_png_hints(data, size);
    ImpStatus status = imp_vips_run(read_job, &reading, error);
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
