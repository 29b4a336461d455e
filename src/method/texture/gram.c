/* Parametric texture (Gatys, Ecker, Bethge 2015): a picture, begun as noise, whose Gram matrices become the exemplar's.
 * That is stylize without a content, on an empty canvas of the size wanted; it is asked as anybody would ask it. */
#include "base/error.h"
#include "base/memory.h"
#include "method/texture/model.h"
#include <stdio.h>

enum { MULTIPLE = 16 }; /* of which the network's layers can be laid side by side: they shrink by so much at most */

/* Options that stylize has too: ours, and what it calls them. */
static const char *const shared[][2] = {
    {"network", "model"},       {"layers", "style-layers"},     {"histogram-weight", "histogram-weight"},
    {"tv-weight", "tv-weight"}, {"evaluations", "evaluations"}, {"seed", "seed"},
    {"threads", "threads"},     {"checkpoint", "checkpoint"},   {"checkpoint-every", "checkpoint-every"},
    {"resume", "resume"}};

static int longer(int width, int height) {
    return width > height ? width : height;
}

static ImpStatus set_number(ImpParams *params, const char *name, double value, ImpError *error) {
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    return imp_params_set(params, name, text, error);
}

/* The exemplar keeps its own size beside the result's. */
static ImpStatus set_sizes(const ImpTextureJob *job, ImpParams *params, ImpError *error) {
    const ImpTextureSettings *s = job->settings;
    int side = longer(s->width, s->height), own = longer(job->exemplar->width, job->exemplar->height);
    ImpStatus status = set_number(params, "size", side, error);
    return status == IMP_OK ? set_number(params, "style-scale", (double)own / side, error) : status;
}

static ImpStatus set_all(const ImpTextureJob *job, ImpParams *params, ImpError *error) {
    const char *padding = imp_params_flag(job->params, "seamless") ? "circular" : "replicate";
    ImpStatus status = imp_params_set(params, "content-weight", "0", error);
    if (status == IMP_OK) status = imp_params_set(params, "init", "noise", error);
    if (status == IMP_OK) status = imp_params_set(params, "padding", padding, error);
    if (status == IMP_OK) status = set_sizes(job, params, error);
    for (size_t i = 0; i < sizeof shared / sizeof *shared && status == IMP_OK; i++)
        if (imp_params_has(job->params, shared[i][0]))
            status = imp_params_set(params, shared[i][1], imp_params_text(job->params, shared[i][0]), error);
    return status;
}

static int nearest_multiple(int side) {
    int multiple = (side + MULTIPLE / 2) / MULTIPLE * MULTIPLE;
    return multiple < MULTIPLE ? MULTIPLE : multiple;
}

static ImpStatus check_seamless(const ImpTextureJob *job, ImpError *error) {
    const ImpTextureSettings *s = job->settings;
    if (!imp_params_flag(job->params, "seamless") || (s->width % MULTIPLE == 0 && s->height % MULTIPLE == 0))
        return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "a seamless texture's sides are multiples of %d, not %dx%d; give size %dx%d", MULTIPLE, s->width,
                    s->height, nearest_multiple(s->width), nearest_multiple(s->height));
}

static ImpStatus run_stylize(const ImpTextureJob *job, const ImpParams *params, const ImpImage *canvas, ImpImage **out,
                             ImpError *error) {
    ImpPicture pictures[] = {{"content", "the canvas", canvas}, {"style", "the exemplar", job->exemplar}};
    ImpRequest request = {.params = params, .pictures = pictures, .n_pictures = 2, .observer = job->watch->observer};
    ImpResult result;
    ImpStatus status = imp_method_find("stylize")->run(&request, &result, error);
    *out = result.image;
    job->watch->step = result.steps;
    job->watch->stop = result.stopped;
    return status;
}

static ImpStatus run(const ImpTextureJob *job, ImpImage **out, ImpError *error) {
    ImpParams *params = NULL;
    ImpImage *canvas = NULL;
    *out = NULL;
    ImpStatus status = check_seamless(job, error);
    if (status == IMP_OK) status = imp_params_new(&imp_method_find("stylize")->params, &params, error);
    if (status == IMP_OK) status = set_all(job, params, error);
    if (status == IMP_OK) status = imp_image_new(job->settings->width, job->settings->height, &canvas, error);
    if (status == IMP_OK) canvas->bit_depth = job->exemplar->bit_depth;
    if (status == IMP_OK) status = run_stylize(job, params, canvas, out, error);
    imp_params_free(&params);
    imp_image_free(&canvas);
    return status;
}

const ImpTextureModel imp_texture_gram = {
    .name = "gram",
    .options =
        "|size|seamless|network|layers|histogram-weight|tv-weight|evaluations|checkpoint|checkpoint-every|resume|",
    .fills = false,
    .run = run};
