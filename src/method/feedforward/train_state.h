/* Where a training stands: everything that the next step depends on. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_STATE_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_STATE_H

#include "method/feedforward/train_task.h"
#include "optimiser/average.h"

typedef struct ImpTrainState {
    float *values; /* (count) the task's */
    size_t count;
    ImpOptimiser *optimiser;
    ImpAverage *average; /* of the values; NULL without */
    int64_t step;        /* done */
    int64_t batches;     /* of photographs seen, with those of steps that were taken back */
    int64_t setbacks;
    double rate_factor; /* of the learning rate: halved at each setback */
    double seconds;     /* spent before this process, when it was resumed */
    ImpBundle *good;    /* the state some steps ago, to go back to */
} ImpTrainState;

/* From the values that the task begins with. On failure nothing is left to be freed. */
ImpStatus imp_train_state_begin(const ImpTrainTask *task, ImpTrainState *state, ImpError *error);
void imp_train_state_end(ImpTrainState *state);

/* Into and out of a bundle; `good` is kept apart. What does not fit is IMP_ERROR_FORMAT. */
ImpStatus imp_train_state_save(const ImpTrainState *state, ImpBundle *bundle, ImpError *error);
ImpStatus imp_train_state_load(ImpTrainState *state, const ImpBundle *bundle, ImpError *error);

/* Remembers the state as good; and goes back to it, with half the learning rate and the photographs that come next.
 * After too many times that is IMP_ERROR_NUMBER. */
ImpStatus imp_train_state_remember(ImpTrainState *state, ImpError *error);
ImpStatus imp_train_state_step_back(ImpTrainState *state, ImpError *error);

/* Exchanges the network's values with `other` (count), and fills that with what is to be used: the average where there
 * is one. So: fill, exchange, use the network, exchange again. */
void imp_train_state_result(const ImpTrainState *state, float *other);
void imp_train_state_exchange(ImpTrainState *state, float *other);

#endif
