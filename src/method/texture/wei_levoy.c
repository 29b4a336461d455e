/* Texture synthesis coarse to fine (Wei, Levoy 2000): each level of a pyramid is made from the one before, pixel by
 * pixel in reading order, each the pixel of the exemplar whose neighbourhood in both levels is nearest. A second pass
 * looks at whole neighbourhoods, as the paper does where it fills holes; so do holes here. */
#include "base/error.h"
#include "base/memory.h"
#include "method/texture/grow.h"
#include "method/texture/model.h"
#include "method/texture/neighbourhood.h"
#include "method/texture/start.h"
#include <math.h>

enum {
    USUAL_WINDOW = 7,
    MOST_LEVELS = 12,
    LEAST_SIDE = 16,         /* pixels of the exemplar at the coarsest level, if the number of levels is not given */
    LEAST_PLACES = 100,      /* with whole neighbourhoods there */
    LEAST_AROUND_HOLE = 1000 /* the same where a hole is filled: from fewer, its inside would not go with its rim */
};

typedef struct Level {
    ImpTextureSample sample;
    ImpTextureCanvas canvas;
} Level;

typedef struct Pyramid {
    const ImpTextureJob *job;
    Level levels[MOST_LEVELS]; /* finest first */
    int n_levels, window;
    ImpTextureStage stage;
} Pyramid;

/* --- levels ------------------------------------------------------------------------------------------------------- */

static ImpNeighbourhoodShape shape_of(const Pyramid *p, int level, bool causal) {
    return (ImpNeighbourhoodShape){.fine = &p->levels[level].sample,
                                   .coarse = level + 1 < p->n_levels ? &p->levels[level + 1].sample : NULL,
                                   .window = p->window,
                                   .causal = causal};
}

/* Whether both of the last two levels have enough to choose from. */
static bool is_enough(const Pyramid *p, size_t least) {
    ImpNeighbourhoodShape coarsest = shape_of(p, p->n_levels - 1, false);
    if (imp_neighbourhoods_possible(&coarsest) < least) return false;
    if (p->n_levels == 1) return true;
    ImpNeighbourhoodShape finer = shape_of(p, p->n_levels - 2, false);
    return imp_neighbourhoods_possible(&finer) >= least;
}

/* Halves the exemplar as often as it was asked for, or as there is enough left. */
static ImpStatus make_levels(Pyramid *p, ImpError *error) {
    int wanted = p->job->settings->levels, most = wanted > 0 ? wanted : MOST_LEVELS;
    size_t least = wanted > 0 ? 1 : p->job->hole ? LEAST_AROUND_HOLE : LEAST_PLACES;
    while (p->n_levels < most) {
        Level *last = &p->levels[p->n_levels - 1], *next = &p->levels[p->n_levels];
        int side = last->sample.width < last->sample.height ? last->sample.width : last->sample.height;
        if (wanted == 0 && (side + 1) / 2 < LEAST_SIDE) break;
        ImpStatus status = imp_texture_sample_halve(&last->sample, &next->sample, error);
        if (status == IMP_OK)
            status = imp_texture_canvas_new((last->canvas.width + 1) / 2, (last->canvas.height + 1) / 2, &next->canvas,
                                            error);
        p->n_levels++;
        if (status != IMP_OK) return status;
        if (side > 1 && is_enough(p, least)) continue;
        p->n_levels--;
        imp_texture_sample_clear(&next->sample);
        imp_texture_canvas_clear(&next->canvas);
        break;
    }
    if (p->n_levels >= wanted) return IMP_OK;
    return imp_fail(
        error, IMP_ERROR_ARGUMENT,
        "after %d of %d levels nothing of the exemplar is as large as the window of %d pixels; give at most "
        "%d levels, or a smaller window",
        p->n_levels, wanted, p->window, p->n_levels);
}

