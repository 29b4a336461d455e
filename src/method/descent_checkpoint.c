#include "method/descent_checkpoint.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "weights/weights.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The integers kept. The numbers are the losses of the best picture, the average's weight and the seconds. */
enum { SCALE_AT, WIDTH_AT, HEIGHT_AT, EVALUATION_AT, TOTAL_AT, RESTARTS_AT, OVER_AT, COUNTERS };
enum { MOST_NUMBERS = IMP_MAX_METRICS + 2 };

/* Options that do not change where a run is going; the model and masks are known by their hashes. */
static bool is_free(const ImpParam *row) {
    static const char *const names[] = {"model",        "evaluations", "initial-evaluations", "scale-evaluations",
                                        "content-mask", "style-mask",  "strength-map"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], row->name) == 0) return true;
    return row->run_only;
}

/* One hash of the numbers that the methods see. */
static ImpStatus hash_picture(const ImpImage *image, char out[IMP_SHA256_TEXT], ImpError *error) {
    size_t plane = (size_t)image->width * (size_t)image->height * sizeof(float);
    char parts[2][IMP_SHA256_TEXT] = {{0}};
    ImpStatus status = imp_sha256(image->rgb, 3 * plane, parts[0], error);
    if (status == IMP_OK && image->alpha) status = imp_sha256(image->alpha, plane, parts[1], error);
    if (status != IMP_OK) return status;
    char *text = imp_format("%dx%dx%d %s %s", image->width, image->height, image->bit_depth, parts[0], parts[1]);
    if (!text) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a checkpoint");
    status = imp_sha256(text, strlen(text), out, error);
    imp_free(text);
    return status;
}

static ImpStatus hash_pictures(ImpCheckpointOrigin *origin, ImpError *error) {
    if (origin->picture_hashes) return IMP_OK;
    ImpStatus status = IMP_ALLOC(&origin->picture_hashes, origin->n_pictures, "checkpoint", error);
    for (size_t i = 0; i < origin->n_pictures && status == IMP_OK; i++)
        status = hash_picture(origin->pictures[i].image, origin->picture_hashes[i], error);
    return status;
}

/* Metadata that two checkpoints of the same run have in common. */
typedef struct Trait {
    char *key;
    const char *value; /* "" for an option without a value */
    const char *name;  /* what messages call it */
} Trait;

typedef ImpStatus (*VisitTrait)(void *context, const Trait *trait, ImpError *error);

static ImpStatus visit(VisitTrait visitor, void *context, const char *kind, const char *id, const char *value,
                       const char *name, ImpError *error) {
    Trait trait = {imp_format("%s.%s", kind, id), value ? value : "", name};
    if (!trait.key) return imp_fail(error, IMP_ERROR_MEMORY, "out of memory for a checkpoint");
    ImpStatus status = visitor(context, &trait, error);
    imp_free(trait.key);
    return status;
}

static ImpStatus visit_traits(ImpCheckpointOrigin *origin, VisitTrait visitor, void *context, ImpError *error) {
    ImpStatus status = hash_pictures(origin, error);
    if (status == IMP_OK) status = visit(visitor, context, "model", "sha256", origin->model_sha256, "model", error);
    const ImpParamTable *table = imp_params_table(origin->params);
    for (size_t i = 0; i < table->count && status == IMP_OK; i++) {
        const char *name = table->rows[i].name;
        if (!is_free(&table->rows[i]))
            status = visit(visitor, context, "option", name, imp_params_text(origin->params, name), name, error);
    }
    if (status == IMP_OK && origin->masks_sha256)
        status = visit(visitor, context, "masks", "sha256", origin->masks_sha256, "mask", error);
    for (size_t i = 0; i < origin->n_pictures && status == IMP_OK; i++) {
        char id[24];
        snprintf(id, sizeof id, "%zu", i);
        status = visit(visitor, context, "picture", id, origin->picture_hashes[i], origin->pictures[i].name, error);
    }
    return status;
}

static ImpStatus keep_trait(void *context, const Trait *trait, ImpError *error) {
    return imp_bundle_set_metadata(context, trait->key, trait->value, error);
}

