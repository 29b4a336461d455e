#include "method/analogy/pyramid.h"

#include "base/memory.h"
#include "image/colour.h"
#include "method/picture.h"
#include <math.h>
#include <string.h>

enum { LEAST_SIDE = 16 }; /* pixels of either picture at the coarsest level, if the number of levels is not given */

static const double least_deviation = 1e-3; /* of luminance: less is even */

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* The pixels of `image` as numbers, with room for `more` channels after them. */
static ImpStatus make_plane(const ImpImage *image, bool colour, int more, ImpAnalogyPlane *out, ImpError *error) {
    ImpImage *opaque;
    ImpStatus status = imp_picture_prepare(image, image->width, image->height, &opaque, error);
    if (status != IMP_OK) return status;
    status = imp_analogy_plane_new(image->width, image->height, (colour ? 3 : 1) + more, out, error);
    size_t width = (size_t)image->width, places = width * (size_t)image->height;
    for (size_t i = 0; i < places && status == IMP_OK; i++) {
        float *numbers = imp_analogy_at(out, (int)(i % width), (int)(i / width));
        const float *rgb = opaque->rgb + i;
        for (size_t c = 0; c < 3 && colour; c++) numbers[c] = rgb[c * places];
        if (!colour) numbers[0] = imp_colour_luminance(rgb[0], rgb[places], rgb[2 * places]);
    }
    if (status == IMP_OK) imp_analogy_plane_spread(out);
    imp_image_free(&opaque);
    return status;
}

static void measure(const ImpAnalogyPlane *plane, double *mean, double *deviation) {
    double sum = 0, squares = 0, places = (double)plane->width * plane->height;
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++) sum += (double)*imp_analogy_at(plane, x, y);
    *mean = sum / places;
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++) {
            double off = (double)*imp_analogy_at(plane, x, y) - *mean;
            squares += off * off;
        }
    *deviation = sqrt(squares / places);
}

static void map_plane(ImpAnalogyPlane *plane, double scale, double shift) {
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++) {
            float *number = imp_analogy_at(plane, x, y);
            *number = (float)(scale * (double)*number + shift);
        }
    imp_analogy_plane_spread(plane);
}

/* Gives the luminance of the source the target's mean and deviation, and the filtered one goes with it (section 3.4).
 * An even picture is only moved. */
static void remap(ImpAnalogyLevel *level) {
    double mean, deviation, other_mean, other_deviation;
    measure(&level->source, &mean, &deviation);
    measure(&level->target, &other_mean, &other_deviation);
    double scale = deviation > least_deviation ? other_deviation / deviation : 1;
    map_plane(&level->source, scale, other_mean - scale * mean);
    map_plane(&level->filtered, scale, other_mean - scale * mean);
}

static float brightness(const float *numbers, int channels) {
    return channels == 1 ? numbers[0] : imp_colour_luminance(numbers[0], numbers[1], numbers[2]);
}

/* The last two channels become the differences of luminance along x and y, times `weight`. */
static void add_gradients(ImpAnalogyPlane *plane, float weight) {
    int channels = plane->channels - 2;
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++) {
            float *out = imp_analogy_at(plane, x, y) + channels;
            out[0] = weight * (brightness(imp_analogy_at(plane, x + 1, y), channels) -
                               brightness(imp_analogy_at(plane, x - 1, y), channels));
            out[1] = weight * (brightness(imp_analogy_at(plane, x, y + 1), channels) -
                               brightness(imp_analogy_at(plane, x, y - 1), channels));
        }
    imp_analogy_plane_spread(plane);
}

/* --- levels ------------------------------------------------------------------------------------------------------- */

static ImpStatus begin(const ImpImage *source, const ImpImage *filtered, const ImpImage *target,
                       const ImpAnalogySettings *settings, ImpAnalogyLevel *level, ImpError *error) {
    int more = settings->gradients > 0 ? 2 : 0;
    ImpStatus status = make_plane(source, settings->colour, more, &level->source, error);
    if (status == IMP_OK) status = make_plane(filtered, settings->colour, 0, &level->filtered, error);
    if (status == IMP_OK) status = make_plane(target, settings->colour, more, &level->target, error);
    if (status == IMP_OK && settings->remap && !settings->colour) remap(level);
    return status;
}

static ImpStatus halve(const ImpAnalogyLevel *level, ImpAnalogyLevel *out, ImpError *error) {
    ImpStatus status = imp_analogy_plane_halve(&level->source, &out->source, error);
    if (status == IMP_OK) status = imp_analogy_plane_halve(&level->filtered, &out->filtered, error);
    if (status == IMP_OK) status = imp_analogy_plane_halve(&level->target, &out->target, error);
    return status;
}