/* The finest level has been started; fits the window, and makes the others. */
static ImpStatus prepare(Pyramid *p, ImpError *error) {
    const ImpTextureSettings *settings = p->job->settings;
    int wanted = settings->window ? settings->window : USUAL_WINDOW;
    ImpTextureSearch *search;
    ImpStatus status = imp_texture_fit_window(&p->levels[0].sample, wanted, &p->window, &search, error);
    if (status != IMP_OK) return status;
    imp_texture_search_free(&search);
    if (p->window < wanted)
        imp_texture_watch_notice(p->job->watch, "no window of %d pixels fits into what is known; one of %d is taken",
                                 wanted, p->window);
    return make_levels(p, error);
}

static void clear(Pyramid *p) {
    for (int i = 0; i < MOST_LEVELS; i++) {
        imp_texture_sample_clear(&p->levels[i].sample);
        imp_texture_canvas_clear(&p->levels[i].canvas);
    }
}

/* Whether the pixel of a level is to be made. */
static bool is_wanted(const Pyramid *p, int level, size_t place) {
    const bool *known = p->levels[level].sample.known;
    return !p->job->hole || (level == 0 ? p->job->hole[place] : !known[place]);
}

static int64_t count_wanted(const Pyramid *p, int level) {
    const ImpTextureCanvas *canvas = &p->levels[level].canvas;
    size_t places = (size_t)canvas->width * (size_t)canvas->height;
    int64_t count = 0;
    for (size_t i = 0; i < places; i++) count += is_wanted(p, level, i);
    return count;
}

/* --- what a level begins with ------------------------------------------------------------------------------------- */

/* Noise with the exemplar's colours. */
static void begin_with_noise(Pyramid *p, Level *level) {
    size_t places = (size_t)level->canvas.width * (size_t)level->canvas.height;
    size_t there = (size_t)level->sample.width * (size_t)level->sample.height;
    for (size_t i = 0; i < places; i++) {
        int32_t source = (int32_t)imp_random_below(p->job->random, there);
        while (!imp_texture_known(&level->sample, source)) source = (int32_t)imp_random_below(p->job->random, there);
        level->canvas.source[i] = source;
    }
}

/* What the coarser level shows, at twice its size. */
static void begin_with_coarser(const Pyramid *p, int index) {
    const Level *level = &p->levels[index], *coarse = &p->levels[index + 1];
    const ImpTextureSample *sample = &level->sample;
    for (int y = 0; y < level->canvas.height; y++)
        for (int x = 0; x < level->canvas.width; x++) {
            int32_t *source = &level->canvas.source[(size_t)y * (size_t)level->canvas.width + (size_t)x];
            if (*source >= 0) continue;
            int32_t from = coarse->canvas.source[(size_t)(y / 2) * (size_t)coarse->canvas.width + (size_t)(x / 2)];
            int u = 2 * (from % coarse->sample.width) + x % 2, v = 2 * (from / coarse->sample.width) + y % 2;
            if (u >= sample->width) u = sample->width - 1;
            if (v >= sample->height) v = sample->height - 1;
            *source = v * sample->width + u;
        }
}

/* The hole's surroundings at all levels. */
static void keep_known(const Pyramid *p) {
    for (int i = 1; i < p->n_levels && p->job->hole; i++) {
        const Level *level = &p->levels[i];
        size_t places = (size_t)level->canvas.width * (size_t)level->canvas.height;
        for (size_t k = 0; k < places; k++)
            if (level->sample.known[k]) level->canvas.source[k] = (int32_t)k;
    }
}

/* The coarsest level of a hole, grown from its rim. */
static ImpStatus grow_coarsest(Pyramid *p, Level *level, ImpError *error) {
    ImpTextureSearch *search;
    int window;
    ImpStatus status = imp_texture_fit_window(&level->sample, p->window, &window, &search, error);
    if (status != IMP_OK) return status;
    ImpTextureGrowth growth = {.sample = &level->sample,
                               .search = search,
                               .window = window,
                               .epsilon = p->job->settings->epsilon,
                               .max_error = p->job->settings->max_error,
                               .random = p->job->random,
                               .canvas = &level->canvas,
                               .watch = p->job->watch,
                               .stage = &p->stage};
    status = imp_texture_grow(&growth, error);
    imp_texture_search_free(&search);
    return status;
}

