#include "impasto/train.h"
#include "method/feedforward/train_adain.h"
#include "method/feedforward/train_decoder.h"
#include "method/feedforward/train_perceptual.h"
#include "method/feedforward/train_style.h"
#include <string.h>

/* One line a training, in the order of the help; the end is NULL. */
static const ImpTraining *const trainings[] = {
    &imp_train_style, &imp_train_perceptual, &imp_train_adain, &imp_train_decoder, NULL,
};

const ImpTraining *const *imp_trainings(size_t *count) {
    *count = sizeof trainings / sizeof trainings[0] - 1;
    return trainings;
}

const ImpTraining *imp_training_find(const char *name) {
    for (size_t i = 0; trainings[i]; i++)
        if (strcmp(trainings[i]->name, name) == 0) return trainings[i];
    return NULL;
}
