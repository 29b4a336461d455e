#include "method/analogy/paint.h"

#include "base/memory.h"
#include "method/picture.h"

static size_t places_of(const ImpAnalogyLevel *level) {
    return (size_t)level->target.width * (size_t)level->target.height;
}

/* The place at the finest level for pixel (x,y). */
static int32_t place_at(const ImpAnalogyPyramid *pyramid, int index, int x, int y) {
    const ImpAnalogyLevel *level = &pyramid->levels[index];
    int32_t from = level->from[(size_t)(y >> index) * (size_t)level->target.width + (size_t)(x >> index)];
    for (; index > 0; index--) {
        const ImpAnalogyLevel *finer = &pyramid->levels[index - 1];
        from =
            imp_analogy_finer(&finer->source, &pyramid->levels[index].source, from, x >> (index - 1), y >> (index - 1));
    }
    return from;
}

ImpStatus imp_analogy_map(const ImpAnalogyPyramid *pyramid, int index, int32_t **out, ImpError *error) {
    const ImpAnalogyPlane *target = &pyramid->levels[0].target;
    ImpStatus status = IMP_ALLOC(out, places_of(&pyramid->levels[0]), "map of places", error);
    if (status != IMP_OK) return status;
    int32_t *to = *out;
    for (int y = 0; y < target->height; y++)
        for (int x = 0; x < target->width; x++) *to++ = place_at(pyramid, index, x, y);
    return IMP_OK;
}

ImpStatus imp_analogy_paint(const ImpAnalogyPyramid *pyramid, const int32_t *map, const ImpImage *target,
                            ImpImage **out, ImpError *error) {
    const ImpAnalogyLevel *level = &pyramid->levels[0];
    size_t places = places_of(level);
    bool colour = level->filtered.channels == 3;
    float *rgb;
    *out = NULL;
    ImpStatus status = IMP_ALLOC(&rgb, 3 * places, "picture", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < places; i++) {
        const float *shown = imp_analogy_shown(level, map[i]);
        for (size_t c = 0; c < 3; c++) rgb[c * places + i] = shown[colour ? c : 0];
    }
    ImpPixelSpace space = imp_pixel_space(false);
    ImpPictureFinish finish = {
        .content = target, .width = target->width, .height = target->height, .original_colours = !colour};
    status = imp_picture_finish(&finish, &space, rgb, target->width, target->height, out, error);
    imp_free(rgb);
    return status;
}

ImpStatus imp_analogy_write_map(const ImpAnalogyPyramid *pyramid, const int32_t *map, const char *path,
                                ImpError *error) {
    const ImpAnalogyLevel *level = &pyramid->levels[0];
    const ImpAnalogyPlane *exemplar = &level->filtered;
    size_t places = places_of(level);
    ImpImage *image;
    ImpStatus status = imp_image_new(level->target.width, level->target.height, &image, error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < places; i++) {
        int x = map[i] % exemplar->width, y = map[i] / exemplar->width;
        image->rgb[i] = ((float)x + 0.5f) / (float)exemplar->width;
        image->rgb[places + i] = ((float)y + 0.5f) / (float)exemplar->height;
    }
    ImpImageWriteOptions options = {.bit_depth = 16, .format = "png"};
    status = imp_image_write(image, path, &options, error);
    imp_image_free(&image);
    return status;
}
