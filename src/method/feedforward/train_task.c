#include "method/feedforward/train_task.h"

#include <assert.h>

void imp_train_name_losses(ImpTrainTask *task, const char *const *names, size_t n) {
    assert(n > 0 && n <= IMP_TRAIN_MAX_LOSSES);
    for (size_t i = 0; i < n; i++) task->losses[i] = names[i];
    task->n_losses = n;
}

void imp_train_add_trait(ImpTrainTask *task, const char *key, const char *value, const char *phrase) {
    assert(task->n_traits < IMP_TRAIN_MAX_TRAITS);
    task->traits[task->n_traits].key = key;
    task->traits[task->n_traits].value = value;
    task->traits[task->n_traits++].phrase = phrase;
}
