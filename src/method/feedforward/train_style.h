/* `train style`: a network for one style (Johnson, Alahi, Fei-Fei 2016). */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_STYLE_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_STYLE_H

#include "impasto/train.h"

extern const ImpTraining imp_train_style;

#endif
