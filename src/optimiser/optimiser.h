/* Optimisers: minimise a callback f(x, gradient), and know nothing else.
 *
 * An optimiser is a value with three verbs. One iteration asks the objective for one evaluation (a line search:
 * several) and moves x. All of an optimiser's memory can be put into a bundle and taken back, so that a resumed run
 * continues bit for bit. Vectors are float32, sums over them double, always in the same order for any number of
 * threads. */
#ifndef IMP_OPTIMISER_OPTIMISER_H
#define IMP_OPTIMISER_OPTIMISER_H

#include "base/bundle.h"
#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>

/* Evaluates at x (n): may first project x onto the feasible set in place (an image: clamp to [0,1]), then writes the
 * gradient (n) and *value. Any status but IMP_OK ends the iteration and is passed on; IMP_ERROR_STOPPED is how a run is
 * interrupted. */
typedef ImpStatus (*ImpObjective)(void *context, float *x, float *gradient, double *value, ImpError *error);

typedef struct ImpOptimiser ImpOptimiser;

typedef struct ImpLbfgsOptions {
    double learning_rate;      /* 1 */
    int history;               /* 100 pairs; memory grows with the pairs really held */
    double tolerance_gradient; /* converged when max|g| <= this; negative: never */
    double tolerance_change;   /* converged when max|d*t| or |f - f_prev| is below; negative: never */
    bool strong_wolfe;         /* line search with cubic interpolation (as in PyTorch), else the step t as it is */
    int max_line_evaluations;  /* 25 */
} ImpLbfgsOptions;

typedef struct ImpAdamOptions {
    double learning_rate; /* 0.02 */
    double beta1, beta2;  /* 0.9, 0.99 */
    double epsilon;       /* 1e-8 */
} ImpAdamOptions;

/* L-BFGS as torch.optim.LBFGS: first step t = min(1, 1/|g|_1) * learning rate, later t = learning rate; curvature pairs
 * with y.s > 1e-10 only; H0 = y.s / y.y (Nocedal, Wright 2006, algorithm 7.4). */
ImpStatus imp_lbfgs_new(size_t n, const ImpLbfgsOptions *options, ImpOptimiser **out, ImpError *error);
/* Adam (Kingma, Ba 2015) with bias correction, as torch.optim.Adam. */
ImpStatus imp_adam_new(size_t n, const ImpAdamOptions *options, ImpOptimiser **out, ImpError *error);
void imp_optimiser_free(ImpOptimiser **optimiser);

/* One iteration: evaluate, then move x (n). *converged says that a tolerance was met; x then stays where it is. */
ImpStatus imp_optimiser_iterate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context,
                                bool *converged, ImpError *error);

/* Puts the state into `bundle` under names that begin with "optimiser.", and takes it back into an optimiser made with
 * the same n and options. A bundle that does not fit is IMP_ERROR_FORMAT and leaves the optimiser reset. */
ImpStatus imp_optimiser_save(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error);
ImpStatus imp_optimiser_load(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error);

/* Adam's moments (n) each, for methods that resample them between scales; NULL for other optimisers. */
void imp_adam_moments(ImpOptimiser *optimiser, float **first, float **second);
int64_t imp_adam_step(const ImpOptimiser *optimiser);
void imp_adam_set_step(ImpOptimiser *optimiser, int64_t step);

#endif