static ImpStatus finish_level(ImpAnalogyLevel *level, float gradients, ImpError *error) {
    const ImpAnalogyPlane *target = &level->target;
    if (gradients > 0) {
        add_gradients(&level->source, gradients);
        add_gradients(&level->target, gradients);
    }
    ImpStatus status =
        imp_analogy_plane_new(target->width, target->height, level->filtered.channels, &level->result, error);
    if (status != IMP_OK) return status;
    return IMP_ALLOC(&level->from, (size_t)target->width * (size_t)target->height, "level of the pyramid", error);
}

static int lesser(int a, int b) {
    return a < b ? a : b;
}

static int least_side(const ImpAnalogyLevel *level) {
    return lesser(lesser(level->source.width, level->source.height), lesser(level->target.width, level->target.height));
}

static bool is_single(const ImpAnalogyPlane *plane) {
    return plane->width == 1 && plane->height == 1;
}

static bool goes_on(const ImpAnalogyPyramid *pyramid, int wanted) {
    const ImpAnalogyLevel *last = &pyramid->levels[pyramid->count - 1];
    if (pyramid->count >= (wanted > 0 ? wanted : IMP_ANALOGY_MAX_LEVELS)) return false;
    if (is_single(&last->source) && is_single(&last->target)) return false;
    return wanted > 0 || (least_side(last) + 1) / 2 >= LEAST_SIDE;
}

ImpStatus imp_analogy_pyramid_new(const ImpImage *source, const ImpImage *filtered, const ImpImage *target,
                                  const ImpAnalogySettings *settings, ImpAnalogyPyramid *out, ImpError *error) {
    *out = (ImpAnalogyPyramid){.count = 1};
    ImpStatus status = begin(source, filtered, target, settings, &out->levels[0], error);
    while (status == IMP_OK && goes_on(out, settings->levels)) {
        status = halve(&out->levels[out->count - 1], &out->levels[out->count], error);
        out->count++;
    }
    for (int i = 0; i < out->count && status == IMP_OK; i++)
        status = finish_level(&out->levels[i], settings->gradients, error);
    if (status != IMP_OK) imp_analogy_pyramid_clear(out);
    return status;
}

void imp_analogy_pyramid_clear(ImpAnalogyPyramid *pyramid) {
    for (int i = 0; i < IMP_ANALOGY_MAX_LEVELS; i++) {
        ImpAnalogyLevel *level = &pyramid->levels[i];
        imp_analogy_plane_clear(&level->source);
        imp_analogy_plane_clear(&level->filtered);
        imp_analogy_plane_clear(&level->target);
        imp_analogy_plane_clear(&level->result);
        imp_free(level->from);
    }
    *pyramid = (ImpAnalogyPyramid){0};
}

/* --- from coarse to fine ------------------------------------------------------------------------------------------ */

int32_t imp_analogy_finer(const ImpAnalogyPlane *fine, const ImpAnalogyPlane *coarse, int32_t from, int x, int y) {
    int u = 2 * (from % coarse->width) + x % 2, v = 2 * (from / coarse->width) + y % 2;
    return lesser(v, fine->height - 1) * fine->width + lesser(u, fine->width - 1);
}

/* The place of the exemplar that is as far along and down as pixel (x,y) is in the target. */
static int32_t alike(const ImpAnalogyLevel *level, int x, int y) {
    const ImpAnalogyPlane *to = &level->source;
    int64_t u = (int64_t)x * to->width / level->target.width, v = (int64_t)y * to->height / level->target.height;
    return (int32_t)(v * to->width + u);
}

void imp_analogy_level_begin(ImpAnalogyPyramid *pyramid, int index) {
    ImpAnalogyLevel *level = &pyramid->levels[index], *coarse = level + 1;
    bool coarsest = index + 1 == pyramid->count;
    size_t pixel = (size_t)level->result.channels * sizeof(float);
    for (int y = 0; y < level->target.height; y++)
        for (int x = 0; x < level->target.width; x++) {
            int32_t *from = &level->from[(size_t)y * (size_t)level->target.width + (size_t)x];
            if (coarsest)
                *from = alike(level, x, y);
            else
                *from = imp_analogy_finer(
                    &level->source, &coarse->source,
                    coarse->from[(size_t)(y / 2) * (size_t)coarse->target.width + (size_t)(x / 2)], x, y);
            memcpy(imp_analogy_at(&level->result, x, y), imp_analogy_shown(level, *from), pixel);
        }
    imp_analogy_plane_spread(&level->result);
}
