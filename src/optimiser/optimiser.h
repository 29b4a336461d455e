/* Optimisers: minimise a callback f(x, gradient), and know nothing else.
 *
 * An optimiser is a value with a few verbs. One iteration asks the objective for one evaluation (a line search:
 * several) and moves x. All of an optimiser's memory can be put into a bundle and taken back, so that a resumed run
 * continues bit for bit. Vectors are float32, sums over them double, always in the same order: the same bits for any
 * number of threads. doc/optimisers.md has the formulas and says which one to take when.
 *
 *     ImpLbfgsOptions options = imp_lbfgs_defaults();
 *     imp_lbfgs_new(n, &options, &optimiser, error);
 *     while (!converged && status == IMP_OK)
 *         status = imp_optimiser_iterate(optimiser, x, objective, context, &converged, error);
 *     imp_optimiser_free(&optimiser);
 */
#ifndef IMP_OPTIMISER_OPTIMISER_H
#define IMP_OPTIMISER_OPTIMISER_H

#include "base/bundle.h"
#include "impasto/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Evaluates at x (n): may first project x onto the feasible set in place (an image: clamp to [0,1]; projecting twice
 * must be the same as once), then writes the gradient (n) and *value. Any status but IMP_OK ends the iteration and is
 * passed on; IMP_ERROR_STOPPED is how a run is interrupted. */
typedef ImpStatus (*ImpObjective)(void *context, float *x, float *gradient, double *value, ImpError *error);

typedef struct ImpOptimiser ImpOptimiser;

typedef struct ImpLbfgsOptions {
    double learning_rate;      /* 1; > 0 */
    int history;               /* 100 pairs, 1..10000; memory grows with the pairs really held */
    double tolerance_gradient; /* 1e-7: converged when max|g| <= this; negative: never */
    double tolerance_change;   /* 1e-9: converged when max|t d| <= this, |f - f_previous| < this or g.d > -this;
                                  negative: never */
    bool strong_wolfe; /* false; line search with cubic interpolation (as in PyTorch), else the step t as it is */
    int max_line_evaluations; /* 25 in one line search, after its first */
} ImpLbfgsOptions;

typedef struct ImpAdamOptions {
    double learning_rate; /* 0.02; > 0 */
    double beta1, beta2;  /* 0.9, 0.99; each in [0,1) */
    double epsilon;       /* 1e-8; > 0 */
    double weight_decay;  /* 0; >= 0 */
    bool decoupled;       /* false: L2, g = g + weight_decay x; true: AdamW, x = x - learning_rate weight_decay x */
} ImpAdamOptions;

/* Elements begin .. end-1 of a vector. */
typedef struct ImpRange {
    size_t begin, end;
} ImpRange;

ImpLbfgsOptions imp_lbfgs_defaults(void);
ImpAdamOptions imp_adam_defaults(void);
/* Those of torch.optim.Adam, for training networks: learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, no decay. */
ImpAdamOptions imp_adam_training_defaults(void);

/* L-BFGS as torch.optim.LBFGS: first step t = min(1, 1/|g|_1) * learning rate, later t = learning rate; curvature pairs
 * with y.s > 1e-10 only; H0 = y.s / y.y (Nocedal, Wright 2006, algorithm 7.4). The iterates are those of PyTorch; with
 * a line search and a projecting objective, of PyTorch with max_iter = 1. n >= 1. Options out of range are
 * IMP_ERROR_ARGUMENT. The caller frees *out; on failure it is NULL. */
ImpStatus imp_lbfgs_new(size_t n, const ImpLbfgsOptions *options, ImpOptimiser **out, ImpError *error);
/* Bytes that L-BFGS takes at most, once the history is full; SIZE_MAX when that is more than can be said. */
size_t imp_lbfgs_bytes(size_t n, const ImpLbfgsOptions *options);
/* Adam (Kingma, Ba 2015) with bias correction, as torch.optim.Adam, and as torch.optim.AdamW (Loshchilov, Hutter 2019)
 * where the decay is decoupled. Never reports convergence. As imp_lbfgs_new. */
