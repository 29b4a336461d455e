/* Learning rates that change over a training. A schedule is plain data and the rate a function of the step alone, so
 * that there is nothing to save. */
#ifndef IMP_OPTIMISER_SCHEDULE_H
#define IMP_OPTIMISER_SCHEDULE_H

#include "impasto/status.h"
#include <stdint.h>

/* With s the step from 0 on and p = (s - warmup) / (steps - warmup), at most 1. */
typedef enum ImpScheduleKind {
    IMP_SCHEDULE_CONSTANT, /* rate */
    IMP_SCHEDULE_LINEAR,   /* rate (1 - p) + last p */
    IMP_SCHEDULE_COSINE,   /* last + (rate - last) (1 + cos(pi p)) / 2 (Loshchilov, Hutter 2017) */
    IMP_SCHEDULE_STEPS,    /* rate factor^floor(s / every) */
    IMP_SCHEDULE_INVERSE   /* rate / (1 + factor s), as AdaIN (Huang, Belongie 2017) was trained with factor 5e-5 */
} ImpScheduleKind;

typedef struct ImpSchedule {
    ImpScheduleKind kind;
    double rate;    /* > 0 */
    double last;    /* LINEAR and COSINE: at the end, 0..rate; a step is never made with 0 */
    int64_t steps;  /* LINEAR and COSINE: of the whole training, >= 1 */
    int64_t warmup; /* steps over which the rate first grows linearly: times (s + 1) / (warmup + 1); 0 for none */
    int64_t every;  /* STEPS: >= 1 */
    double factor;  /* STEPS: in (0,1]; INVERSE: >= 0 */
} ImpSchedule;

/* IMP_ERROR_ARGUMENT for numbers out of range. */
ImpStatus imp_schedule_check(const ImpSchedule *schedule, ImpError *error);
/* The learning rate of a step, counted from 0; above 0 and finite for every schedule that passes the check. */
double imp_schedule_rate(const ImpSchedule *schedule, int64_t step);

#endif
