#include "method/stylise/stylise.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "method/descent.h"
#include "method/descent_checkpoint.h"
#include "method/stylise/fit.h"
#include "method/stylise/model.h"
#include "method/stylise/objective.h"
#include "method/stylise/parameters.h"
#include "method/stylise/start.h"
#include <string.h>

typedef struct Run {
    const ImpRequest *request;
    ImpStyliseSettings settings;
    const ImpPicture *content;
    const ImpImage **styles; /* (n_styles) */
    size_t n_styles;
    ImpVggWeights *weights;
    ImpGuidance guidance;
    char masks_sha256[IMP_SHA256_TEXT];
    ImpStyliseSources sources; /* all of the above, for the objectives */
    ImpDescentState state;
    ImpStyliseObjective *objective; /* of the scale at work */
    ImpDescentWatch watch;
    ImpCheckpointOrigin origin;
    int64_t total; /* evaluations reported */
    size_t faults; /* checkpoints that could not be written */
} Run;

static const ImpCheckpointKind checkpoint_kind = {"stylize 1", "stylize"};

static ImpStatus take_pictures(Run *run, ImpError *error) {
    const ImpRequest *request = run->request;
    ImpStatus status = IMP_ALLOC(&run->styles, request->n_pictures + 1, "pictures", error);
    if (status != IMP_OK) return status;
    for (size_t i = 0; i < request->n_pictures; i++) {
        const ImpPicture *picture = &request->pictures[i];
        if (strcmp(picture->role, "content") == 0)
            run->content = picture;
        else if (strcmp(picture->role, "style") == 0)
            run->styles[run->n_styles++] = picture->image;
    }
    if (!run->content || run->n_styles == 0)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "stylize takes a content picture and at least one style");
    const ImpImage *image = run->content->image;
    if (image->width > 1 || image->height > 1) return IMP_OK;
    return imp_fail(error, IMP_ERROR_UNSUPPORTED,
                    "%.200s has a single pixel, in which there is nothing to stylize; give a larger picture",
                    run->content->name);
}

/* A checkpoint that cannot be written, on a full disk say, must not take the picture with it: the run goes on. */
static void write_checkpoint(void *context) {
    Run *run = context;
    ImpError error;
    if (!run->settings.descent.checkpoint) return;
    ImpStatus status = imp_checkpoint_write(run->settings.descent.checkpoint, &run->origin, &run->settings.descent,
                                            &run->state, imp_descent_watch_seconds(&run->watch), &error);
    if (status == IMP_OK) return;
    if (run->faults++ == 0)
        imp_descent_notice(&run->watch, "no checkpoint: %s; the run goes on without", error.message);
}

/* Shortens what the optimiser remembers where the memory asks for it: at the largest scale, and so at all. */
static ImpStatus fit_history(Run *run, ImpError *error) {
    ImpDescentSettings *descent = &run->settings.descent;
    int history;
    ImpStatus status = imp_stylise_fit_history(&run->sources, &descent->scales[descent->n_scales - 1],
                                               run->content->image, &history, error);
    if (status != IMP_OK || history == descent->history) return status;
    imp_descent_notice(&run->watch, "history is shortened from %d to %d steps, to stay within the memory",
                       descent->history, history);
    descent->history = history;
    return IMP_OK;
}

