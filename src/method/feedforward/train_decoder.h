/* `train decoder`: one pass from features back to the picture. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_DECODER_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_DECODER_H

#include "impasto/train.h"

extern const ImpTraining imp_train_decoder;

#endif
