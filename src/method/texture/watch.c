#include "method/texture/watch.h"

#include "base/clock.h"
#include <stdarg.h>
#include <stdio.h>

void imp_texture_watch_begin(ImpTextureWatch *watch, const ImpObserver *observer, const ImpImage *exemplar, int width,
                             int height) {
    *watch = (ImpTextureWatch){
        .observer = *observer, .exemplar = exemplar, .width = width, .height = height, .began = imp_clock_seconds()};
}

ImpStatus imp_texture_watch_step(ImpTextureWatch *watch, const ImpTextureStage *stage, ImpError *error) {
    const ImpObserver *observer = &watch->observer;
    double seconds = imp_clock_seconds() - watch->began;
    ImpProgress progress = {.step = stage->step,
                            .steps = stage->steps,
                            .scale = stage->scale,
                            .scales = stage->scales,
                            .width = stage->canvas->width,
                            .height = stage->canvas->height,
                            .seconds = seconds,
                            .seconds_left = -1};
    if (stage->step > 0) progress.seconds_left = seconds / (double)stage->step * (double)(stage->steps - stage->step);
    watch->step = stage->step;
    if (!observer->progress) return IMP_OK;
    unsigned wishes = observer->progress(observer->context, &progress);
    if (wishes & IMP_STOP) watch->stop = true;
    if (!(wishes & IMP_SNAPSHOT) || !observer->snapshot) return IMP_OK;
    ImpImage *picture;
    ImpStatus status = imp_texture_canvas_paint(stage->canvas, watch->exemplar, watch->width, watch->height,
                                                stage->shift, &picture, error);
    if (status == IMP_OK) observer->snapshot(observer->context, picture, &progress);
    imp_image_free(&picture);
    return status;
}

void imp_texture_watch_notice(const ImpTextureWatch *watch, const char *format, ...) {
    char sentence[256];
    if (!watch->observer.notice) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    watch->observer.notice(watch->observer.context, sentence);
}
