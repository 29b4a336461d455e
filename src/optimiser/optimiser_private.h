/* What an optimiser is made of; for src/optimiser only. */
#ifndef IMP_OPTIMISER_OPTIMISER_PRIVATE_H
#define IMP_OPTIMISER_OPTIMISER_PRIVATE_H

#include "optimiser/optimiser.h"
#include "optimiser/vector.h"

/* The verbs of one kind of optimiser; each gets what the public function of that name got. */
typedef struct ImpOptimiserKind {
    const char *name; /* as in messages: "L-BFGS" */
    ImpStatus (*iterate)(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context, bool *converged,
                         ImpError *error);
    void (*reset)(ImpOptimiser *optimiser);
    ImpStatus (*save)(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error);
    /* Called on a reset optimiser, which is reset again when it fails. */
    ImpStatus (*load)(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error);
    void (*free)(ImpOptimiser *optimiser); /* all of it, the struct too */
} ImpOptimiserKind;

/* The first member of every optimiser. */
struct ImpOptimiser {
    const ImpOptimiserKind *kind;
    ImpVectorSpace space;
    double learning_rate;
    int64_t iteration; /* moves of x so far */
};

/* Calls the objective and measures the gradient: other = |g|_1, most = max|g|. A value or a gradient that is not finite
 * is IMP_ERROR_NUMBER. */
ImpStatus imp_optimiser_evaluate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context,
                                 float *gradient, double *value, ImpVectorSums *norms, ImpError *error);

/* The vector `name` (n) of a saved state into `out`, and its norms; one that is missing, of another length or not
 * finite is IMP_ERROR_FORMAT. `norms` may be NULL. */
ImpStatus imp_optimiser_load_vector(ImpOptimiser *optimiser, const ImpBundle *bundle, const char *name, float *out,
                                    ImpVectorSums *norms, ImpError *error);

/* IMP_ERROR_FORMAT unless the integers `name` (count) of a saved state are there and begin with `version` and n. */
ImpStatus imp_optimiser_load_counters(const ImpOptimiser *optimiser, const ImpBundle *bundle, const char *name,
                                      size_t count, int64_t version, const int64_t **out, ImpError *error);

#endif
