/* A run of a method: what one picture and many after each other have in common. */
#ifndef IMP_CLI_RUN_H
#define IMP_CLI_RUN_H

#include "cli.h"
#include "options.h"
#include "outputs.h"
#include "pictures.h"
#include "progress.h"
#include "report.h"

typedef struct Run {
    const ImpMethod *method;
    Arguments arguments;
    ImpParams *common, *params;
    ImpRecipe *source; /* given with --recipe, or NULL */
    ImpRecipe *recipe; /* of this run; NULL where it cannot be told */
    Pictures pictures;
    Outputs outputs;
    Progress progress;
    int64_t steps_wanted;
    bool quiet, json;
    double began;
    ImpResult result;
} Run;

/* Says what failed in the library and returns the exit status; what the arguments caused points to the help. */
int run_failed(const Run *run, ImpStatus status, const ImpError *error);
/* From the arguments to common and params: defaults, then the recipe or the preset, then what is given. Returns the
 * exit status and says what is wrong. */
int run_choose_settings(Run *run);
/* Writes the result to the output, with its recipe where there is one. Returns the exit status and says what is wrong;
 * a picture that cannot be written where it should be is saved elsewhere. */
int run_save(Run *run);
/* What is to be said about the result. */
Report run_report(const Run *run);
void run_clear(Run *run);

#endif
