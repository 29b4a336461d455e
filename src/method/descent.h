/* The evaluations of one scale. */
#ifndef IMP_METHOD_DESCENT_H
#define IMP_METHOD_DESCENT_H

#include "method/descent_watch.h"

/* Clamps `pixels` (3,height,width) if that is wanted, then computes the losses there and the `gradient`
 * (3,height,width) of gain * total. Losses that are not finite are no failure. */
typedef ImpStatus (*ImpDescentEvaluate)(void *objective, float *pixels, float *gradient, ImpDescentLosses *out,
                                        ImpError *error);

typedef struct ImpDescent {
    const ImpDescentSettings *settings;
    ImpDescentEvaluate evaluate;
    void *objective;
    double gain; /* what the optimiser sees is the total times this */
    ImpDescentState *state;
    ImpDescentWatch *watch;
    /* Called between two steps of the optimiser, when a checkpoint is due. */
    void (*checkpoint)(void *context);
    void *context;

    int64_t evaluation, total; /* done, those of an unfinished line search included */
} ImpDescent;

/* Takes the state to the end of its scale: until the evaluations are used up, nothing changes any more, or the
 * observer wants to stop. When the losses leave the finite numbers, the optimiser starts anew from the best picture; if
 * that helps no more, the scale ends there. Without any best picture this is IMP_ERROR_NUMBER. */
ImpStatus imp_descent_run(ImpDescent *descent, ImpError *error);

#endif
