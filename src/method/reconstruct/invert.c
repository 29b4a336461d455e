#include "method/reconstruct/invert.h"

#include "base/memory.h"
#include "image/label.h"
#include "image/sheet.h"
#include "method/descent.h"
#include "method/descent_checkpoint.h"
#include "method/reconstruct/objective.h"
#include <stdio.h>
#include <string.h>

static const ImpCheckpointKind checkpoint_kind = {"reconstruct 1", "reconstruct"};
static const double noise_deviation = 0.02; /* around the mean colour, in the range from 0 to 1 */

typedef struct Run {
    const ImpRequest *request;
    const ImpReconstructSettings *settings;
    const ImpVggWeights *weights;
    const ImpImage *original;
    ImpImage *target; /* at the size worked at */
    ImpImage *wanted; /* at the result's size */
    ImpDescentState state;
    ImpReconstructObjective *objective;
    ImpDescentWatch watch;
    ImpCheckpointOrigin origin;
    ImpImage *found[IMP_VGG_MAX_CONVS]; /* for each layer, at the result's size; on a sheet labelled */
    ImpDescentLosses losses;            /* of the layer found last */
    int64_t total;                      /* evaluations reported */
    size_t faults;                      /* checkpoints that could not be written */
} Run;

/* --- one layer ---------------------------------------------------------------------------------------------------- */

static void fill(Run *run) {
    size_t places = (size_t)run->state.width * (size_t)run->state.height;
    float *pixels = run->state.pixels;
    imp_random_seed(&run->state.random, run->settings->seed);
    if (run->settings->init == IMP_RECONSTRUCT_CONTENT) {
        memcpy(pixels, run->target->rgb, 3 * places * sizeof *pixels);
        return;
    }
    memset(pixels, 0, 3 * places * sizeof *pixels);
    if (run->settings->init == IMP_RECONSTRUCT_NOISE)
        imp_random_normal(&run->state.random, pixels, 3 * places, noise_deviation);
    for (size_t i = 0; i < 3 * places; i++) pixels[i] += imp_reconstruct_mean[i / places];
}

/* A checkpoint that cannot be written must not take the picture with it: the run goes on. */
static void write_checkpoint(void *context) {
    Run *run = context;
    const ImpDescentSettings *descent = &run->settings->descent;
    ImpError error;
    if (!descent->checkpoint) return;
    ImpStatus status = imp_checkpoint_write(descent->checkpoint, &run->origin, descent, &run->state,
                                            imp_descent_watch_seconds(&run->watch), &error);
    if (status == IMP_OK || run->faults++ > 0) return;
    imp_descent_notice(&run->watch, "no checkpoint: %s; the run goes on without", error.message);
}

static ImpStatus begin(Run *run, int layer, ImpError *error) {
    const ImpDescentSettings *descent = &run->settings->descent;
    if (descent->resume)
        return imp_checkpoint_read(descent->resume, &run->origin, descent, &run->state, &run->watch.earlier, error);
    ImpStatus status = imp_descent_state_begin(descent, layer, &run->state, error);
    if (status != IMP_OK) return status;
    run->state.total = run->total;
    fill(run);
    return IMP_OK;
}

static ImpStatus descend(Run *run, ImpError *error) {
    ImpDescent descent = {.settings = &run->settings->descent,
                          .evaluate = imp_reconstruct_evaluate,
                          .objective = run->objective,
                          .gain = imp_reconstruct_gain(run->objective),
                          .state = &run->state,
                          .watch = &run->watch,
                          .checkpoint = write_checkpoint,
                          .context = run};
    ImpStatus status = imp_descent_run(&descent, error);
    run->total = descent.total;
    return status;
}

/* For the sheet. */
static ImpStatus label(Run *run, int layer, double psnr, ImpError *error) {
    const char *name = run->settings->layers[layer];
    ImpImage *labelled;
    char text[48];
    imp_descent_notice(&run->watch, "%s: PSNR %.2f dB", name, psnr);
    snprintf(text, sizeof text, "%s %.1f dB", name, psnr);
    ImpStatus status = imp_label_below(run->found[layer], text, &labelled, error);
    if (status != IMP_OK) return status;
    imp_image_free(&run->found[layer]);
    run->found[layer] = labelled;
    return IMP_OK;
}

/* The best picture of the layer, finished, and what is to be said of it. */
static ImpStatus take_picture(Run *run, int layer, ImpError *error) {
    const ImpDescentState *state = &run->state;
    const ImpPictureFinish *finish = &run->watch.finish;
    ImpPixelSpace unit = imp_pixel_space(false);
    float *pixels;
    size_t count = 3 * (size_t)state->width * (size_t)state->height;
    ImpStatus status = IMP_ALLOC(&pixels, count, "picture", error);
    if (status != IMP_OK) return status;
    imp_descent_state_picture(state, pixels);
    status = imp_picture_finish(finish, &unit, pixels, state->width, state->height, &run->found[layer], error);
    imp_free(pixels);
    if (status != IMP_OK) return status;
    size_t numbers = 3 * (size_t)finish->width * (size_t)finish->height;
    double psnr = imp_reconstruct_psnr(run->found[layer]->rgb, run->wanted->rgb, numbers);
    run->losses = state->best_losses;
    run->losses.parts[3] = psnr;
    return run->settings->sheet ? label(run, layer, psnr, error) : IMP_OK;
}

