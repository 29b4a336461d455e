#include "method/analogy/watch.h"

#include "base/clock.h"
#include "base/memory.h"
#include "method/analogy/paint.h"

static ImpStatus hand_over(const ImpAnalogyWatch *watch, const ImpProgress *progress, ImpError *error) {
    int32_t *map;
    ImpImage *picture = NULL;
    ImpStatus status = imp_analogy_map(watch->pyramid, watch->index, &map, error);
    if (status == IMP_OK) status = imp_analogy_paint(watch->pyramid, map, watch->target, &picture, error);
    if (status == IMP_OK) watch->observer.snapshot(watch->observer.context, picture, progress);
    imp_image_free(&picture);
    imp_free(map);
    return status;
}

ImpStatus imp_analogy_watch_step(ImpAnalogyWatch *watch, int64_t pixels, ImpError *error) {
    const ImpObserver *observer = &watch->observer;
    const ImpAnalogyPlane *target = &watch->pyramid->levels[watch->index].target;
    double seconds = imp_clock_seconds() - watch->began;
    watch->step += pixels;
    if (!observer->progress) return IMP_OK;
    ImpProgress progress = {.step = watch->step,
                            .steps = watch->steps,
                            .scale = watch->pyramid->count - watch->index,
                            .scales = watch->pyramid->count,
                            .width = target->width,
                            .height = target->height,
                            .seconds = seconds,
                            .seconds_left = seconds / (double)watch->step * (double)(watch->steps - watch->step)};
    unsigned wishes = observer->progress(observer->context, &progress);
    if (wishes & IMP_STOP) watch->stop = true;
    if (!(wishes & IMP_SNAPSHOT) || !observer->snapshot) return IMP_OK;
    return hand_over(watch, &progress, error);
}
