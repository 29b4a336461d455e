#include "base/error.h"
#include "base/memory.h"
#include "image/bytes.h"
#include "image/format.h"
#include "image/light.h"
#include "image/orient.h"
#include "image/scale.h"
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
    ImpImage *image; /* the result */
} Reading;

/* Where decoded rows go: straight into the picture, or through the scaler. */
typedef struct Rows {
    ImpImage *image;
    float *table;     /* (256 or 65536) sample -> [0,1], or linear light for the scaler */
    float top;        /* largest sample */
    ImpScaler scaler; /* its picture is NULL when nothing is scaled */
    float *pixels;    /* (width,4) one packed row for the scaler */
} Rows;

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

static void store_plain(Rows *rows, const VipsRegion *region, int bands, int top, int y) {
    ImpImage *image = rows->image;
    size_t plane = (size_t)image->width * (size_t)image->height;
    size_t at = (size_t)y * (size_t)image->width;
    const unsigned char *bytes = VIPS_REGION_ADDR(region, 0, y);
    const unsigned short *words = (const unsigned short *)(const void *)bytes;
    for (size_t x = 0; x < (size_t)image->width; x++)
        for (size_t c = 0; c < (size_t)bands; c++) {
            size_t i = x * (size_t)bands + c;
            float value = rows->table[top > 255 ? words[i] : bytes[i]];
            (c < 3 ? image->rgb + c * plane : image->alpha)[at + x] = value;
        }
}

static void scale_row(Rows *rows, const VipsRegion *region, int bands, int top, int y) {
    const unsigned char *bytes = VIPS_REGION_ADDR(region, 0, y);
    const unsigned short *words = (const unsigned short *)(const void *)bytes;
    for (size_t x = 0; x < (size_t)rows->scaler.x->in; x++) {
        size_t i = x * (size_t)bands;
        float *pixel = rows->pixels + 4 * x;
        float alpha = bands == 4 ? (float)(top > 255 ? words[i + 3] : bytes[i + 3]) / rows->top : 1;
        float weight = bands == 4 ? alpha + imp_scale_alpha_floor : 1;
        for (size_t c = 0; c < 3; c++) pixel[c] = weight * rows->table[top > 255 ? words[i + c] : bytes[i + c]];
        pixel[3] = alpha;
    }
    imp_scaler_feed(&rows->scaler, rows->pixels);
}

/* libvips calls this with full-width bands of rows from top to bottom, one at a time. */
static int take_rows(VipsRegion *region, VipsRect *area, void *context) {
    Rows *rows = context;
    int bands = region->im->Bands;
    int top = (int)rows->top;
    for (int y = area->top; y < area->top + area->height; y++) {
        if (rows->scaler.out)
            scale_row(rows, region, bands, top, y);
        else
            store_plain(rows, region, bands, top, y);
    }
    return 0;
}

static ImpStatus prepare_table(Rows *rows, bool deep, bool linear, ImpError *error) {
    size_t count = deep ? 65536 : 256;
    rows->top = deep ? 65535 : 255;
    ImpStatus status = IMP_ALLOC(&rows->table, count, "sample table", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < count; i++) {
        float value = (float)i / rows->top;
        rows->table[i] = linear ? imp_light_from_srgb(value) : value;
    }
    return IMP_OK;
}

static ImpStatus decode(const Reading *reading, VipsImage *picture, Rows *rows, ImpError *error) {
    if (vips_sink_disc(picture, take_rows, rows) == 0) return IMP_OK;
    return imp_vips_fail(error, IMP_ERROR_FORMAT, damaged_advice,
                         "%s is cut short or damaged: its %s data end in error", reading->name, reading->format->name);
}

/* Decodes `picture` into rows->image, which has its final size but for the orientation. */
static ImpStatus decode_into(const Reading *reading, VipsImage *picture, Rows *rows, ImpError *error) {
    ImpImage *image = rows->image;
    bool scaled = image->width != picture->Xsize || image->height != picture->Ysize;
    ImpTaps x = {0}, y = {0};
    ImpStatus status = prepare_table(rows, picture->BandFmt == VIPS_FORMAT_USHORT, scaled, error);
    if (status == IMP_OK && scaled) {
        status = imp_taps_new(picture->Xsize, image->width, &x, error);
        if (status == IMP_OK) status = imp_taps_new(picture->Ysize, image->height, &y, error);
        if (status == IMP_OK) status = imp_scaler_new(&x, &y, image, true, 0, image->height, &rows->scaler, error);
        if (status == IMP_OK) status = IMP_ALLOC(&rows->pixels, 4 * (size_t)picture->Xsize, "row of pixels", error);
    }
    if (status == IMP_OK) status = decode(reading, picture, rows, error);
    imp_free(rows->table);
    imp_free(rows->pixels);
    imp_scaler_free(&rows->scaler);
    imp_taps_free(&x);
    imp_taps_free(&y);
    return status;
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
    Rows rows = {.image = image};
    if (status == IMP_OK) status = decode_into(reading, picture, &rows, error);
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
        status = make_image(reading, picture, deep, vips_image_get_orientation(file), error);
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