/* What is needed before the first scale: all that can be wrong with the request shows here. */
static ImpStatus prepare(Run *run, ImpError *error) {
    const ImpRequest *request = run->request;
    const ImpStyliseSettings *settings = &run->settings;
    const ImpImage *content = run->content->image;
    ImpStatus status = imp_stylise_settings_read(request->params, content->width, content->height, run->n_styles,
                                                 &run->settings, error);
    if (status == IMP_OK)
        status = imp_guidance_read(request->params, content, run->styles, run->n_styles, &run->guidance, error);
    if (status == IMP_OK) status = imp_guidance_hash(&run->guidance, run->masks_sha256, error);
    if (status == IMP_OK) status = imp_stylise_model_read(settings, &run->weights, error);
    if (status != IMP_OK) return status;
    run->sources = (ImpStyliseSources){.weights = run->weights,
                                       .settings = settings,
                                       .guidance = &run->guidance,
                                       .styles = run->styles,
                                       .n_styles = run->n_styles};
    ImpPictureFinish finish = {.content = content,
                               .width = settings->width,
                               .height = settings->height,
                               .original_colours = settings->original_colours,
                               .match_colours = settings->match_result,
                               .match_mode = settings->match_mode};
    imp_descent_watch_begin(&run->watch, &request->observer, &settings->descent, &finish);
    if (settings->shrunk)
        imp_descent_notice(&run->watch,
                           "%.200s has %dx%d pixels; the result will have %dx%d, the limit without size (give size %d "
                           "to keep them all)",
                           run->content->name, content->width, content->height, settings->width, settings->height,
                           content->width > content->height ? content->width : content->height);
    run->origin = (ImpCheckpointOrigin){.kind = &checkpoint_kind,
                                        .params = request->params,
                                        .pictures = request->pictures,
                                        .n_pictures = request->n_pictures,
                                        .model_sha256 = run->weights->sha256,
                                        .masks_sha256 = run->masks_sha256};
    status = fit_history(run, error);
    if (status != IMP_OK) return status;
    if (settings->descent.resume)
        return imp_checkpoint_read(settings->descent.resume, &run->origin, &settings->descent, &run->state,
                                   &run->watch.earlier, error);
    return imp_descent_state_begin(&settings->descent, 0, &run->state, error);
}

/* Chooses how much of the picture the network sees at once. */
static ImpStatus fit(Run *run, const ImpDescentScale *scale, ImpError *error) {
    ImpStyliseFit fit;
    ImpStatus status = imp_stylise_fit(&run->sources, scale, run->content->image, &fit, error);
    if (status != IMP_OK) return status;
    run->sources.band_rows = fit.band_rows;
    if (fit.band_rows > 0 && run->settings.band_rows == 0)
        imp_descent_notice(&run->watch, "%dx%d pixels are computed in bands, to stay within the memory: about %.1f GiB",
                           scale->width, scale->height, fit.bytes / 1073741824);
    if (!fit.fits)
        imp_descent_notice(&run->watch,
                           "%dx%d pixels will take about %.1f GiB, more than the memory allows; a smaller size or "
                           "history takes less",
                           scale->width, scale->height, fit.bytes / 1073741824);
    return IMP_OK;
}

/* Builds the objective of the scale at work; where the run begins here, so do its pixels. */
static ImpStatus begin_scale(Run *run, bool fresh, ImpError *error) {
    const ImpStyliseSettings *settings = &run->settings;
    const ImpDescentScale *scale = &settings->descent.scales[run->state.scale];
    ImpImage *content;
    ImpStatus status = imp_picture_prepare(run->content->image, scale->width, scale->height, &content, error);
    if (status == IMP_OK && settings->luminance_only) imp_colour_make_grey(content);
    if (status == IMP_OK && fresh) {
        status = imp_stylise_start(settings, scale, content, run->styles, run->n_styles, &run->state, error);
        if (status == IMP_OK && run->state.average)
            imp_descent_average_add(&run->state, settings->descent.average_decay);
    }
    if (status == IMP_OK) status = fit(run, scale, error);
    if (status == IMP_OK) status = imp_stylise_objective_new(&run->sources, scale, content, &run->objective, error);
    imp_image_free(&content);
    return status;
}

static ImpStatus descend(Run *run, ImpError *error) {
    ImpDescent descent = {.settings = &run->settings.descent,
                          .evaluate = imp_stylise_evaluate,
                          .objective = run->objective,
                          .gain = 1,
                          .state = &run->state,
                          .watch = &run->watch,
                          .checkpoint = write_checkpoint,
                          .context = run};
    ImpStatus status = imp_descent_run(&descent, error);
    run->total = descent.total;
    return status;
}

/* The losses of the result: those of the best step are known, the average has not been evaluated yet. */
static ImpStatus measure(Run *run, float *pixels, ImpDescentLosses *losses, ImpError *error) {
    *losses = run->state.best_losses;
    if (!run->state.average) return IMP_OK;
    float *gradient;
    size_t n = 3 * (size_t)run->state.width * (size_t)run->state.height;
    ImpStatus status = IMP_ALLOC(&gradient, n, "gradient", error);
    if (status == IMP_OK) status = imp_stylise_evaluate(run->objective, pixels, gradient, losses, error);
    imp_free(gradient);
    return status;
}

