/* One step of a training: photographs to gradients to weights. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_STEP_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_STEP_H

#include "image/photos.h"
#include "method/feedforward/train_state.h"

typedef struct ImpTrainStep {
    ImpTrainTask *task;
    ImpTrainState *state;
    ImpPhotos *photos;
    float *batch;                        /* (N,3,crop,crop) photographs */
    double losses[IMP_TRAIN_MAX_LOSSES]; /* of the last step, mean over its batches */
    double norm, rate;                   /* of its gradient before clipping; its learning rate */
} ImpTrainStep;

/* Makes room and calibrates the task; task and photos are set, the state only has to be there for the first step. On
 * failure as after imp_train_step_end. */
ImpStatus imp_train_step_begin(ImpTrainStep *step, ImpError *error);
void imp_train_step_end(ImpTrainStep *step);
/* Makes one step. IMP_ERROR_NUMBER: it would leave the finite numbers; the photographs are used up, nothing else has
 * changed. Where photographs cannot be read, nothing has changed. */
ImpStatus imp_train_step_make(ImpTrainStep *step, ImpError *error);

#endif
