/* All that changes during a run: what a checkpoint keeps. */
#ifndef IMP_METHOD_DESCENT_STATE_H
#define IMP_METHOD_DESCENT_STATE_H

#include "base/random.h"
#include "method/descent_settings.h"
#include "method/picture.h"
#include "optimiser/optimiser.h"

/* Evaluations are counted up to the last point from which the optimiser can go on: a line search that is broken off
 * does not count, and is done again after resuming. */
typedef struct ImpDescentState {
    int scale;          /* index of the scale at work */
    int width, height;  /* of that scale */
    int64_t evaluation; /* done at this scale */
    int64_t total;      /* done in all */
    int64_t restarts;   /* of the optimiser at this scale, after numbers that were not finite */
    bool over;          /* this scale has nothing more to gain */
    ImpRandom random;

    ImpOptimiser *optimiser;
    float *pixels;                /* (3,height,width) where the optimiser stands */
    float *best;                  /* (3,height,width) where the total was lowest at this scale */
    ImpDescentLosses best_losses; /* there; total is infinite as long as there is no best */
    float *average;               /* (3,height,width) sum of weighted steps, or NULL where none is wanted */
    double average_weight;        /* of the steps that are not in the sum: average / (1 - average_weight) is the mean */
} ImpDescentState;

/* Makes an empty state for scale `index`: pixels 0, no best, an average without steps. On failure *state is empty. */
ImpStatus imp_descent_state_begin(const ImpDescentSettings *settings, int index, ImpDescentState *state,
                                  ImpError *error);
/* The learning rate of the settings, a tenth of it for each restart: a part of the state that optimisers do not save.
 */
void imp_descent_state_set_rate(const ImpDescentSettings *settings, ImpDescentState *state);
/* Frees what the state holds. */
void imp_descent_state_end(ImpDescentState *state);

/* Counts the pixels, as they stand, into the average. */
void imp_descent_average_add(ImpDescentState *state, double decay);
/* The picture of this scale as it stands into `out` (3,height,width): the average, the best, or else where the
 * optimiser stands. */
void imp_descent_state_picture(const ImpDescentState *state, float *out);

/* Goes on to the next scale: *state becomes the beginning of scale state->scale + 1, its pixels those of the picture
 * as it stands, enlarged; Adam's memory is enlarged too. */
ImpStatus imp_descent_state_enlarge(const ImpDescentSettings *settings, ImpDescentState *state, ImpError *error);

#endif
