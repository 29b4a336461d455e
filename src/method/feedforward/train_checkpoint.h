/* The state of a training in a file, with what it was made from. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_CHECKPOINT_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_CHECKPOINT_H

#include "method/feedforward/train_state.h"

/* What must be the same when it goes on. */
typedef struct ImpTrainOrigin {
    const ImpTrainTask *task;
    const ImpParams *params;
    const char *photos; /* the fingerprint of their list */
} ImpTrainOrigin;

ImpStatus imp_train_checkpoint_write(const char *path, const ImpTrainOrigin *origin, const ImpTrainState *state,
                                     ImpError *error);
/* Into a state that has just begun with the same settings. A checkpoint of other settings or files is
 * IMP_ERROR_ARGUMENT with what differs, a damaged one IMP_ERROR_FORMAT. */
ImpStatus imp_train_checkpoint_read(const char *path, const ImpTrainOrigin *origin, ImpTrainState *state,
                                    ImpError *error);

/* Begins the task's values with those of another training's checkpoint (its average where it has one) or, where the
 * task knows how, of a network; other options than sizes may differ. */
ImpStatus imp_train_start(ImpTrainTask *task, ImpError *error);

/* Whether an option of the training decides what the network will be: neither where files lie nor how often they are
 * written. */
bool imp_train_option_counts(const ImpTraining *training, const ImpParams *params, const char *name);

#endif
