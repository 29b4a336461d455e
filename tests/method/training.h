/* What the tests of trainings share: a run that is watched, and stopped where the test says. */
#ifndef IMP_TESTS_METHOD_TRAINING_H
#define IMP_TESTS_METHOD_TRAINING_H

#include "impasto/train.h"

typedef struct Watch {
    int64_t stop_at; /* step; 0: never */
    int rows, notices;
    double totals[256];
    char notice[512]; /* the last one */
} Watch;

/* Runs the training of that name. */
ImpStatus run_training(const char *name, const ImpParams *params, Watch *watch, ImpTrainingResult *result,
                       ImpError *error);
void assert_same_file(const char *a, const char *b);

#endif
