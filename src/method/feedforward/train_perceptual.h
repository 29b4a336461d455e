/* `train perceptual`: a small network that sees what VGG sees. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_PERCEPTUAL_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_PERCEPTUAL_H

#include "impasto/train.h"

extern const ImpTraining imp_train_perceptual;

#endif