ImpStatus imp_adam_new(size_t n, const ImpAdamOptions *options, ImpOptimiser **out, ImpError *error);
void imp_optimiser_free(ImpOptimiser **optimiser);

/* One iteration: evaluate, then move x (n). *converged says that a tolerance was met; x then stays where it is, and
 * iterating again carries on past a small change, as another step() does in PyTorch.
 *
 * Without a line search x is left at a point not yet evaluated: project it before use. With one, x is where the
 * objective was evaluated last (or, seldom, a point not yet evaluated), and its gradient is kept for the next
 * iteration: who changes x or the objective in between calls imp_optimiser_reset.
 *
 * A status other than IMP_OK moves neither x (but for the projection) nor the optimiser's path: iterating again does
 * what the failed iteration would have done. A value or gradient that is not finite is IMP_ERROR_NUMBER. */
ImpStatus imp_optimiser_iterate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context,
                                bool *converged, ImpError *error);

/* Forgets everything but the options, as if just made; for a new objective or another x. */
void imp_optimiser_reset(ImpOptimiser *optimiser);
/* Iterations that moved x since the optimiser was made or reset; goes on counting over save and load. */
int64_t imp_optimiser_iterations(const ImpOptimiser *optimiser);
/* For schedules: the learning rate (> 0) from the next iteration on. It is an option, not a part of the saved state. */
void imp_optimiser_set_learning_rate(ImpOptimiser *optimiser, double learning_rate);

/* Puts the state into `bundle` under names that begin with "optimiser.", and takes it back into an optimiser made with
 * the same n and options; x is the caller's to save. When saving fails, the bundle is good for nothing but to be freed.
 * A bundle that does not fit is IMP_ERROR_FORMAT and leaves the optimiser reset. */
ImpStatus imp_optimiser_save(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error);
ImpStatus imp_optimiser_load(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error);

/* Whether the next iteration of L-BFGS goes on from an evaluation already made instead of beginning with one: so after
 * a line search, and after an iteration that failed in one. False for other optimisers. */
bool imp_lbfgs_is_evaluated(const ImpOptimiser *optimiser);

/* ---- Adam for training, where the gradient comes from outside ---- */

/* One step of an Adam optimiser along `gradient` (n), which is first multiplied by `scale` (1 / the number of gradients
 * that were added up in it) and then, where max_norm > 0 and its 2-norm is larger, brought down to that norm (Pascanu
 * et al. 2013; as clip_grad_norm_ of PyTorch). *norm (may be NULL) is the norm before clipping. The gradient is used
 * up: what it holds afterwards means nothing. A gradient that is not finite is IMP_ERROR_NUMBER; then x and the
 * optimiser are as they were. */
ImpStatus imp_adam_move(ImpOptimiser *optimiser, float *x, float *gradient, double scale, double max_norm, double *norm,
                        ImpError *error);
/* Restricts the weight decay to these ranges, which are in order, do not overlap and end within n (else
 * IMP_ERROR_ARGUMENT): usually the convolutions' weights, not biases and normalisation. They are copied. An option, not
 * a part of the saved state. Without a call everything decays; with count 0, nothing. */
ImpStatus imp_adam_set_decayed(ImpOptimiser *optimiser, const ImpRange *ranges, size_t count, ImpError *error);

/* Adam's moments (n) each, for methods that resample them between scales; NULL for other optimisers. */
void imp_adam_moments(ImpOptimiser *optimiser, float **first, float **second);
/* The steps that the bias correction counts; 0 for other optimisers. */
int64_t imp_adam_step(const ImpOptimiser *optimiser);
void imp_adam_set_step(ImpOptimiser *optimiser, int64_t step);

#endif
