#include "impasto/image.h"

#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

static ImpStatus check_size(int width, int height, ImpError *error) {
    if (width < 1 || height < 1)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a picture of %dx%d pixels is impossible; both sides need at least 1", width, height);
    if (width > IMP_IMAGE_MAX_SIDE || height > IMP_IMAGE_MAX_SIDE ||
        (int64_t)width * height > (int64_t)IMP_IMAGE_MAX_PIXELS)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "a picture of %dx%d pixels is over the limit of %d a side and %d million in all; ask for less",
                        width, height, IMP_IMAGE_MAX_SIDE, IMP_IMAGE_MAX_PIXELS / 1000000);
    return IMP_OK;
}

ImpStatus imp_image_new(int width, int height, ImpImage **out, ImpError *error) {
    *out = NULL;
    ImpImage *image = NULL;
    ImpStatus status = check_size(width, height, error);
    if (status == IMP_OK) status = IMP_ALLOC(&image, 1, "picture", error);
    if (status != IMP_OK) return status;
    image->width = width;
    image->height = height;
    image->bit_depth = 8;
    status = IMP_ALLOC(&image->rgb, 3 * (size_t)width * (size_t)height, "picture", error);
    if (status != IMP_OK)
        imp_image_free(&image);
    else
        *out = image;
    return status;
}

ImpStatus imp_image_add_alpha(ImpImage *image, ImpError *error) {
    if (image->alpha) return IMP_OK;
    size_t count = (size_t)image->width * (size_t)image->height;
    ImpStatus status = IMP_ALLOC(&image->alpha, count, "picture's transparency", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < count; i++) image->alpha[i] = 1;
    return IMP_OK;
}

ImpStatus imp_image_copy(const ImpImage *image, ImpImage **out, ImpError *error) {
    ImpStatus status = imp_image_new(image->width, image->height, out, error);
    if (status != IMP_OK) return status;
    size_t count = (size_t)image->width * (size_t)image->height;
    (*out)->bit_depth = image->bit_depth;
    memcpy((*out)->rgb, image->rgb, 3 * count * sizeof *image->rgb);
    if (!image->alpha) return IMP_OK;
    status = imp_image_add_alpha(*out, error);
    if (status == IMP_OK)
        memcpy((*out)->alpha, image->alpha, count * sizeof *image->alpha);
    else
        imp_image_free(out);
    return status;
}

void imp_image_free(ImpImage **image) {
    if (!image || !*image) return;
    imp_free((*image)->rgb);
    imp_free((*image)->alpha);
    imp_free(*image);
    *image = NULL;
}

/* side * numerator / denominator, rounded to nearest, at least 1. */
static int scale_side(int side, int numerator, int denominator) {
    int64_t scaled = ((int64_t)side * numerator * 2 + denominator) / ((int64_t)denominator * 2);
    return scaled > 0 ? (int)scaled : 1;
}

void imp_image_fit(int width, int height, int long_side, int *out_width, int *out_height) {
    *out_width = width >= height ? long_side : scale_side(width, long_side, height);
    *out_height = width >= height ? scale_side(height, long_side, width) : long_side;
}
