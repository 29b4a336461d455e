/* One step of a training: photographs to gradients to weights. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_STEP_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_STEP_H

#include "image/photos.h"
#include "method/feedforward/train_objective.h"
#include "method/feedforward/train_state.h"

typedef struct ImpTrainStep {
    const ImpTrainSettings *settings;
    ImpTrainState *state;
    ImpTrainObjective *objective;
    ImpPhotos *photos;
    ImpGraph *graph;       /* of the network in training */
    ImpNode *result;       /* its last node, tapped */
    float *gradient;       /* (count) of the weights */
    float *batch, *slope;  /* (N,3,crop,crop) photographs; gradient at what is made of them */
    ImpTrainLosses losses; /* of the last step, mean over its batches */
    double norm, rate;     /* of its gradient before clipping; its learning rate */
} ImpTrainStep;

/* The parts after `settings` to `photos`, which are set. On failure as after imp_train_step_end. */
ImpStatus imp_train_step_begin(ImpTrainStep *step, ImpError *error);
void imp_train_step_end(ImpTrainStep *step);
/* Makes one step. IMP_ERROR_NUMBER: it would leave the finite numbers; the photographs are used up, nothing else has
 * changed. Where photographs cannot be read, nothing has changed. */
ImpStatus imp_train_step_make(ImpTrainStep *step, ImpError *error);

/* What the network makes of photographs (N,3,crop,crop) in [0,1], into out (the same), not clamped. */
ImpStatus imp_train_step_show(ImpTrainStep *step, const float *photos, float *out, ImpError *error);

#endif