/* --- passes ------------------------------------------------------------------------------------------------------- */

static ImpStatus run_pass(Pyramid *p, int index, bool causal, ImpError *error) {
    Level *level = &p->levels[index];
    ImpNeighbourhoodShape shape = shape_of(p, index, causal);
    ImpNeighbourhoods *neighbourhoods;
    ImpStatus status = imp_neighbourhoods_new(&shape, ldexp(p->job->settings->coherence, -index),
                                              p->job->settings->exact, p->job->random, &neighbourhoods, error);
    if (status != IMP_OK) return status;
    ImpNeighbourhoodPlace place = {
        .fine = &level->canvas, .coarse = shape.coarse ? &p->levels[index + 1].canvas : NULL, .wraps = !p->job->hole};
    for (place.y = 0; place.y < level->canvas.height && status == IMP_OK && !p->job->watch->stop; place.y++) {
        int64_t before = p->stage.step;
        for (place.x = 0; place.x < level->canvas.width; place.x++) {
            size_t at = (size_t)place.y * (size_t)level->canvas.width + (size_t)place.x;
            float distance;
            if (!is_wanted(p, index, at)) continue;
            level->canvas.source[at] = imp_neighbourhoods_nearest(neighbourhoods, &place, &distance);
            p->stage.step++;
        }
        if (p->stage.step > before) status = imp_texture_watch_step(p->job->watch, &p->stage, error);
    }
    imp_neighbourhoods_free(&neighbourhoods);
    return status;
}

static ImpStatus run_level(Pyramid *p, int index, ImpError *error) {
    Level *level = &p->levels[index];
    ImpStatus status = IMP_OK;
    p->stage.scale = p->n_levels - index;
    p->stage.canvas = &level->canvas;
    p->stage.shift = index;
    if (index + 1 < p->n_levels)
        begin_with_coarser(p, index);
    else if (p->job->hole)
        status = grow_coarsest(p, level, error);
    else
        begin_with_noise(p, level);
    for (int pass = 0; pass < p->job->settings->passes && status == IMP_OK && !p->job->watch->stop; pass++)
        status = run_pass(p, index, !p->job->hole && pass == 0, error);
    return status;
}

static ImpStatus run_all(Pyramid *p, ImpError *error) {
    ImpStatus status = IMP_OK;
    p->stage.scales = p->n_levels;
    for (int i = 0; i < p->n_levels; i++) p->stage.steps += count_wanted(p, i) * p->job->settings->passes;
    if (p->job->hole) p->stage.steps += count_wanted(p, p->n_levels - 1);
    keep_known(p);
    for (int i = p->n_levels - 1; i >= 0 && status == IMP_OK && !p->job->watch->stop; i--)
        status = run_level(p, i, error);
    return status;
}

static ImpStatus run(const ImpTextureJob *job, ImpImage **out, ImpError *error) {
    Pyramid pyramid = {.job = job, .n_levels = 1};
    ImpTextureStart start;
    *out = NULL;
    ImpStatus status = imp_texture_start(job, &start, error);
    pyramid.levels[0] = (Level){start.sample, start.canvas};
    if (status == IMP_OK) status = prepare(&pyramid, error);
    if (status == IMP_OK) status = run_all(&pyramid, error);
    if (status == IMP_OK)
        status = imp_texture_canvas_paint(pyramid.stage.canvas, job->exemplar, job->settings->width,
                                          job->settings->height, pyramid.stage.shift, out, error);
    clear(&pyramid);
    return status;
}

const ImpTextureModel imp_texture_wei_levoy = {
    .name = "wei-levoy", .options = "|size|window|levels|passes|coherence|exact|hole|", .fills = true, .run = run};
