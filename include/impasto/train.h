/* Training networks: like a method, a training is a value with a parameter table and run(), but what comes out is a
 * file of weights instead of a picture. */
#ifndef IMPASTO_TRAIN_H
#define IMPASTO_TRAIN_H

#include <impasto/method.h>
#include <impasto/parameter.h>
#include <impasto/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImpTrainingRequest {
    const ImpParams *params; /* of a table that has the training's rows, and may have others */
    ImpObserver observer;    /* progress and notice; IMP_STOP and IMP_CHECKPOINT count, there are no snapshots */
} ImpTrainingRequest;

typedef struct ImpTrainingResult {
    bool stopped;  /* the observer asked to stop: the weights so far are written, and the checkpoint */
    int64_t steps; /* done, with those before resuming */
    double seconds;
    ImpMetric metrics[IMP_MAX_METRICS]; /* of the last step */
    size_t n_metrics;
    size_t faults; /* checkpoints and sheets that could not be written; notices told of them */
} ImpTrainingResult;

typedef struct ImpTraining {
    const char *name;        /* "style": impasto train style */
    const char *summary;     /* one line */
    const char *description; /* paragraphs separated by blank lines */
    const char *examples;    /* lines of "command  # what it does" */
    ImpParamTable params;
    /* Checks the request, trains, and writes the file that the parameter "output" names. An observer's stop is not a
     * failure. */
    ImpStatus (*run)(const ImpTrainingRequest *request, ImpTrainingResult *result, ImpError *error);
} ImpTraining;

/* All trainings, in the order of the help. */
IMP_API const ImpTraining *const *imp_trainings(size_t *count);
/* The training called `name`, or NULL. */
IMP_API const ImpTraining *imp_training_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
