#include "image/open.h"

#include "base/error.h"
#include "image/srgb.h"
#include "image/vips.h"
#include "impasto/image.h"
#include <stdint.h>
#include <string.h>

static const char damaged_advice[] = "get an undamaged copy of the file";

ImpStatus imp_picture_recognise(const void *data, size_t size, const char *name, ImpPictureFile *out, ImpError *error) {
    if (size == 0) return imp_fail(error, IMP_ERROR_FORMAT, "%s is empty; give a picture", name);
    const char *guess;
    *out = (ImpPictureFile){.data = data, .size = size, .name = name, .hints = {.orientation = 1}};
    out->format = imp_format_of_data(data, size, &guess);
    if (!out->format)
        return imp_fail(error, IMP_ERROR_FORMAT,
                        "%s is not a picture that can be read: it is %s; "
                        "give a JPEG, PNG, WebP, TIFF, GIF, HEIC or AVIF file",
                        name, guess);
    if (out->format->kind == IMP_FORMAT_PNG) out->hints = imp_png_hints(data, size);
    return IMP_OK;
}

static ImpStatus check_size(const ImpPictureFile *file, const VipsImage *picture, ImpError *error) {
    if (picture->Xsize <= IMP_IMAGE_MAX_SIDE && picture->Ysize <= IMP_IMAGE_MAX_SIDE &&
        (int64_t)picture->Xsize * picture->Ysize <= (int64_t)IMP_IMAGE_MAX_PIXELS)
        return IMP_OK;
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%s has %dx%d pixels, over the limit of %d a side and %d million in all; shrink it first",
                    file->name, picture->Xsize, picture->Ysize, IMP_IMAGE_MAX_SIDE, IMP_IMAGE_MAX_PIXELS / 1000000);
}

static int load(const ImpPictureFile *file, VipsSource *source, int shrink, VipsImage **out) {
    if (shrink > 1)
        return vips_call(file->format->loader, source, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                         VIPS_FAIL_ON_ERROR, "shrink", shrink, NULL);
    return vips_call(file->format->loader, source, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR,
                     NULL);
}

ImpStatus imp_picture_open(const ImpPictureFile *file, int shrink, VipsImage **out, ImpError *error) {
    *out = NULL;
    if (!imp_vips_has(file->format->loader))
        return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                        "%s is %s, which this build of libvips cannot read; convert the picture to PNG", file->name,
                        file->format->name);
    VipsSource *source = vips_source_new_from_memory(file->data, file->size);
    int failed = source ? load(file, source, shrink, out) : -1;
    if (source) g_object_unref(source);
    ImpStatus status = IMP_OK;
    if (failed)
        status = imp_vips_fail(error, IMP_ERROR_FORMAT, damaged_advice, "%s looks like %s but cannot be read",
                               file->name, file->format->name);
    else
        status = check_size(file, *out, error);
    if (status != IMP_OK) imp_vips_drop(out);
    return status;
}

/* libheif hands out 10 and 12 bits shifted up, so that white falls short of 65535. */
static int widen_heif(const ImpPictureFile *file, VipsImage *in, VipsImage **out) {
    int depth = in->BandFmt == VIPS_FORMAT_USHORT && strcmp(file->format->loader, "heifload_source") == 0
                    ? imp_format_heif_depth(file->data, file->size)
                    : 16;
    if (depth <= 8 || depth >= 16) return vips_copy(in, out, NULL);
    double top = (double)(((1 << depth) - 1) << (16 - depth));
    VipsImage *scaled = NULL;
    int failed = vips_linear1(in, &scaled, 65535 / top, 0.5, NULL);
    if (!failed) failed = vips_cast(scaled, out, VIPS_FORMAT_USHORT, NULL);
    imp_vips_drop(&scaled);
    return failed;
}

ImpStatus imp_picture_convert(const ImpPictureFile *file, VipsImage *opened, VipsImage **out, ImpError *error) {
    *out = NULL;
    VipsImage *wide = NULL;
    ImpStatus status = IMP_OK;
    if (widen_heif(file, opened, &wide) != 0)
        status = imp_vips_fail(error, IMP_ERROR_FORMAT, damaged_advice, "%s cannot be read", file->name);
    if (status == IMP_OK) status = imp_srgb_convert(wide, file->name, file->profiles, out, error);
    imp_vips_drop(&wide);
    return status;
}

int imp_picture_orientation(const ImpPictureFile *file, VipsImage *opened) {
    int orientation = vips_image_get_orientation(opened);
    return orientation == 1 ? file->hints.orientation : orientation;
}
