#include "method/stylise/start.h"

#include "feature/restyle.h"
#include "method/stylise/targets.h"

static const size_t restyle_memory = (size_t)1 << 30; /* bytes for activations of the one pass */
static const double grey_deviation = 0.001;           /* of 255 levels, as in neural-style */

static void fill_with_noise(const ImpStyliseSettings *settings, const ImpPixelSpace *space, ImpDescentState *state) {
    size_t places = (size_t)state->width * (size_t)state->height;
    if (settings->noise == IMP_NOISE_WHITE) {
        for (size_t i = 0; i < 3 * places; i++) state->pixels[i] = (float)imp_random_uniform(&state->random);
        imp_pixels_from_rgb(space, state->pixels, places, state->pixels);
        return;
    }
    imp_random_normal(&state->random, state->pixels, 3 * places, grey_deviation);
    if (settings->descent.bytes) return;
    ImpPixelSpace bytes = imp_pixel_space(true);
    imp_pixels_to_rgb(&bytes, state->pixels, places, state->pixels);
}

static ImpStatus add_styles(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *const *styles, size_t n, ImpRestyle *restyle, ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t i = 0; i < n && status == IMP_OK; i++) {
        ImpImage *style = NULL;
        double share = imp_style_share(settings, n, i);
        if (share == 0) continue;
        status = imp_style_prepare(settings, scale, content, styles[i], &style, error);
        if (status == IMP_OK)
            status = imp_restyle_add(restyle, style->rgb, style->width, style->height, share, restyle_memory, error);
        imp_image_free(&style);
    }
    return status;
}

/* The content with the styles' statistics, in one pass. */
static ImpStatus start_restyled(const ImpStyliseSettings *settings, const ImpDescentScale *scale,
                                const ImpImage *content, const ImpImage *const *styles, size_t n, ImpImage **out,
                                ImpError *error) {
    ImpRestyle *restyle = NULL;
    ImpRestyleOptions options = {.transform = IMP_STYLE_ADAIN, .strength = 1};
    ImpCodeRun run = {
        .rgb = content->rgb, .width = content->width, .height = content->height, .memory = restyle_memory};
    ImpPixelSpace unit = imp_pixel_space(false);
    ImpStatus status = imp_restyle_new("builtin", settings->decoder, &restyle, error);
    if (status == IMP_OK) status = add_styles(settings, scale, content, styles, n, restyle, error);
    if (status == IMP_OK) status = imp_image_new(content->width, content->height, out, error);
    if (status == IMP_OK) status = imp_restyle_run(restyle, &options, &run, (*out)->rgb, error);
    if (status == IMP_OK) imp_pixels_clamp(&unit, (*out)->rgb, (size_t)run.width * (size_t)run.height);
    imp_restyle_free(&restyle);
    return status;
}

ImpStatus imp_stylise_start(const ImpStyliseSettings *settings, const ImpDescentScale *scale, const ImpImage *content,
                            const ImpImage *const *styles, size_t n, ImpDescentState *state, ImpError *error) {
    ImpPixelSpace space = imp_pixel_space(settings->descent.bytes);
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
        status = imp_picture_cover(styles[0], state->width, state->height, &picture, error);
        from = picture;
        break;
    case IMP_INIT_ADAIN:
        status = start_restyled(settings, scale, content, styles, n, &picture, error);
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
