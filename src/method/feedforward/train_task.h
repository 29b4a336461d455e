/* What a training is to the loop that runs it: numbers that are learned, and verbs. The loop has the rest: photographs,
 * optimiser, average, checkpoints, log and sheets. */
#ifndef IMP_METHOD_FEEDFORWARD_TRAIN_TASK_H
#define IMP_METHOD_FEEDFORWARD_TRAIN_TASK_H

#include "base/bundle.h"
#include "base/hash.h"
#include "impasto/train.h"
#include "method/feedforward/train_settings.h"
#include "optimiser/optimiser.h"

enum {
    IMP_TRAIN_MAX_LOSSES = IMP_MAX_METRICS - 2,
    IMP_TRAIN_MAX_DECAYED = 128,
    IMP_TRAIN_MAX_TRAITS = 4,
    IMP_TRAIN_CALIBRATIONS = 8
};

typedef struct ImpTrainTask ImpTrainTask;

typedef struct ImpTrainTaskType {
    const ImpTraining *training;
    const char *command; /* what messages call it */
    const char *format;  /* of its checkpoints, with their version: "train style 1" */
    int unit;            /* crops are a multiple of this */
    /* Reads the parameters and files, and fills the task; its settings are there. What is half made is freed by free.
     */
    ImpStatus (*open)(ImpTrainTask *task, const ImpParams *params, ImpError *error);
    /* Begins with the values of a network; NULL where only checkpoints will do. */
    ImpStatus (*start)(ImpTrainTask *task, const ImpBundle *network, const char *path, ImpError *error);
    /* Measures what the losses and the first values need on the first batches of photographs (N,3,crop,crop): called
     * for each index from 0 to IMP_TRAIN_CALIBRATIONS - 1; may be NULL. A resumed training finds what it found. */
    ImpStatus (*calibrate)(ImpTrainTask *task, int index, const float *photos, ImpError *error);
    /* Adds the gradient of the batch's loss to the task's, and writes the losses; losses[0] is what is minimised. */
    ImpStatus (*add_batch)(ImpTrainTask *task, const float *photos, double *losses, ImpError *error);
    /* What the network makes of a batch, into out (N,3,crop,crop); NULL where it makes no pictures. */
    ImpStatus (*show)(ImpTrainTask *task, const float *photos, float *out, ImpError *error);
    ImpStatus (*write)(ImpTrainTask *task, const ImpNote *notes, size_t n, const char *path, ImpError *error);
    void (*free)(ImpTrainTask *task);
} ImpTrainTaskType;

struct ImpTrainTask {
    const ImpTrainTaskType *type;
    ImpTrainSettings settings;
    float *values;   /* (count) what is learned; the type's to free */
    float *gradient; /* (count) where add_batch adds; made by open and freed by the loop */
    size_t count;
    ImpRange decayed[IMP_TRAIN_MAX_DECAYED]; /* where weight decay applies */
    size_t n_decayed;
    int64_t batch;                            /* which batch of photographs add_batch is called for, from 0 on */
    const char *losses[IMP_TRAIN_MAX_LOSSES]; /* their names, the first one is "total" */
    size_t n_losses;
    /* What the network is made from besides photographs and parameters; values are copied by nobody. Checkpoints are
     * only resumed where they are the same. The key is for files, the phrase for people: "style_sha256", "painting". */
    struct {
        const char *key, *value, *phrase;
    } traits[IMP_TRAIN_MAX_TRAITS];
    size_t n_traits;
    char start_sha256[IMP_SHA256_TEXT]; /* of the file that the values began with */
    void *state;                        /* the type's own */
};

/* Numbers of a batch of photographs. */
static inline size_t imp_train_pixels(const ImpTrainTask *task) {
    return 3 * (size_t)task->settings.batch * (size_t)task->settings.crop * (size_t)task->settings.crop;
}

/* What a task says of itself when it opens; texts are copied by nobody. The names of its losses, at most
 * IMP_TRAIN_MAX_LOSSES; and one more trait, at most IMP_TRAIN_MAX_TRAITS with the one that the loop adds. */
void imp_train_name_losses(ImpTrainTask *task, const char *const *names, size_t n);
void imp_train_add_trait(ImpTrainTask *task, const char *key, const char *value, const char *phrase);

/* Runs a training from its request to the written network: ImpTraining.run. */
ImpStatus imp_train_run(const ImpTrainTaskType *type, const ImpTrainingRequest *request, ImpTrainingResult *result,
                        ImpError *error);

#endif
