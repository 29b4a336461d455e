#include "optimiser/lbfgs_private.h"

#include "base/error.h"
#include "base/memory.h"
#include "optimiser/wolfe.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MOST_HISTORY = 10000, MOST_LINE_EVALUATIONS = 10000 };

static void lbfgs_free(ImpOptimiser *optimiser) {
    ImpLbfgs *l = (ImpLbfgs *)optimiser;
    imp_pairs_free(&l->pairs);
    imp_free(l->gradient);
    imp_free(l->previous);
    imp_free(l->direction);
    imp_free(l->start);
    imp_vector_space_free(&optimiser->space);
    imp_free(l);
}

static void lbfgs_reset(ImpOptimiser *optimiser) {
    ImpLbfgs *l = (ImpLbfgs *)optimiser;
    imp_pairs_reset(&l->pairs);
    l->phase = IMP_LBFGS_EVALUATE;
    l->stalled = false;
    l->directions = 0;
    l->value = l->previous_value = l->t = 0;
    l->norms = l->along = (ImpVectorSums){0};
}

/* The gradient at x is small, or the last step changed little and this has not been reported. */
static bool has_converged(ImpLbfgs *l) {
    if (l->norms.most <= l->options.tolerance_gradient) return true;
    double least = l->options.tolerance_change;
    if (l->directions == 0 || l->stalled || least < 0) return false;
    l->stalled = l->along.most * fabs(l->t) <= least || fabs(l->value - l->previous_value) < least;
    return l->stalled;
}

static ImpStatus find_direction(ImpLbfgs *l, ImpError *error) {
    ImpVectorSpace *space = &l->base.space;
    double t = l->base.learning_rate;
    if (l->directions == 0) {
        l->along = l->norms;
        l->along.dot = imp_vector_negate_dot(space, l->direction, l->gradient, l->gradient);
        t *= fmin(1, 1 / l->norms.other);
    } else {
        ImpStatus status =
            imp_pairs_direction(&l->pairs, space, l->gradient, l->previous, l->t, l->direction, &l->along, error);
        if (status != IMP_OK) return status;
    }
    if (!isfinite(l->along.other))
        return imp_fail(error, IMP_ERROR_NUMBER,
                        "the direction of L-BFGS is not finite in iteration %" PRId64
                        "; lower the learning rate or the weights of the losses",
                        l->base.iteration + 1);
    float *gradient = l->gradient; /* the other buffer takes the next one */
    l->gradient = l->previous;
    l->previous = gradient;
    l->previous_value = l->value;
    l->t = t;
    l->directions++;
    return IMP_OK;
}

/* A line search at work. */
typedef struct Search {
    ImpLbfgs *l;
    float *x;
    ImpObjective objective;
    void *context;
    double t; /* evaluated last */
} Search;

static ImpStatus evaluate_along(void *context, double t, double *value, double *slope, ImpError *error) {
    Search *search = context;
    ImpLbfgs *l = search->l;
    imp_vector_step(&l->base.space, search->x, l->start, (float)t, l->direction);
    search->t = t;
    ImpStatus status = imp_optimiser_evaluate(&l->base, search->x, search->objective, search->context, l->gradient,
                                              &l->value, &l->norms, error);
    if (status != IMP_OK) return status;
    *value = l->value;
    *slope = imp_vector_dot(&l->base.space, l->gradient, l->direction);
    return IMP_OK;
}

/* Moves x by a line search. The last trial is nearly always the one taken: then x (as the objective has projected it)
 * and its gradient stay; no gradient of another trial is kept for the rare case. */
static ImpStatus move_by_search(ImpLbfgs *l, float *x, ImpObjective objective, void *context, ImpError *error) {
    ImpVectorSpace *space = &l->base.space;
    Search search = {.l = l, .x = x, .objective = objective, .context = context};
    ImpLine line = {.evaluate = evaluate_along,
                    .context = &search,
                    .value = l->previous_value,
                    .slope = l->along.dot,
                    .reach = l->along.most,
                    .max_evaluations = l->options.max_line_evaluations};
    memcpy(l->start, x, space->n * sizeof *x);
    double t;
    ImpStatus status = imp_wolfe_search(&line, l->t, &t, error);
    if (status != IMP_OK) {
        memcpy(x, l->start, space->n * sizeof *x);
        return status;
    }
    bool last = t == search.t;
    if (!last) imp_vector_step(space, x, l->start, (float)t, l->direction);
    l->phase = last ? IMP_LBFGS_EVALUATED : IMP_LBFGS_EVALUATE;
    l->t = t;
    return IMP_OK;
}

static ImpStatus move(ImpLbfgs *l, float *x, ImpObjective objective, void *context, ImpError *error) {
    ImpStatus status = IMP_OK;
    if (l->options.strong_wolfe)
        status = move_by_search(l, x, objective, context, error);
    else
        imp_vector_step(&l->base.space, x, x, (float)l->t, l->direction);
    if (status != IMP_OK) return status;
    l->stalled = false;
    l->base.iteration++;
    return IMP_OK;
}

/* The phase says how far the iteration has come; after a failure it begins there again. Without a line search nothing
 * is worth keeping: every iteration begins with an evaluation, as every step() of PyTorch does. */