static ImpStatus add_picture(ImpBundle *bundle, const char *name, const ImpDescentState *state, const float *pixels,
                             ImpError *error) {
    int64_t dims[3] = {3, state->height, state->width};
    return imp_bundle_add(bundle, name, IMP_DTYPE_F32, 3, dims, pixels, NULL, error);
}

static ImpStatus add_arrays(const ImpDescentSettings *settings, const ImpDescentState *state, double seconds,
                            ImpBundle *bundle, ImpError *error) {
    bool has_best = isfinite(state->best_losses.total);
    size_t n = settings->n_parts;
    int64_t counters[COUNTERS] = {state->scale, state->width,    state->height, state->evaluation,
                                  state->total, state->restarts, state->over};
    double numbers[MOST_NUMBERS] = {state->best_losses.total};
    memcpy(numbers + 1, state->best_losses.parts, n * sizeof *numbers);
    numbers[n + 1] = state->average_weight;
    numbers[n + 2] = seconds;
    ImpStatus status = imp_bundle_add_flat(bundle, "counters", IMP_DTYPE_I64, COUNTERS, counters, error);
    if (status == IMP_OK) status = imp_bundle_add_flat(bundle, "numbers", IMP_DTYPE_F64, n + 3, numbers, error);
    if (status == IMP_OK) status = imp_bundle_add_flat(bundle, "random", IMP_DTYPE_U64, 4, state->random.state, error);
    if (status == IMP_OK) status = add_picture(bundle, "pixels", state, state->pixels, error);
    if (status == IMP_OK && has_best) status = add_picture(bundle, "best", state, state->best, error);
    if (status == IMP_OK && state->average) status = add_picture(bundle, "average", state, state->average, error);
    if (status == IMP_OK) status = imp_optimiser_save(state->optimiser, bundle, error);
    return status;
}

ImpStatus imp_checkpoint_write(const char *path, ImpCheckpointOrigin *origin, const ImpDescentSettings *settings,
                               const ImpDescentState *state, double seconds, ImpError *error) {
    ImpBundle *bundle;
    ImpStatus status = imp_checkpoint_file_new(origin->kind, &bundle, error);
    if (status != IMP_OK) return status;
    status = visit_traits(origin, keep_trait, bundle, error);
    if (status == IMP_OK) status = add_arrays(settings, state, seconds, bundle, error);
    if (status == IMP_OK) status = imp_safetensors_write(bundle, path, false, error);
    imp_bundle_free(&bundle);
    return status;
}

typedef struct Comparison {
    const char *path;
    const ImpBundle *bundle;
} Comparison;

static ImpStatus compare_trait(void *context, const Trait *trait, ImpError *error) {
    const Comparison *comparison = context;
    const char *kept = imp_bundle_metadata(comparison->bundle, trait->key);
    if (kept && strcmp(kept, trait->value) == 0) return IMP_OK;
    if (strncmp(trait->key, "option.", 7) == 0)
        return imp_checkpoint_option_differs(comparison->path, trait->name, kept, trait->value, error);
    bool is_picture = strncmp(trait->key, "picture.", 8) == 0;
    return imp_fail(error, IMP_ERROR_ARGUMENT,
                    "%.200s was made with another %s than %.200s; give the same files, or start without resume",
                    comparison->path, is_picture ? "picture" : trait->name, is_picture ? trait->name : "this");
}

static ImpStatus contradicts(const char *path, ImpError *error) {
    return imp_fail(error, IMP_ERROR_FORMAT, "the checkpoint %.200s contradicts itself; it is damaged", path);
}

static bool counters_fit(const int64_t *c, const ImpDescentSettings *settings) {
    if (c[SCALE_AT] < 0 || c[SCALE_AT] >= settings->n_scales) return false;
    const ImpDescentScale *scale = &settings->scales[c[SCALE_AT]];
    return c[WIDTH_AT] == scale->width && c[HEIGHT_AT] == scale->height && c[EVALUATION_AT] >= 0 &&
           c[TOTAL_AT] >= c[EVALUATION_AT] && c[TOTAL_AT] <= INT64_MAX / 2 && c[RESTARTS_AT] >= 0 &&
           c[RESTARTS_AT] <= 1000 && (c[OVER_AT] == 0 || c[OVER_AT] == 1);
}

