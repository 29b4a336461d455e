#include "unit.h"

#include "method/training.h"
#include <stdlib.h>

static unsigned on_step(void *context, const ImpProgress *progress) {
    Watch *watch = context;
    assert_string_equal(progress->metrics[0].name, "total");
    if (watch->rows < 256) watch->totals[watch->rows++] = progress->metrics[0].value;
    return progress->step == watch->stop_at ? IMP_STOP : IMP_CONTINUE;
}

static void on_sentence(void *context, const char *sentence) {
    Watch *watch = context;
    watch->notices++;
    snprintf(watch->notice, sizeof watch->notice, "%s", sentence);
}

ImpStatus run_training(const char *name, const ImpParams *params, Watch *watch, ImpTrainingResult *result,
                       ImpError *error) {
    ImpTrainingRequest request = {.params = params,
                                  .observer = {.context = watch, .progress = on_step, .notice = on_sentence}};
    return imp_training_find(name)->run(&request, result, error);
}

void assert_same_file(const char *a, const char *b) {
    char command[400];
    snprintf(command, sizeof command, "cmp '%s' '%s'", a, b);
    assert_int_equal(system(command), 0);
}
