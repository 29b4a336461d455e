#include "method/feedforward/train_step.h"

#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

static ImpStatus calibrate(ImpTrainStep *step, ImpError *error) {
    ImpStatus status = IMP_OK;
    if (!step->task->type->calibrate) return IMP_OK;
    imp_photos_seek(step->photos, 0);
    for (int i = 0; i < IMP_TRAIN_CALIBRATIONS && status == IMP_OK; i++) {
        step->task->batch = i;
        status = imp_photos_next(step->photos, step->batch, error);
        if (status == IMP_OK) status = step->task->type->calibrate(step->task, i, step->batch, error);
    }
    return status;
}

ImpStatus imp_train_step_begin(ImpTrainStep *step, ImpError *error) {
    ImpStatus status = IMP_ALLOC(&step->batch, imp_train_pixels(step->task), "photographs", error);
    if (status == IMP_OK) status = calibrate(step, error);
    if (status != IMP_OK) imp_train_step_end(step);
    return status;
}

void imp_train_step_end(ImpTrainStep *step) {
    imp_free(step->batch);
    step->batch = NULL;
}

/* Adds one batch's gradient and losses. */
static ImpStatus add_batch(ImpTrainStep *step, ImpError *error) {
    ImpTrainTask *task = step->task;
    double losses[IMP_TRAIN_MAX_LOSSES] = {0};
    ImpStatus status = task->type->add_batch(task, step->batch, losses, error);
    for (size_t i = 0; i < task->n_losses; i++) step->losses[i] += losses[i] / task->settings.accumulate;
    return status;
}

/* The gradients of all workers added up, the same for each of them; returns how many there are. There is one: the sum
 * is its own. Training on several machines is a matter of this function and of each taking its part of the batches. */
static int sum_over_workers(float *gradient, size_t count) {
    (void)gradient, (void)count;
    return 1;
}

/* All batches of one step, and their summed gradient; *workers of them took part. */
static ImpStatus gather(ImpTrainStep *step, int *workers, ImpError *error) {
    ImpTrainTask *task = step->task;
    ImpStatus status = IMP_OK;
    memset(task->gradient, 0, task->count * sizeof *task->gradient);
    memset(step->losses, 0, sizeof step->losses);
    for (int i = 0; i < task->settings.accumulate && status == IMP_OK; i++) {
        task->batch = imp_photos_step(step->photos);
        status = imp_photos_next(step->photos, step->batch, error);
        if (status == IMP_OK) status = add_batch(step, error);
    }
    if (status == IMP_OK) *workers = sum_over_workers(task->gradient, task->count);
    return status;
}

ImpStatus imp_train_step_make(ImpTrainStep *step, ImpError *error) {
    const ImpTrainSettings *s = &step->task->settings;
    ImpTrainState *state = step->state;
    int workers = 1;
    if (imp_photos_step(step->photos) != state->batches) imp_photos_seek(step->photos, state->batches);
    ImpStatus status = gather(step, &workers, error);
    if (status != IMP_OK) return status;
    state->batches += s->accumulate;
    step->rate = imp_schedule_rate(&s->schedule, state->step) * state->rate_factor;
    if (!isfinite(step->losses[0])) return imp_fail(error, IMP_ERROR_NUMBER, "the loss is no finite number");
    imp_optimiser_set_learning_rate(state->optimiser, step->rate);
    status = imp_adam_move(state->optimiser, state->values, step->task->gradient, 1.0 / (s->accumulate * workers),
                           s->clip, &step->norm, error);
    if (status != IMP_OK) return status;
    if (state->average) imp_average_add(state->average, state->values);
    state->step++;
    return IMP_OK;
}
