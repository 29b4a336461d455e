#include "method/stylise/start.h"

static const double grey_deviation = 0.001; /* of 255 levels, as in neural-style */

static void fill_with_noise(const ImpStyliseSettings *settings, const ImpPixelSpace *space, ImpStyliseState *state) {
    size_t places = (size_t)state->width * (size_t)state->height;
    if (settings->noise == IMP_NOISE_WHITE) {
        for (size_t i = 0; i < 3 * places; i++) state->pixels[i] = (float)imp_random_uniform(&state->random);
        imp_pixels_from_rgb(space, state->pixels, places, state->pixels);
        return;
    }
    imp_random_normal(&state->random, state->pixels, 3 * places, grey_deviation);
    if (settings->bytes) return;
    ImpPixelSpace bytes = imp_pixel_space(true);
    imp_pixels_to_rgb(&bytes, state->pixels, places, state->pixels);
}

ImpStatus imp_stylise_start(const ImpStyliseSettings *settings, const ImpImage *content, const ImpImage *style,
                            ImpStyliseState *state, ImpError *error) {
    ImpPixelSpace space = imp_pixel_space(settings->bytes);
    const ImpImage *from = content;
    ImpImage *file = NULL, *picture = NULL;
    ImpStatus status = IMP_OK;
    imp_random_seed(&state->random, settings->seed);
    switch (settings->init) {
    case IMP_INIT_CONTENT:
        break;
    case IMP_INIT_NOISE:
        fill_with_noise(settings, &space, state);
        from = NULL;
        break;
    case IMP_INIT_STYLE:
        status = imp_picture_cover(style, state->width, state->height, &picture, error);
        from = picture;
        break;
    case IMP_INIT_FILE:
        status = imp_image_read(settings->init_path, 0, &file, error);
        if (status == IMP_OK) status = imp_picture_prepare(file, state->width, state->height, &picture, error);
        from = picture;
        break;
    }
    if (status == IMP_OK && from)
        imp_pixels_from_rgb(&space, from->rgb, (size_t)state->width * (size_t)state->height, state->pixels);
    imp_image_free(&file);
    imp_image_free(&picture);
    return status;
}
