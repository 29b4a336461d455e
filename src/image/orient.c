#include "image/orient.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdbool.h>

/* How to undo each orientation: swap the axes first, then mirror (EXIF 2.3, tag 0x0112). */
typedef struct Turn {
    bool transpose, mirror_x, mirror_y;
} Turn;

static const Turn turns[9] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true}, [5] = {true, false, false},
    [6] = {true, true, false},  [7] = {true, true, true},  [8] = {true, false, true},
};

/* in (height,width) -> out, (height,width) or transposed. */
static void turn_plane(Turn turn, const float *in, int width, int height, float *out) {
    int out_width = turn.transpose ? height : width;
    int out_height = turn.transpose ? width : height;
    for (int y = 0; y < out_height; y++) {
        for (int x = 0; x < out_width; x++) {
            int u = turn.mirror_x ? out_width - 1 - x : x;
            int v = turn.mirror_y ? out_height - 1 - y : y;
            size_t from =
                turn.transpose ? (size_t)u * (size_t)width + (size_t)v : (size_t)v * (size_t)width + (size_t)u;
            out[(size_t)y * (size_t)out_width + (size_t)x] = in[from];
        }
    }
}

ImpStatus imp_orient(ImpImage *image, int orientation, ImpError *error) {
    if (orientation < 2 || orientation > 8) return IMP_OK;
    Turn turn = turns[orientation];
    ImpImage *turned;
    ImpStatus status = turn.transpose ? imp_image_new(image->height, image->width, &turned, error)
                                      : imp_image_new(image->width, image->height, &turned, error);
    if (status == IMP_OK && image->alpha) status = imp_image_add_alpha(turned, error);
    if (status != IMP_OK) {
        imp_image_free(&turned);
        return status;
    }
    turned->bit_depth = image->bit_depth;
    size_t plane = (size_t)image->width * (size_t)image->height;
    for (size_t c = 0; c < 3; c++)
        turn_plane(turn, image->rgb + c * plane, image->width, image->height, turned->rgb + c * plane);
    if (image->alpha) turn_plane(turn, image->alpha, image->width, image->height, turned->alpha);
    ImpImage former = *image;
    *image = *turned;
    *turned = former;
    imp_image_free(&turned);
    return IMP_OK;
}
