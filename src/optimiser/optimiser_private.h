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

/* What the integers of every saved state begin with. */
enum { IMP_STATE_VERSION, IMP_STATE_N, IMP_STATE_ITERATION, IMP_STATE_OWN };

/* A saved state that claims to have counted further than this is corrupt. */
static const int64_t imp_most_iterations = (int64_t)1 << 53;

/* The integers `name` (count) of a saved state, and from them the optimiser's iteration. IMP_ERROR_FORMAT unless they
 * are there, are of this version and for this n. */
ImpStatus imp_optimiser_load_counters(ImpOptimiser *optimiser, const ImpBundle *bundle, const char *name, size_t count,
                                      int64_t version, const int64_t **out, ImpError *error);

#endif
