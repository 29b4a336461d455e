#include "image/crop.h"

#include "image/bytes.h"
#include "image/decode.h"
#include "image/open.h"
#include "image/orient.h"
#include "image/vips.h"
#include "impasto/image.h"
#include <math.h>
#include <stdint.h>

typedef struct Cropping {
    ImpPictureFile file;
    const ImpCrop *crop;
    ImpImage *image; /* the result, side x side */
} Cropping;

/* The size that the picture is scaled to. */
typedef struct Size {
    int width, height;
} Size;

static int scale_side(int side, int target, int shorter) {
    return (int)(((int64_t)side * target * 2 + shorter) / ((int64_t)shorter * 2));
}

static Size scaled_size(const ImpCrop *crop, int width, int height) {
    int shorter = width < height ? width : height;
    int target = (int)floor(crop->side * crop->size + 0.5);
    if (target < crop->side) target = crop->side;
    return (Size){scale_side(width, target, shorter), scale_side(height, target, shorter)};
}

/* The decoder has shrunk a picture of width x height; its last column and row may stand for less than `shrink` pixels.
 */
static ImpWindow window_of(const ImpCrop *crop, int width, int height, int shrink) {
    Size size = scaled_size(crop, width, height);
    return (ImpWindow){.step_x = (double)width / shrink / size.width,
                       .step_y = (double)height / shrink / size.height,
                       .x = (int)(crop->x * ((double)(size.width - crop->side) + 1)),
                       .y = (int)(crop->y * ((double)(size.height - crop->side) + 1))};
}

/* How far the decoder may shrink: no further than the size that is wanted. */
static int shrink_of(const Cropping *cropping, int width, int height) {
    Size size = scaled_size(cropping->crop, width, height);
    int shrink = 1;
    if (cropping->file.format->kind != IMP_FORMAT_JPEG) return shrink;
    while (shrink < 8 && width / (2 * shrink) >= size.width && height / (2 * shrink) >= size.height) shrink *= 2;
    return shrink;
}

static ImpStatus make_image(Cropping *cropping, VipsImage *picture, const ImpWindow *window, int orientation,
                            ImpError *error) {
    int side = cropping->crop->side;
    ImpImage *image;
    ImpStatus status = imp_image_new(side, side, &image, error);
    if (status != IMP_OK) return status;
    if (picture->Bands == 4) status = imp_image_add_alpha(image, error);
    const ImpPictureFile *file = &cropping->file;
    if (status == IMP_OK)
        status = imp_decode_window(picture, window, file->hints.gamma, file->name, file->format->name, image, error);
    if (status == IMP_OK) status = imp_orient(image, orientation, error);
    if (status != IMP_OK)
        imp_image_free(&image);
    else
        cropping->image = image;
    return status;
}

static ImpStatus crop_job(void *context, ImpError *error) {
    Cropping *cropping = context;
    VipsImage *opened = NULL, *picture = NULL;
    ImpWindow window = {0};
    ImpStatus status = imp_picture_open(&cropping->file, 1, &opened, error);
    if (status == IMP_OK) {
        int shrink = shrink_of(cropping, opened->Xsize, opened->Ysize);
        window = window_of(cropping->crop, opened->Xsize, opened->Ysize, shrink);
        if (shrink > 1) {
            imp_vips_drop(&opened);
            status = imp_picture_open(&cropping->file, shrink, &opened, error);
        }
    }
    if (status == IMP_OK) status = imp_picture_convert(&cropping->file, opened, &picture, error);
    if (status == IMP_OK)
        status = make_image(cropping, picture, &window, imp_picture_orientation(&cropping->file, opened), error);
    imp_vips_drop(&picture);
    imp_vips_drop(&opened);
    return status;
}

/* Onto white, mirrored if need be. */
static void store(const ImpImage *image, bool mirror, float *out) {
    size_t side = (size_t)image->width, plane = side * side;
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++) {
                size_t from = y * side + (mirror ? side - 1 - x : x);
                float value = image->rgb[c * plane + from];
                if (image->alpha) value = value * image->alpha[from] + (1 - image->alpha[from]);
                out[c * plane + y * side + x] = value < 1 ? value : 1;
            }
}

ImpStatus imp_crop_read(const char *path, const ImpCrop *crop, ImpProfileCache *profiles, float *out, ImpError *error) {
    ImpBytes bytes;
    ImpStatus status = imp_bytes_read(path, &bytes, error);
    if (status != IMP_OK) return status;
    Cropping cropping = {.crop = crop};
    status = imp_picture_recognise(bytes.data, bytes.size, imp_bytes_name(path), &cropping.file, error);
    cropping.file.profiles = profiles;
    if (status == IMP_OK) status = imp_vips_run(crop_job, &cropping, error);
    if (status == IMP_OK) store(cropping.image, crop->mirror, out);
    imp_image_free(&cropping.image);
    imp_bytes_free(&bytes);
    return status;
}
