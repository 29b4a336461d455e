#include "optimiser/optimiser_private.h"

#include "base/error.h"
#include "base/memory.h"
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct Adam {
    ImpOptimiser base;
    ImpAdamOptions options;
    int64_t step;
    float *first, *second, *gradient; /* (n) each; the gradient stays untouched memory where it comes from outside */
    ImpRange *decayed;                /* (n_decayed) where the weights decay */
    size_t n_decayed;
} Adam;

/* The integers of a saved state. */
enum { ADAM_VERSION = 1 };
enum { STEP_AT = IMP_STATE_OWN, COUNTERS };

static void adam_free(ImpOptimiser *optimiser) {
    Adam *adam = (Adam *)optimiser;
    imp_free(adam->first);
    imp_free(adam->second);
    imp_free(adam->gradient);
    imp_free(adam->decayed);
    imp_vector_space_free(&optimiser->space);
    imp_free(adam);
}

static void adam_reset(ImpOptimiser *optimiser) {
    Adam *adam = (Adam *)optimiser;
    adam->step = 0;
    memset(adam->first, 0, optimiser->space.n * sizeof *adam->first);
    memset(adam->second, 0, optimiser->space.n * sizeof *adam->second);
}

/* The corrections grow out of beta^step in double and are rounded once, as PyTorch does. */
static ImpAdamStep constants_of_step(const Adam *adam, double step) {
    double beta1 = adam->options.beta1, beta2 = adam->options.beta2;
    return (ImpAdamStep){.keep1 = (float)beta1,
                         .take1 = (float)(1 - beta1),
                         .keep2 = (float)beta2,
                         .take2 = (float)(1 - beta2),
                         .root_correction = (float)sqrt(1 - pow(beta2, step)),
                         .epsilon = (float)adam->options.epsilon,
                         .rate = (float)(-adam->base.learning_rate / (1 - pow(beta1, step)))};
}

/* Counts a step and makes it along gradient * scale. */
static void make_step(Adam *adam, float *x, float *gradient, double scale) {
    adam->step++;
    adam->base.iteration++;
    double decay = adam->options.weight_decay;
    bool decoupled = adam->options.decoupled;
    ImpAdamDecay before = {.scale = (float)scale,
                           .couple = decoupled ? 0 : (float)decay,
                           .keep = decoupled ? (float)(1 - adam->base.learning_rate * decay) : 1,
                           .ranges = adam->decayed,
                           .n_ranges = adam->n_decayed};
    ImpAdamStep step = constants_of_step(adam, (double)adam->step);
    imp_vector_adam(&adam->base.space, x, adam->first, adam->second, gradient, &before, &step);
}

static ImpStatus adam_iterate(ImpOptimiser *optimiser, float *x, ImpObjective objective, void *context, bool *converged,
                              ImpError *error) {
    *converged = false; /* it has no test for that */
    Adam *adam = (Adam *)optimiser;
    double value;
    ImpVectorSums norms;
    ImpStatus status = imp_optimiser_evaluate(optimiser, x, objective, context, adam->gradient, &value, &norms, error);
    if (status == IMP_OK) make_step(adam, x, adam->gradient, 1);
    return status;
}

static ImpStatus adam_save(const ImpOptimiser *optimiser, ImpBundle *bundle, ImpError *error) {
    const Adam *adam = (const Adam *)optimiser;
    size_t n = optimiser->space.n;
    int64_t counters[COUNTERS] = {[IMP_STATE_VERSION] = ADAM_VERSION,
                                  [IMP_STATE_N] = (int64_t)n,
                                  [IMP_STATE_ITERATION] = optimiser->iteration,
                                  [STEP_AT] = adam->step};
    ImpStatus status = imp_bundle_add_flat(bundle, "optimiser.adam.counters", IMP_DTYPE_I64, COUNTERS, counters, error);
    if (status == IMP_OK)
        status = imp_bundle_add_flat(bundle, "optimiser.adam.first", IMP_DTYPE_F32, n, adam->first, error);
    if (status == IMP_OK)
        status = imp_bundle_add_flat(bundle, "optimiser.adam.second", IMP_DTYPE_F32, n, adam->second, error);
    return status;
}

static bool any_negative(const float *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (values[i] < 0) return true;
    return false;
}

static ImpStatus adam_load(ImpOptimiser *optimiser, const ImpBundle *bundle, ImpError *error) {
    Adam *adam = (Adam *)optimiser;
    const int64_t *counters;
    ImpStatus status = imp_optimiser_load_counters(optimiser, bundle, "optimiser.adam.counters", COUNTERS, ADAM_VERSION,
                                                   &counters, error);
    if (status != IMP_OK) return status;
    if (counters[STEP_AT] < 0 || counters[STEP_AT] > imp_most_iterations)
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's Adam state has an impossible number of steps");
    status = imp_optimiser_load_vector(optimiser, bundle, "optimiser.adam.first", adam->first, NULL, error);
    if (status == IMP_OK)
        status = imp_optimiser_load_vector(optimiser, bundle, "optimiser.adam.second", adam->second, NULL, error);
    if (status != IMP_OK) return status;
    if (any_negative(adam->second, optimiser->space.n))
        return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint's second moments of Adam are negative in places");
    adam->step = counters[STEP_AT];
    return IMP_OK;
}

