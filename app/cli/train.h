/* Trainings as actions of `impasto train`. */
#ifndef IMP_CLI_TRAIN_H
#define IMP_CLI_TRAIN_H

#include "cli.h"

/* The options of a training with those that every training has: log, quiet and help. The table stays until the program
 * ends. */
const ImpParamTable *training_options(const ImpTraining *training);
/* What the parts that describe methods make of it: its name ("train style"), texts and options; it does not run. */
ImpMethod training_as_method(const ImpTraining *training);

#endif
