#include "method/texture/hole.h"

#include "base/error.h"
#include "base/memory.h"

/* What a mask hides is black. */
static bool is_white(const ImpImage *mask, size_t place, size_t places) {
    float sum = 0;
    for (size_t c = 0; c < 3; c++) sum += mask->rgb[c * places + place];
    return sum * (mask->alpha ? mask->alpha[place] : 1) > 1.5f;
}

static ImpStatus check(size_t count, size_t places, const char *path, ImpError *error) {
    if (count == 0 && path)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                        "the mask %.300s is black everywhere; paint white what is to be filled", path);
    if (count < places) return IMP_OK;
    if (!path)
        return imp_fail(error, IMP_ERROR_UNSUPPORTED, "the picture is opaque nowhere; nothing is left to fill it from");
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "the mask %.300s is white everywhere; nothing is left to fill it from", path);
}

ImpStatus imp_texture_hole_read(const ImpImage *picture, const char *path, bool **out, ImpError *error) {
    size_t places = (size_t)picture->width * (size_t)picture->height;
    ImpImage *mask = NULL;
    *out = NULL;
    if (!path && !picture->alpha) return IMP_OK;
    ImpStatus status = path ? imp_image_read(path, 0, &mask, error) : IMP_OK;
    if (status == IMP_OK && mask && (mask->width != picture->width || mask->height != picture->height))
        status = imp_fail(error, IMP_ERROR_UNSUPPORTED,
                          "the mask %.300s has %dx%d pixels and the picture %dx%d; give one of its size", path,
                          mask->width, mask->height, picture->width, picture->height);
    if (status == IMP_OK) status = IMP_ALLOC(out, places, "hole", error);
    size_t count = 0;
    for (size_t i = 0; i < places && status == IMP_OK; i++) {
        (*out)[i] = mask ? is_white(mask, i, places) : picture->alpha[i] < 1;
        count += (*out)[i];
    }
    if (status == IMP_OK) status = check(count, places, path, error);
    imp_image_free(&mask);
    if (status != IMP_OK || count == 0) {
        imp_free(*out);
        *out = NULL;
    }
    return status;
}