static const ImpOptimiserKind adam_kind = {.name = "Adam",
                                           .iterate = adam_iterate,
                                           .reset = adam_reset,
                                           .save = adam_save,
                                           .load = adam_load,
                                           .free = adam_free};

ImpAdamOptions imp_adam_defaults(void) {
    return (ImpAdamOptions){.learning_rate = 0.02, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8};
}

ImpAdamOptions imp_adam_training_defaults(void) {
    return (ImpAdamOptions){.learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
}

/* Written so that NAN fails. */
static ImpStatus check_options(size_t n, const ImpAdamOptions *o, ImpError *error) {
    if (n < 1) return imp_fail(error, IMP_ERROR_ARGUMENT, "Adam needs at least one number to optimise");
    if (!(o->learning_rate > 0) || !isfinite(o->learning_rate))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "Adam's learning rate is %g; it must be above 0", o->learning_rate);
    if (!(o->beta1 >= 0 && o->beta1 < 1) || !(o->beta2 >= 0 && o->beta2 < 1))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "Adam's betas are %g and %g; each must be at least 0 and below 1",
                        o->beta1, o->beta2);
    if (!(o->epsilon > 0) || !isfinite(o->epsilon))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "Adam's epsilon is %g; it must be above 0", o->epsilon);
    if (!(o->weight_decay >= 0) || !isfinite(o->weight_decay))
        return imp_fail(error, IMP_ERROR_ARGUMENT, "Adam's weight decay is %g; it must be 0 or more", o->weight_decay);
    return IMP_OK;
}

static Adam *as_adam(const ImpOptimiser *optimiser) {
    return optimiser->kind == &adam_kind ? (Adam *)optimiser : NULL;
}

static ImpStatus check_ranges(size_t n, const ImpRange *ranges, size_t count, ImpError *error) {
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].begin < end || ranges[i].end < ranges[i].begin || ranges[i].end > n)
            return imp_fail(error, IMP_ERROR_ARGUMENT,
                            "weights %zu to %zu are to decay, which is not within %zu to %zu; give ranges in order",
                            ranges[i].begin, ranges[i].end, end, n);
        end = ranges[i].end;
    }
    return IMP_OK;
}

ImpStatus imp_adam_set_decayed(ImpOptimiser *optimiser, const ImpRange *ranges, size_t count, ImpError *error) {
    Adam *adam = as_adam(optimiser);
    assert(adam);
    ImpRange *copy = NULL;
    ImpStatus status = check_ranges(optimiser->space.n, ranges, count, error);
    if (status == IMP_OK && count > 0) status = IMP_ALLOC(&copy, count, "ranges of weights", error);
    if (status != IMP_OK) return status;
    if (count > 0) memcpy(copy, ranges, count * sizeof *copy);
    imp_free(adam->decayed);
    adam->decayed = copy;
    adam->n_decayed = count;
    return IMP_OK;
}

ImpStatus imp_adam_move(ImpOptimiser *optimiser, float *x, float *gradient, double scale, double max_norm, double *norm,
                        ImpError *error) {
    Adam *adam = as_adam(optimiser);
    assert(adam && isfinite(scale));
    double length = fabs(scale) * sqrt(imp_vector_dot(&optimiser->space, gradient, gradient));
    if (norm) *norm = length;
    if (!isfinite(length))
        return imp_fail(error, IMP_ERROR_NUMBER,
                        "the gradient has elements that are not finite in Adam step %" PRId64
                        "; lower the learning rate or the weights of the losses",
                        optimiser->iteration + 1);
    if (max_norm > 0 && length > max_norm) scale *= max_norm / length;
    make_step(adam, x, gradient, scale);
    return IMP_OK;
}

ImpStatus imp_adam_new(size_t n, const ImpAdamOptions *options, ImpOptimiser **out, ImpError *error) {
    *out = NULL;
    ImpStatus status = check_options(n, options, error);
    if (status != IMP_OK) return status;
    Adam *adam;
    status = IMP_ALLOC(&adam, 1, "Adam optimiser", error);
    if (status != IMP_OK) return status;
    adam->base = (ImpOptimiser){.kind = &adam_kind, .learning_rate = options->learning_rate};
    adam->options = *options;
    status = imp_vector_space_new(n, &adam->base.space, error);
    if (status == IMP_OK) status = IMP_ALLOC(&adam->first, n, "first moments of Adam", error);
    if (status == IMP_OK) status = IMP_ALLOC(&adam->second, n, "second moments of Adam", error);
    if (status == IMP_OK) status = IMP_ALLOC(&adam->gradient, n, "gradient", error);
    if (status == IMP_OK) status = imp_adam_set_decayed(&adam->base, &(ImpRange){0, n}, 1, error);
    if (status == IMP_OK)
        *out = &adam->base;
    else
        adam_free(&adam->base);
    return status;
}

void imp_adam_moments(ImpOptimiser *optimiser, float **first, float **second) {
    Adam *adam = as_adam(optimiser);
    *first = adam ? adam->first : NULL;
    *second = adam ? adam->second : NULL;
}

int64_t imp_adam_step(const ImpOptimiser *optimiser) {
    const Adam *adam = as_adam(optimiser);
    return adam ? adam->step : 0;
}

void imp_adam_set_step(ImpOptimiser *optimiser, int64_t step) {
    Adam *adam = as_adam(optimiser);
    assert(step >= 0 && step <= imp_most_iterations);
    if (adam) adam->step = step;
}