static ImpStatus take_counters(const char *path, const ImpBundle *bundle, const ImpDescentSettings *settings,
                               ImpDescentState *state, ImpError *error) {
    const void *data;
    ImpStatus status = imp_bundle_get(bundle, "counters", IMP_DTYPE_I64, COUNTERS, &data, error);
    if (status != IMP_OK) return status;
    const int64_t *c = data;
    if (!counters_fit(c, settings)) return contradicts(path, error);
    if (c[EVALUATION_AT] > settings->scales[c[SCALE_AT]].evaluations)
        return imp_fail(error, IMP_ERROR_ARGUMENT,
                        "%.200s has %" PRId64 " evaluations at scale %" PRId64 ", more than the %" PRId64
                        " of this run; give more evaluations",
                        path, c[EVALUATION_AT], c[SCALE_AT] + 1, settings->scales[c[SCALE_AT]].evaluations);
    status = imp_descent_state_begin(settings, (int)c[SCALE_AT], state, error);
    if (status != IMP_OK) return status;
    state->evaluation = c[EVALUATION_AT];
    state->total = c[TOTAL_AT];
    state->restarts = c[RESTARTS_AT];
    state->over = c[OVER_AT] == 1;
    imp_descent_state_set_rate(settings, state);
    return IMP_OK;
}

static ImpStatus take_numbers(const char *path, const ImpBundle *bundle, const ImpDescentSettings *settings,
                              ImpDescentState *state, double *seconds, ImpError *error) {
    const void *data;
    size_t n = settings->n_parts;
    ImpStatus status = imp_bundle_get(bundle, "numbers", IMP_DTYPE_F64, n + 3, &data, error);
    if (status != IMP_OK) return status;
    const double *numbers = data, average = numbers[n + 1];
    if (!(average >= 0 && average <= 1) || !(numbers[n + 2] >= 0) || isnan(numbers[0])) return contradicts(path, error);
    state->best_losses.total = numbers[0];
    memcpy(state->best_losses.parts, numbers + 1, n * sizeof *numbers);
    state->average_weight = average;
    *seconds = numbers[n + 2];
    status = imp_bundle_get(bundle, "random", IMP_DTYPE_U64, 4, &data, error);
    if (status == IMP_OK) memcpy(state->random.state, data, sizeof state->random.state);
    return status;
}

static ImpStatus take_picture(const char *path, const ImpBundle *bundle, const char *name, const ImpDescentState *state,
                              float *out, ImpError *error) {
    size_t n = 3 * (size_t)state->width * (size_t)state->height;
    const void *data;
    ImpStatus status = imp_bundle_get(bundle, name, IMP_DTYPE_F32, n, &data, error);
    if (status != IMP_OK) return status;
    memcpy(out, data, n * sizeof *out);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(out[i])) return contradicts(path, error);
    return IMP_OK;
}

static ImpStatus take_state(const char *path, const ImpBundle *bundle, const ImpDescentSettings *settings,
                            ImpDescentState *state, double *seconds, ImpError *error) {
    ImpStatus status = take_counters(path, bundle, settings, state, error);
    if (status == IMP_OK) status = take_numbers(path, bundle, settings, state, seconds, error);
    if (status == IMP_OK) status = take_picture(path, bundle, "pixels", state, state->pixels, error);
    if (status == IMP_OK && isfinite(state->best_losses.total))
        status = take_picture(path, bundle, "best", state, state->best, error);
    if (status == IMP_OK && state->average)
        status = take_picture(path, bundle, "average", state, state->average, error);
    if (status == IMP_OK) status = imp_optimiser_load(state->optimiser, bundle, error);
    if (status != IMP_OK) imp_descent_state_end(state);
    return status;
}

ImpStatus imp_checkpoint_read(const char *path, ImpCheckpointOrigin *origin, const ImpDescentSettings *settings,
                              ImpDescentState *state, double *seconds, ImpError *error) {
    *state = (ImpDescentState){0};
    ImpBundle *bundle;
    ImpStatus status = imp_checkpoint_file_read(origin->kind, path, &bundle, error);
    if (status != IMP_OK) return status;
    Comparison comparison = {path, bundle};
    status = visit_traits(origin, compare_trait, &comparison, error);
    if (status == IMP_OK) status = take_state(path, bundle, settings, state, seconds, error);
    imp_bundle_free(&bundle);
    return status;
}
