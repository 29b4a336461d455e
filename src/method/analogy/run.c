#include "method/analogy/run.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "method/analogy/paint.h"
#include "method/analogy/scan.h"
#include <stdio.h>
#include <string.h>

typedef struct Pictures {
    const ImpPicture *source, *filtered, *target;
} Pictures;

static const ImpPicture *find(const ImpRequest *request, const char *role) {
    for (size_t i = 0; i < request->n_pictures; i++)
        if (strcmp(request->pictures[i].role, role) == 0) return &request->pictures[i];
    return NULL;
}

static ImpStatus find_pictures(const ImpRequest *request, Pictures *out, ImpError *error) {
    *out = (Pictures){find(request, "source"), find(request, "filtered"), find(request, "target")};
    if (!out->source || !out->filtered || !out->target)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "analogy takes a source picture, the same picture filtered, and a target");
    const ImpImage *source = out->source->image, *filtered = out->filtered->image;
    if (source->width == filtered->width && source->height == filtered->height) return IMP_OK;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "%s has %dx%d pixels and %s has %dx%d, but the source picture and its filtered version show the "
                    "same pixel for pixel; crop or scale one to the other's size",
                    out->source->name, source->width, source->height, out->filtered->name, filtered->width,
                    filtered->height);
}

static bool is_scanned(const ImpAnalogyJob *job, int index) {
    return !job->settings->fast || index + 1 == job->pyramid->count;
}

static int64_t count_steps(const ImpAnalogyJob *job) {
    int64_t steps = 0;
    for (int i = 0; i < job->pyramid->count; i++) {
        const ImpAnalogyPlane *target = &job->pyramid->levels[i].target;
        steps += (int64_t)target->width * target->height * (is_scanned(job, i) ? 1 : job->settings->iterations);
    }
    return steps;
}

static ImpStatus make_levels(ImpAnalogyJob *job, ImpError *error) {
    ImpStatus status = IMP_OK;
    job->watch->steps = count_steps(job);
    for (int i = job->pyramid->count - 1; i >= 0 && status == IMP_OK && !job->watch->stop; i--) {
        job->watch->index = i;
        imp_analogy_level_begin(job->pyramid, i);
        status = is_scanned(job, i) ? imp_analogy_scan(job, i, error) : imp_analogy_patchmatch(job, i, error);
    }
    return status;
}

/* A map that cannot be written, on a full disk say, must not take the picture with it. */
static void write_map(const ImpAnalogyJob *job, const int32_t *map, ImpResult *result) {
    const ImpObserver *observer = &job->watch->observer;
    ImpError error;
    char sentence[sizeof error.message + 64];
    if (!job->settings->source_map) return;
    if (imp_analogy_write_map(job->pyramid, map, job->settings->source_map, &error) == IMP_OK) return;
    result->faults++;
    snprintf(sentence, sizeof sentence, "no source map: %s", error.message);
    if (observer->notice) observer->notice(observer->context, sentence);
}

static ImpStatus finish(const ImpAnalogyJob *job, const ImpImage *target, ImpResult *result, ImpError *error) {
    const ImpAnalogyPlane *last = &job->pyramid->levels[job->watch->index].target;
    int32_t *map;
    ImpStatus status = imp_analogy_map(job->pyramid, job->watch->index, &map, error);
    if (status == IMP_OK) status = imp_analogy_paint(job->pyramid, map, target, &result->image, error);
    if (status == IMP_OK) write_map(job, map, result);
    double share = (double)job->coherent / ((double)last->width * last->height);
    snprintf(result->remark, sizeof result->remark, "%.0f %% goes on with a neighbour", 100 * share);
    imp_free(map);
    return status;
}

static ImpStatus run_pictures(const ImpRequest *request, const Pictures *pictures, const ImpAnalogySettings *settings,
                              ImpResult *result, ImpError *error) {
    ImpAnalogyWatch watch = {.observer = request->observer, .began = imp_clock_seconds()};
    const ImpImage *target = pictures->target->image;
    ImpAnalogyPyramid pyramid;
    ImpRandom random;
    ImpAnalogyJob job = {&pyramid, settings, &random, &watch, 0};
    imp_random_seed(&random, settings->seed);
    watch.pyramid = &pyramid;
    watch.target = target;
    ImpStatus status =
        imp_analogy_pyramid_new(pictures->source->image, pictures->filtered->image, target, settings, &pyramid, error);
    if (status == IMP_OK) status = make_levels(&job, error);
    if (status == IMP_OK) status = finish(&job, target, result, error);
    result->steps = watch.step;
    result->stopped = watch.stop;
    result->seconds = imp_clock_seconds() - watch.began;
    imp_analogy_pyramid_clear(&pyramid);
    return status;
}

ImpStatus imp_analogy_run(const ImpRequest *request, ImpResult *result, ImpError *error) {
    ImpAnalogySettings settings;
    Pictures pictures;
    *result = (ImpResult){0};
    ImpStatus status = find_pictures(request, &pictures, error);
    if (status == IMP_OK) status = imp_analogy_settings_read(request->params, &settings, error);
    if (status == IMP_OK && settings.source_map) {
        ImpImageWriteOptions options = {.bit_depth = 16, .format = "png"};
        status = imp_image_check_writable(settings.source_map, &options, error);
    }
    if (status != IMP_OK) return status;
    int threads = imp_threads_set((int)imp_params_integer(request->params, "threads"));
    status = run_pictures(request, &pictures, &settings, result, error);
    imp_threads_set(threads);
    return status;
}