static ImpStatus make_result(Run *run, ImpResult *result, ImpError *error) {
    const ImpDescentState *state = &run->state;
    ImpPixelSpace space = imp_pixel_space(run->settings.descent.bytes);
    ImpDescentLosses losses;
    float *pixels;
    ImpStatus status = IMP_ALLOC(&pixels, 3 * (size_t)state->width * (size_t)state->height, "picture", error);
    if (status != IMP_OK) return status;
    imp_descent_state_picture(state, pixels);
    status = measure(run, pixels, &losses, error);
    if (status == IMP_OK)
        status =
            imp_picture_finish(&run->watch.finish, &space, pixels, state->width, state->height, &result->image, error);
    imp_free(pixels);
    if (status != IMP_OK) return status;
    result->stopped = run->watch.stop;
    result->steps = run->total;
    result->faults = run->faults;
    result->seconds = imp_descent_watch_seconds(&run->watch);
    imp_descent_metrics(&run->settings.descent, &losses, result->metrics, &result->n_metrics);
    return IMP_OK;
}

/* Scale after scale; the objective of the last one stays for the result. */
static ImpStatus run_scales(Run *run, ImpError *error) {
    ImpStatus status = begin_scale(run, !run->settings.descent.resume, error);
    for (;;) {
        if (status == IMP_OK) status = descend(run, error);
        if (status != IMP_OK || run->watch.stop || run->state.scale + 1 == run->settings.descent.n_scales)
            return status;
        imp_stylise_objective_free(&run->objective);
        run->state.total = run->total; /* with a line search that the end of the scale broke off */
        status = imp_descent_state_enlarge(&run->settings.descent, &run->state, error);
        if (status == IMP_OK) status = begin_scale(run, false, error);
    }
}

static void clear(Run *run) {
    imp_stylise_objective_free(&run->objective);
    imp_descent_state_end(&run->state);
    imp_guidance_end(&run->guidance);
    imp_vgg_weights_free(&run->weights);
    imp_free(run->origin.picture_hashes);
    imp_free(run->styles);
}

static ImpStatus stylize(const ImpRequest *request, ImpResult *result, ImpError *error) {
    *result = (ImpResult){0};
    Run run = {.request = request};
    int threads = imp_threads_set((int)imp_params_integer(request->params, "threads"));
    ImpStatus status = take_pictures(&run, error);
    if (status == IMP_OK) status = prepare(&run, error);
    if (status == IMP_OK) status = run_scales(&run, error);
    if (status == IMP_OK) write_checkpoint(&run);
    if (status == IMP_OK) status = make_result(&run, result, error);
    clear(&run);
    imp_threads_set(threads);
    return status;
}

static const ImpInput inputs[] = {{"content", "the picture whose content is kept", 1, 1},
                                  {"style", "a picture whose style is taken", 1, 64}};

const ImpMethod imp_method_stylize = {
    .name = "stylize",
    .summary = "repaint a photograph in the style of a painting",
    .description =
        "Optimises a picture, step by step, until a network that was trained to recognise things sees in it the "
        "content of one picture and the style of another (Gatys, Ecker, Bethge 2016). This is the slowest way and the "
        "one that gives the finest pictures.\n\n"
        "How much of each shows is up to the weights: more --style-weight brings the result nearer to the painting, "
        "more --content-weight nearer to the photograph. --style-scale sets the size of the brush strokes. Several "
        "styles are blended.\n\n"
        "A run can be watched (--preview), stopped at any time without losing what it has, and taken up again "
        "(--checkpoint, --resume).",
    .examples =
        "impasto stylize photo.jpg painting.jpg -o out.png  # the default: the best picture in reasonable time\n"
        "impasto stylize photo.jpg painting.jpg -o out.png --size 1024 --preview now.png  # larger, and watch it\n"
        "impasto stylize photo.jpg painting.jpg -o out.png --original-colors  # only the brush work\n"
        "impasto stylize photo.jpg a.jpg b.jpg -o out.png --style-blend-weights 2,1  # two styles\n"
        "impasto stylize photo.jpg painting.jpg -o out.png --preset neural-style  # as that program does it\n"
        "impasto stylize photo.jpg painting.jpg -o out.png --checkpoint run.st  # Ctrl-C, and later --resume run.st",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof *inputs,
    .params = {imp_stylise_rows, IMP_STYLISE_ROWS},
    .presets = imp_stylise_presets,
    .n_presets = IMP_STYLISE_PRESETS,
    .run = stylize,
};
