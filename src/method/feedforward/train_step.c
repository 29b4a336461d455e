#include "method/feedforward/train_step.h"

#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

static size_t pixels_of(const ImpTrainStep *step) {
    const ImpTrainSettings *s = step->settings;
    return 3 * (size_t)s->batch * (size_t)s->crop * (size_t)s->crop;
}

ImpStatus imp_train_step_begin(ImpTrainStep *step, ImpError *error) {
    const ImpTransformNet *net = step->state->net;
    ImpShape shape = {3, step->settings->crop, step->settings->crop, step->settings->batch};
    ImpStatus status = IMP_ALLOC(&step->gradient, net->count, "gradient", error);
    if (status == IMP_OK) status = IMP_ALLOC(&step->batch, pixels_of(step), "photographs", error);
    if (status == IMP_OK) status = IMP_ALLOC(&step->slope, pixels_of(step), "gradient", error);
    if (status == IMP_OK) status = imp_graph_new(shape, &step->graph, error);
    if (status == IMP_OK) {
        step->result = imp_graph_input(step->graph);
        status = imp_transform_build(step->graph, net, step->gradient, &step->result, error);
    }
    if (status == IMP_OK) imp_graph_tap(step->result);
    if (status == IMP_OK) status = imp_graph_plan(step->graph, true, error);
    if (status != IMP_OK) imp_train_step_end(step);
    return status;
}

void imp_train_step_end(ImpTrainStep *step) {
    imp_graph_free(&step->graph);
    imp_free(step->gradient);
    imp_free(step->batch);
    imp_free(step->slope);
    step->gradient = step->batch = step->slope = NULL;
}

static ImpStatus forward(ImpTrainStep *step, const float *photos, ImpError *error) {
    float *input = imp_graph_input_data(step->graph);
    for (size_t i = 0; i < pixels_of(step); i++) input[i] = 255 * photos[i];
    return imp_graph_forward(step->graph, error);
}

ImpStatus imp_train_step_show(ImpTrainStep *step, const float *photos, float *out, ImpError *error) {
    ImpStatus status = forward(step, photos, error);
    if (status != IMP_OK) return status;
    const float *made = imp_graph_value(step->result).data;
    for (size_t i = 0; i < pixels_of(step); i++) out[i] = made[i] / 255;
    return IMP_OK;
}

static void pull(void *context, const ImpNode *node, const ImpTensor *value, const ImpTensor *gradient) {
    const ImpTrainStep *step = context;
    (void)node, (void)value;
    for (size_t i = 0; i < pixels_of(step); i++) gradient->data[i] += step->slope[i];
}

/* Adds one batch's gradient and losses. */
static ImpStatus add_batch(ImpTrainStep *step, ImpError *error) {
    ImpTrainLosses losses;
    ImpStatus status = forward(step, step->batch, error);
    if (status == IMP_OK)
        status = imp_train_evaluate(step->objective, step->batch, imp_graph_value(step->result).data, step->slope,
                                    &losses, error);
    if (status == IMP_OK) status = imp_graph_backward(step->graph, pull, step, NULL, error);
    if (status != IMP_OK) return status;
    double share = 1.0 / step->settings->accumulate;
    step->losses.total += share * losses.total;
    step->losses.content += share * losses.content;
    step->losses.style += share * losses.style;
    step->losses.tv += share * losses.tv;
    return IMP_OK;
}

/* The gradients of all workers added up, the same for each of them; returns how many there are. There is one: the sum
 * is its own. Training on several machines is a matter of this function and of each taking its part of the batches. */
static int sum_over_workers(float *gradient, size_t count) {
    (void)gradient, (void)count;
    return 1;
}

/* All batches of one step, and their summed gradient; *workers of them took part. */
static ImpStatus gather(ImpTrainStep *step, int *workers, ImpError *error) {
    size_t count = step->state->net->count;
    ImpStatus status = IMP_OK;
    memset(step->gradient, 0, count * sizeof *step->gradient);
    step->losses = (ImpTrainLosses){0};
    for (int i = 0; i < step->settings->accumulate && status == IMP_OK; i++) {
        status = imp_photos_next(step->photos, step->batch, error);
        if (status == IMP_OK) status = add_batch(step, error);
    }
    if (status == IMP_OK) *workers = sum_over_workers(step->gradient, count);
    return status;
}

ImpStatus imp_train_step_make(ImpTrainStep *step, ImpError *error) {
    const ImpTrainSettings *s = step->settings;
    ImpTrainState *state = step->state;
    int workers = 1;
    if (imp_photos_step(step->photos) != state->batches) imp_photos_seek(step->photos, state->batches);
    ImpStatus status = gather(step, &workers, error);
    if (status != IMP_OK) return status;
    state->batches += s->accumulate;
    step->rate = imp_schedule_rate(&s->schedule, state->step) * state->rate_factor;
    if (!isfinite(step->losses.total)) return imp_fail(error, IMP_ERROR_NUMBER, "the loss is no finite number");
    imp_optimiser_set_learning_rate(state->optimiser, step->rate);
    status = imp_adam_move(state->optimiser, state->net->values, step->gradient, 1.0 / (s->accumulate * workers),
                           s->clip, &step->norm, error);
    if (status != IMP_OK) return status;
    if (state->average) imp_average_add(state->average, state->net->values);
    state->step++;
    return IMP_OK;
}
