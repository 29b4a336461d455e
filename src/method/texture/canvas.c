#include "method/texture/canvas.h"

#include "base/error.h"
#include "base/memory.h"

ImpStatus imp_texture_canvas_new(int width, int height, ImpTextureCanvas *out, ImpError *error) {
    size_t places = (size_t)width * (size_t)height;
    *out = (ImpTextureCanvas){.width = width, .height = height};
    ImpStatus status = IMP_ALLOC(&out->source, places, "texture", error);
    for (size_t i = 0; i < places && status == IMP_OK; i++) out->source[i] = -1;
    return status;
}

void imp_texture_canvas_clear(ImpTextureCanvas *canvas) {
    imp_free(canvas->source);
    *canvas = (ImpTextureCanvas){0};
}

/* The pixel of the whole exemplar that pixel (x,y) of the picture shows, or -1. */
static int64_t source_of(const ImpTextureCanvas *canvas, const ImpImage *image, int x, int y, int shift) {
    int32_t source = canvas->source[(size_t)(y >> shift) * (size_t)canvas->width + (size_t)(x >> shift)];
    if (source < 0) return -1;
    int scale = 1 << shift, row = (image->width + scale - 1) >> shift;
    int u = (source % row << shift) + (x & (scale - 1)), v = (source / row << shift) + (y & (scale - 1));
    if (u >= image->width) u = image->width - 1;
    if (v >= image->height) v = image->height - 1;
    return (int64_t)v * image->width + u;
}

/* What turns out opaque needs no alpha. */
static void drop_alpha(ImpImage *image) {
    size_t places = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < places; i++)
        if (image->alpha[i] < 1) return;
    imp_free(image->alpha);
    image->alpha = NULL;
}

ImpStatus imp_texture_canvas_paint(const ImpTextureCanvas *canvas, const ImpImage *image, int width, int height,
                                   int shift, ImpImage **out, ImpError *error) {
    size_t places = (size_t)width * (size_t)height, in_places = (size_t)image->width * (size_t)image->height;
    ImpStatus status = imp_image_new(width, height, out, error);
    if (status == IMP_OK) status = imp_image_add_alpha(*out, error);
    if (status != IMP_OK) {
        imp_image_free(out);
        return status;
    }
    (*out)->bit_depth = image->bit_depth;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int64_t source = source_of(canvas, image, x, y, shift);
            size_t place = (size_t)y * (size_t)width + (size_t)x;
            for (size_t c = 0; c < 3 && source >= 0; c++)
                (*out)->rgb[c * places + place] = image->rgb[c * in_places + (size_t)source];
            (*out)->alpha[place] = source < 0 ? 0 : image->alpha ? image->alpha[source] : 1;
        }
    drop_alpha(*out);
    return IMP_OK;
}
