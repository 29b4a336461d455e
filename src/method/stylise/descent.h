/* The evaluations of one scale. */
#ifndef IMP_METHOD_STYLISE_DESCENT_H
#define IMP_METHOD_STYLISE_DESCENT_H

#include "method/stylise/watch.h"

typedef struct ImpDescent {
    const ImpStyliseSettings *settings;
    ImpStyliseObjective *objective;
    ImpStyliseState *state;
    ImpStyliseWatch *watch;
    /* Called between two steps of the optimiser, when a checkpoint is due. */
    void (*checkpoint)(void *context);
    void *context;

    int64_t evaluation, total; /* done, those of an unfinished line search included */
} ImpDescent;

/* Takes the state to the end of its scale: until the evaluations are used up, nothing changes any more, or the
 * observer wants to stop. When the losses leave the finite numbers, the optimiser starts anew from the best picture; if
 * that helps no more, the scale ends there. Without any best picture this is IMP_ERROR_NUMBER. */
ImpStatus imp_stylise_descend(ImpDescent *descent, ImpError *error);

#endif
