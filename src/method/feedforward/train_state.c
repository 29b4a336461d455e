#include "method/feedforward/train_state.h"

#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

enum { STEP_AT, BATCHES_AT, SETBACKS_AT, COUNTERS };
enum { FACTOR_AT, SECONDS_AT, NUMBERS };
enum { MOST_SETBACKS = 20 };
static const int64_t most_steps = (int64_t)1 << 40;

static ImpStatus make_optimiser(const ImpTrainTask *task, ImpTrainState *state, ImpError *error) {
    const ImpTrainSettings *settings = &task->settings;
    ImpAdamOptions options = imp_adam_training_defaults();
    options.learning_rate = settings->schedule.rate;
    options.weight_decay = settings->weight_decay;
    options.decoupled = true;
    ImpStatus status = imp_adam_new(task->count, &options, &state->optimiser, error);
    if (status == IMP_OK) status = imp_adam_set_decayed(state->optimiser, task->decayed, task->n_decayed, error);
    return status;
}

ImpStatus imp_train_state_begin(const ImpTrainTask *task, ImpTrainState *state, ImpError *error) {
    double decay = task->settings.average_decay;
    *state = (ImpTrainState){.values = task->values, .count = task->count, .rate_factor = 1};
    ImpStatus status = make_optimiser(task, state, error);
    if (status == IMP_OK && decay > 0) status = imp_average_new(task->count, decay, &state->average, error);
    if (status == IMP_OK) status = imp_train_state_remember(state, error);
    if (status != IMP_OK) imp_train_state_end(state);
    return status;
}

void imp_train_state_end(ImpTrainState *state) {
    imp_optimiser_free(&state->optimiser);
    imp_average_free(&state->average);
    imp_bundle_free(&state->good);
}

ImpStatus imp_train_state_save(const ImpTrainState *state, ImpBundle *bundle, ImpError *error) {
    int64_t counters[COUNTERS] = {state->step, state->batches, state->setbacks};
    double numbers[NUMBERS] = {state->rate_factor, state->seconds};
    ImpStatus status = imp_bundle_add_flat(bundle, "counters", IMP_DTYPE_I64, COUNTERS, counters, error);
    if (status == IMP_OK) status = imp_bundle_add_flat(bundle, "numbers", IMP_DTYPE_F64, NUMBERS, numbers, error);
    if (status == IMP_OK)
        status = imp_bundle_add_flat(bundle, "values", IMP_DTYPE_F32, state->count, state->values, error);
    if (status == IMP_OK) status = imp_optimiser_save(state->optimiser, bundle, error);
    if (status == IMP_OK && state->average) status = imp_average_save(state->average, bundle, error);
    return status;
}

static bool plausible(const int64_t *c, const double *n) {
    return c[STEP_AT] >= 0 && c[STEP_AT] <= most_steps && c[BATCHES_AT] >= 0 && c[BATCHES_AT] <= most_steps &&
           c[SETBACKS_AT] >= 0 && c[SETBACKS_AT] <= MOST_SETBACKS && n[FACTOR_AT] > 0 && n[FACTOR_AT] <= 1 &&
           n[SECONDS_AT] >= 0 && isfinite(n[SECONDS_AT]);
}

ImpStatus imp_train_state_load(ImpTrainState *state, const ImpBundle *bundle, ImpError *error) {
    const void *counters, *numbers, *values;
    size_t count = state->count;
    ImpStatus status = imp_bundle_get(bundle, "counters", IMP_DTYPE_I64, COUNTERS, &counters, error);
    if (status == IMP_OK) status = imp_bundle_get(bundle, "numbers", IMP_DTYPE_F64, NUMBERS, &numbers, error);
    if (status == IMP_OK) status = imp_bundle_get(bundle, "values", IMP_DTYPE_F32, count, &values, error);
    if (status != IMP_OK) return status;
    const int64_t *c = counters;
    const double *n = numbers;
    if (!plausible(c, n)) return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint contradicts itself; it is damaged");
    for (size_t i = 0; i < count; i++)
        if (!isfinite(((const float *)values)[i]))
            return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's weights are not finite; it is damaged");
    memcpy(state->values, values, count * sizeof(float));
    state->step = c[STEP_AT];
    state->batches = c[BATCHES_AT];
    state->setbacks = c[SETBACKS_AT];
    state->rate_factor = n[FACTOR_AT];
    state->seconds = n[SECONDS_AT];
    status = imp_optimiser_load(state->optimiser, bundle, error);
    return status == IMP_OK && state->average ? imp_average_load(state->average, bundle, error) : status;
}

ImpStatus imp_train_state_remember(ImpTrainState *state, ImpError *error) {
    ImpBundle *bundle = NULL;
    ImpStatus status = imp_bundle_new(&bundle, error);
    if (status == IMP_OK) status = imp_train_state_save(state, bundle, error);
    if (status != IMP_OK) {
        imp_bundle_free(&bundle);
        return status;
    }
    imp_bundle_free(&state->good);
    state->good = bundle;
    return IMP_OK;
}

ImpStatus imp_train_state_step_back(ImpTrainState *state, ImpError *error) {
    int64_t batches = state->batches, setbacks = state->setbacks + 1;
    double factor = state->rate_factor / 2, seconds = state->seconds;
    if (setbacks > MOST_SETBACKS)
        return imp_fail(error, IMP_ERROR_NUMBER,
                        "the training left the finite numbers %d times, each time with half the learning rate; give a "
                        "smaller learning-rate, or clip",
                        MOST_SETBACKS + 1);
    ImpStatus status = imp_train_state_load(state, state->good, error);
    state->batches = batches;
    state->setbacks = setbacks;
    state->rate_factor = factor;
    state->seconds = seconds;
    return status;
}

void imp_train_state_result(const ImpTrainState *state, float *other) {
    bool averaged = state->average && imp_average_count(state->average) > 0;
    const float *values = averaged ? imp_average_values(state->average) : state->values;
    memcpy(other, values, state->count * sizeof *other);
}

void imp_train_state_exchange(ImpTrainState *state, float *other) {
    float *values = state->values;
    for (size_t i = 0; i < state->count; i++) {
        float kept = values[i];
        values[i] = other[i];
        other[i] = kept;
    }
}
