#include "method/descent_watch.h"

#include "base/clock.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdio.h>

void imp_descent_watch_begin(ImpDescentWatch *watch, const ImpObserver *observer, const ImpDescentSettings *settings,
                             const ImpPictureFinish *finish) {
    *watch = (ImpDescentWatch){.observer = *observer, .settings = settings, .finish = *finish};
    watch->began = watch->scale_began = imp_clock_seconds();
}

void imp_descent_watch_scale(ImpDescentWatch *watch, int64_t evaluations) {
    watch->scale_began = imp_clock_seconds();
    watch->scale_first = evaluations;
}

double imp_descent_watch_seconds(const ImpDescentWatch *watch) {
    return imp_clock_seconds() - watch->began + watch->earlier;
}

/* An evaluation costs about as much as its picture has pixels. Negative while too little is known. */
static double seconds_left(const ImpDescentWatch *watch, int scale, int64_t evaluation) {
    const ImpDescentSettings *settings = watch->settings;
    int64_t done = evaluation - watch->scale_first;
    if (done < 2) return -1;
    const ImpDescentScale *now = &settings->scales[scale];
    double area = (double)now->width * now->height, work = (double)(now->evaluations - evaluation) * area;
    for (int i = scale + 1; i < settings->n_scales; i++)
        work += (double)settings->scales[i].evaluations * settings->scales[i].width * settings->scales[i].height;
    return (imp_clock_seconds() - watch->scale_began) / ((double)done * area) * work;
}

void imp_descent_metrics(const ImpDescentSettings *settings, const ImpDescentLosses *losses,
                         ImpMetric out[IMP_MAX_METRICS], size_t *count) {
    *count = settings->n_parts + 1;
    out[0] = (ImpMetric){"total", losses->total};
    for (size_t i = 1; i < *count; i++) out[i] = (ImpMetric){settings->part_names[i - 1], losses->parts[i - 1]};
}

/* The average where there is one, else the picture that was evaluated. */
static ImpStatus hand_over(const ImpDescentWatch *watch, const ImpDescentState *state, const float *pixels,
                           const ImpProgress *progress, ImpError *error) {
    ImpPixelSpace space = imp_pixel_space(watch->settings->bytes);
    float *average = NULL;
    ImpImage *image = NULL;
    ImpStatus status = IMP_OK;
    if (state->average) {
        status = IMP_ALLOC(&average, 3 * (size_t)state->width * (size_t)state->height, "picture", error);
        if (status == IMP_OK) imp_descent_state_picture(state, average);
    }
    if (status == IMP_OK)
        status = imp_picture_finish(&watch->finish, &space, average ? average : pixels, state->width, state->height,
                                    &image, error);
    if (status == IMP_OK) watch->observer.snapshot(watch->observer.context, image, progress);
    imp_image_free(&image);
    imp_free(average);
    return status;
}

ImpStatus imp_descent_watch_step(ImpDescentWatch *watch, const ImpDescentState *state, const float *pixels,
                                 int64_t evaluation, int64_t total, const ImpDescentLosses *losses, ImpError *error) {
    if (!watch->observer.progress) return IMP_OK;
    ImpMetric metrics[IMP_MAX_METRICS];
    ImpProgress progress = {.step = total,
                            .steps = total - evaluation,
                            .scale = state->scale + 1,
                            .scales = watch->settings->n_scales,
                            .width = state->width,
                            .height = state->height,
                            .seconds = imp_descent_watch_seconds(watch),
                            .seconds_left = seconds_left(watch, state->scale, evaluation),
                            .metrics = metrics};
    for (int i = state->scale; i < watch->settings->n_scales; i++)
        progress.steps += watch->settings->scales[i].evaluations;
    imp_descent_metrics(watch->settings, losses, metrics, &progress.n_metrics);
    unsigned wishes = watch->observer.progress(watch->observer.context, &progress);
    if (wishes & IMP_STOP) watch->stop = true;
    if (wishes & IMP_CHECKPOINT) watch->checkpoint = true;
    if ((wishes & IMP_SNAPSHOT) && watch->observer.snapshot) return hand_over(watch, state, pixels, &progress, error);
    return IMP_OK;
}

void imp_descent_notice(const ImpDescentWatch *watch, const char *format, ...) {
    if (!watch->observer.notice) return;
    char sentence[IMP_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    watch->observer.notice(watch->observer.context, sentence);
}
