#include "method/descent.h"

#include "base/error.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MOST_RESTARTS = 10 }; /* of the optimiser at one scale */

static size_t count_of(const ImpDescentState *state) {
    return 3 * (size_t)state->width * (size_t)state->height;
}

static int64_t limit_of(const ImpDescent *descent) {
    return descent->settings->scales[descent->state->scale].evaluations;
}

static bool is_over(const ImpDescent *descent) {
    return descent->watch->stop || descent->evaluation >= limit_of(descent);
}

static bool are_finite(const ImpDescentSettings *settings, const ImpDescentLosses *losses) {
    bool finite = isfinite(losses->total);
    for (size_t i = 0; i < settings->n_parts; i++) finite = finite && isfinite(losses->parts[i]);
    return finite;
}

static void keep_best(ImpDescentState *state, const float *pixels, const ImpDescentLosses *losses) {
    if (!(losses->total < state->best_losses.total)) return;
    state->best_losses = *losses;
    memcpy(state->best, pixels, count_of(state) * sizeof *pixels);
}

/* The objective of the optimiser. Only a line search asks again after the end has come. */
static ImpStatus evaluate(void *context, float *pixels, float *gradient, double *value, ImpError *error) {
    ImpDescent *descent = context;
    if (is_over(descent)) return imp_fail(error, IMP_ERROR_STOPPED, "the line search is broken off");
    ImpDescentLosses losses;
    ImpStatus status = descent->evaluate(descent->objective, pixels, gradient, &losses, error);
    if (status != IMP_OK) return status;
    *value = descent->gain * losses.total;
    descent->evaluation++;
    descent->total++;
    if (!are_finite(descent->settings, &losses)) return IMP_OK; /* the optimiser refuses it */
    keep_best(descent->state, pixels, &losses);
    return imp_descent_watch_step(descent->watch, descent->state, pixels, descent->evaluation, descent->total, &losses,
                                  error);
}

/* From here the optimiser can go on after a checkpoint. */
static void count_step(ImpDescent *descent) {
    ImpDescentState *state = descent->state;
    state->evaluation = descent->evaluation;
    state->total = descent->total;
    if (!state->average) return;
    ImpPixelSpace space = imp_pixel_space(descent->settings->bytes);
    if (descent->settings->clamp) imp_pixels_clamp(&space, state->pixels, count_of(state) / 3);
    imp_descent_average_add(state, descent->settings->average_decay);
}

/* A line search was broken off: the evaluation that it started from is the only one that will not be done again. */
static void count_kept_evaluation(ImpDescentState *state) {
    if (!imp_lbfgs_is_evaluated(state->optimiser)) return;
    state->evaluation++;
    state->total++;
}

/* After numbers that were not finite. */
static ImpStatus start_anew(ImpDescent *descent, ImpStatus status) {
    ImpDescentState *state = descent->state;
    if (!isfinite(state->best_losses.total)) return status;
    imp_optimiser_reset(state->optimiser);
    memcpy(state->pixels, state->best, count_of(state) * sizeof *state->pixels);
    state->evaluation = descent->evaluation;
    state->total = descent->total;
    state->restarts++;
    state->over = state->restarts >= MOST_RESTARTS;
    imp_descent_state_set_rate(descent->settings, state);
    if (!descent->watch->restart_noticed)
        imp_descent_notice(descent->watch,
                           "the losses left the finite numbers at evaluation %" PRId64
                           ", so the optimizer starts anew from the best picture with a lower learning-rate",
                           descent->total);
    descent->watch->restart_noticed = true;
    return IMP_OK;
}

static ImpStatus step(ImpDescent *descent, ImpError *error) {
    ImpDescentState *state = descent->state;
    bool converged = false, evaluated = imp_lbfgs_is_evaluated(state->optimiser);
    ImpStatus status = imp_optimiser_iterate(state->optimiser, state->pixels, evaluate, descent, &converged, error);
    if (status == IMP_ERROR_NUMBER) return start_anew(descent, status);
    if (status == IMP_ERROR_STOPPED) {
        if (!evaluated) count_kept_evaluation(state);
        return IMP_OK;
    }
    if (status != IMP_OK) return status;
    count_step(descent);
    state->over = converged;
    if (converged && !is_over(descent))
        imp_descent_notice(descent->watch, "nothing changes any more after %" PRId64 " evaluations at %dx%d pixels",
                           state->evaluation, state->width, state->height);
    return IMP_OK;
}

static bool checkpoint_is_due(const ImpDescent *descent, int64_t total_before) {
    int64_t every = descent->settings->checkpoint_every;
    return descent->watch->checkpoint || (every > 0 && descent->state->total / every > total_before / every);
}

static void write_if_due(ImpDescent *descent, int64_t total_before) {
    if (!checkpoint_is_due(descent, total_before)) return;
    descent->watch->checkpoint = false;
    descent->checkpoint(descent->context);
}

ImpStatus imp_descent_run(ImpDescent *descent, ImpError *error) {
    ImpDescentState *state = descent->state;
    descent->evaluation = state->evaluation;
    descent->total = state->total;
    imp_descent_watch_scale(descent->watch, state->evaluation);
    ImpStatus status = IMP_OK;
    while (status == IMP_OK && !state->over && !is_over(descent)) {
        int64_t before = state->total;
        status = step(descent, error);
        if (status == IMP_OK) write_if_due(descent, before);
    }
    return status;
}
