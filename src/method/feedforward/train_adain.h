/* `train adain`: the decoder that gives any photograph any painting's style in one pass. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_ADAIN_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_ADAIN_H

#include "impasto/train.h"

extern const ImpTraining imp_train_adain;

#endif