static ImpStatus invert_layer(Run *run, int layer, ImpError *error) {
    const ImpReconstructSettings *settings = run->settings;
    ImpStatus status = begin(run, layer, error);
    if (status == IMP_OK)
        status = imp_reconstruct_objective_new(run->weights, settings, settings->layers[layer], run->target,
                                               &run->objective, error);
    if (status == IMP_OK) status = descend(run, error);
    if (status == IMP_OK) write_checkpoint(run);
    if (status == IMP_OK) status = take_picture(run, layer, error);
    imp_reconstruct_objective_free(&run->objective);
    imp_descent_state_end(&run->state);
    return status;
}

/* --- the result --------------------------------------------------------------------------------------------------- */

static ImpSheetCell cell_of(const ImpImage *image) {
    if (!image) return (ImpSheetCell){0};
    return (ImpSheetCell){image->rgb, 3, image->width, image->height};
}

/* The picture itself, then what the layers know of it. */
static ImpStatus make_sheet(const Run *run, ImpImage **out, ImpError *error) {
    ImpSheetCell cells[IMP_VGG_MAX_CONVS + 1];
    ImpImage *first;
    ImpStatus status = imp_label_below(run->wanted, "the picture", &first, error);
    if (status != IMP_OK) return status;
    cells[0] = cell_of(first);
    for (int i = 0; i < run->settings->n_layers; i++) cells[i + 1] = cell_of(run->found[i]);
    status = imp_sheet_new(cells, (size_t)run->settings->n_layers + 1, NULL, out, error);
    imp_image_free(&first);
    return status;
}

static ImpStatus make_result(Run *run, ImpResult *result, ImpError *error) {
    ImpStatus status = IMP_OK;
    if (run->settings->sheet) {
        status = make_sheet(run, &result->image, error);
    } else {
        result->image = run->found[0];
        run->found[0] = NULL;
        imp_descent_metrics(&run->settings->descent, &run->losses, result->metrics, &result->n_metrics);
        snprintf(result->remark, sizeof result->remark, "PSNR %.2f dB", run->losses.parts[3]);
    }
    result->stopped = run->watch.stop;
    result->steps = run->total;
    result->faults = run->faults;
    result->seconds = imp_descent_watch_seconds(&run->watch);
    return status;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static ImpStatus prepare(Run *run, const ImpPicture *picture, ImpError *error) {
    const ImpReconstructSettings *s = run->settings;
    const ImpDescentScale *scale = &s->descent.scales[0];
    run->original = picture->image;
    ImpPictureFinish finish = {.content = run->original, .width = s->width, .height = s->height};
    imp_descent_watch_begin(&run->watch, &run->request->observer, &s->descent, &finish);
    if (s->shrunk)
        imp_descent_notice(&run->watch,
                           "%.200s has %dx%d pixels; the result will have %dx%d, the limit without size (give size %d "
                           "to keep them all)",
                           picture->name, run->original->width, run->original->height, s->width, s->height,
                           run->original->width > run->original->height ? run->original->width : run->original->height);
    run->origin = (ImpCheckpointOrigin){.kind = &checkpoint_kind,
                                        .params = run->request->params,
                                        .pictures = run->request->pictures,
                                        .n_pictures = run->request->n_pictures,
                                        .model_sha256 = run->weights->sha256};
    ImpStatus status = imp_picture_prepare(run->original, scale->width, scale->height, &run->target, error);
    if (status == IMP_OK) status = imp_picture_prepare(run->original, s->width, s->height, &run->wanted, error);
    return status;
}

ImpStatus imp_reconstruct_invert(const ImpRequest *request, const ImpReconstructSettings *settings,
                                 const ImpVggWeights *weights, const ImpPicture *picture, ImpResult *result,
                                 ImpError *error) {
    Run run = {.request = request, .settings = settings, .weights = weights};
    ImpStatus status = prepare(&run, picture, error);
    for (int i = 0; i < settings->n_layers && status == IMP_OK && !run.watch.stop; i++)
        status = invert_layer(&run, i, error);
    if (status == IMP_OK) status = make_result(&run, result, error);
    for (int i = 0; i < settings->n_layers; i++) imp_image_free(&run.found[i]);
    imp_image_free(&run.target);
    imp_image_free(&run.wanted);
    imp_free(run.origin.picture_hashes);
    return status;
}