static ImpStatus iterate_from_phase(ImpLbfgs *l, float *x, ImpObjective objective, void *context, bool *converged,
                                    ImpError *error) {
    ImpStatus status;
    if (l->phase == IMP_LBFGS_EVALUATE) {
        status = imp_optimiser_evaluate(&l->base, x, objective, context, l->gradient, &l->value, &l->norms, error);
        if (status != IMP_OK) return status;
        l->phase = IMP_LBFGS_EVALUATED;
    }
    if (l->phase == IMP_LBFGS_EVALUATED) {
        *converged = has_converged(l);
        if (*converged) return IMP_OK;
        status = find_direction(l, error);
        if (status != IMP_OK) return status;
        l->phase = IMP_LBFGS_SEARCH;
    }
    double least = l->options.tolerance_change;
    *converged = least >= 0 && l->along.dot > -least;
    if (*converged) return IMP_OK;
    return move(l, x, objective, context, error);
}

static ImpStatus lbfgs_iterate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context,
                               bool *converged, ImpError *error) {
    ImpLbfgs *l = (ImpLbfgs *)optimiser;
    ImpStatus status = iterate_from_phase(l, x, objective, context, converged, error);
    if (!l->options.strong_wolfe) l->phase = IMP_LBFGS_EVALUATE;
    return status;
}

static const ImpOptimiserKind lbfgs_kind = {.name = "L-BFGS",
                                            .iterate = lbfgs_iterate,
                                            .reset = lbfgs_reset,
                                            .save = imp_lbfgs_save,
                                            .load = imp_lbfgs_load,
                                            .free = lbfgs_free};

ImpLbfgsOptions imp_lbfgs_defaults(void) {
    return (ImpLbfgsOptions){.learning_rate = 1,
                             .history = 100,
                             .tolerance_gradient = 1e-7,
                             .tolerance_change = 1e-9,
                             .strong_wolfe = false,
                             .max_line_evaluations = 25};
}

size_t imp_lbfgs_bytes(size_t n, const ImpLbfgsOptions *options) {
    size_t vectors = 2 * (size_t)options->history + (options->strong_wolfe ? 4 : 3), bytes;
    return imp_multiply(n, vectors * sizeof(float), &bytes) ? bytes : SIZE_MAX;
}

/* Written so that NAN fails. */
static ImpStatus check_options(size_t n, const ImpLbfgsOptions *o, ImpError *error) {
    if (n < 1) return imp_fail(error, IMP_ERROR_ARGUMENT, "L-BFGS needs at least one number to optimise");
    if (!(o->learning_rate > 0) || !isfinite(o->learning_rate))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the learning rate of L-BFGS is %g; it must be above 0",
                        o->learning_rate);
    if (o->history < 1 || o->history > MOST_HISTORY)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "the history of L-BFGS is %d pairs; it must be 1 to %d", o->history,
                        MOST_HISTORY);
    if (isnan(o->tolerance_gradient) || isnan(o->tolerance_change))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "a tolerance of L-BFGS is not a number");
    if (o->max_line_evaluations < 1 || o->max_line_evaluations > MOST_LINE_EVALUATIONS)
        return imp_fail(error, IMP_ERROR_ARGUMENT, "%d evaluations in a line search of L-BFGS; it must be 1 to %d",
                        o->max_line_evaluations, MOST_LINE_EVALUATIONS);
    return IMP_OK;
}

static ImpStatus make_parts(ImpLbfgs *l, size_t n, ImpError *error) {
    ImpStatus status = imp_vector_space_new(n, &l->base.space, error);
    if (status == IMP_OK) status = imp_pairs_new(l->options.history, &l->pairs, error);
    if (status == IMP_OK) status = IMP_ALLOC(&l->gradient, n, "gradient", error);
    if (status == IMP_OK) status = IMP_ALLOC(&l->previous, n, "gradient", error);
    if (status == IMP_OK) status = IMP_ALLOC(&l->direction, n, "direction of L-BFGS", error);
    if (status == IMP_OK && l->options.strong_wolfe)
        status = IMP_ALLOC(&l->start, n, "start of the line search", error);
    return status;
}

ImpStatus imp_lbfgs_new(size_t n, const ImpLbfgsOptions *options, ImpOptimiser **out, ImpError *error) {
    *out = NULL;
    ImpStatus status = check_options(n, options, error);
    if (status != IMP_OK) return status;
    ImpLbfgs *l;
    status = IMP_ALLOC(&l, 1, "L-BFGS optimiser", error);
    if (status != IMP_OK) return status;
    l->base = (ImpOptimiser){.kind = &lbfgs_kind, .learning_rate = options->learning_rate};
    l->options = *options;
    status = make_parts(l, n, error);
    if (status == IMP_OK)
        *out = &l->base;
    else
        lbfgs_free(&l->base);
    return status;
}

bool imp_lbfgs_is_evaluated(const ImpOptimiser *optimiser) {
    return optimiser->kind == &lbfgs_kind && ((const ImpLbfgs *)optimiser)->phase != IMP_LBFGS_EVALUATE;
}
