#include "method/stylise/style_target.h"

#include "base/memory.h"
#include <assert.h>
#include <math.h>

/* What each kind of style loss can do. The state is the kind's own, NULL before the first sample. */
typedef struct Kind {
    ImpStatus (*add)(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error);
    ImpStatus (*loss)(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error);
    void (*free)(void *state);
} Kind;

struct ImpStyleTarget {
    const ImpStyliseSettings *settings;
    const Kind *kind;
    void *state;
};

/* --- Gram matrices: a blend is the sum by shares ------------------------------------------------------------------ */

static ImpStatus add_gram(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error) {
    size_t cells = (size_t)sample->activation->shape.channels * (size_t)sample->activation->shape.channels;
    double *gram = NULL, *sum;
    ImpStatus status = IMP_OK;
    if (!target->state) status = imp_alloc_or_fail(&target->state, cells, sizeof *gram, "Gram matrix", error);
    if (status == IMP_OK) status = IMP_ALLOC(&gram, cells, "Gram matrix", error);
    if (status == IMP_OK)
        status = imp_gram_target(target->settings->normalisation, sample->activation, sample->channels, sample->places,
                                 gram, error);
    sum = target->state;
    for (size_t i = 0; status == IMP_OK && i < cells; i++) sum[i] += sample->share * gram[i];
    imp_free(gram);
    return status;
}

static ImpStatus gram_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_gram_loss_new(seat->tap, seat->weight, target->settings->normalisation, target->state,
                                         seat->shape, seat->channels, seat->places, out, error);
    if (status == IMP_OK && seat->projection) status = imp_gram_loss_project(*out, seat->projection, seat->rows, error);
    if (status != IMP_OK && *out) imp_loss_free(out);
    return status;
}

/* --- histograms --------------------------------------------------------------------------------------------------- */

static void free_histogram(void *state) {
    ImpHistogramTarget *target = state;
    imp_histogram_target_free(&target);
}

static ImpStatus add_histogram(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error) {
    ImpHistogramTarget *histogram = target->state;
    ImpStatus status = IMP_OK;
    if (!histogram) status = imp_histogram_target_new(sample->activation->shape.channels, &histogram, error);
    if (status != IMP_OK) return status;
    target->state = histogram;
    return imp_histogram_target_add(histogram, sample->activation, sample->places, sample->share, error);
}

static ImpStatus histogram_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error) {
    return imp_histogram_loss_new(seat->tap, seat->weight, target->settings->normalisation, target->state, seat->shape,
                                  seat->channels, seat->places, out, error);
}

/* --- moments and normal distributions: a blend is the sum by shares ----------------------------------------------- */

/* Adds what `measure` makes of the sample, `count` numbers. */
static ImpStatus add_numbers(ImpStyleTarget *target, const ImpStyleSample *sample, size_t count,
                             ImpStatus (*measure)(const ImpTensor *, const float *, double *, ImpError *),
                             ImpError *error) {
    double *numbers = NULL, *sum;
    ImpStatus status = IMP_OK;
    if (!target->state) status = imp_alloc_or_fail(&target->state, count, sizeof *numbers, "style target", error);
    if (status == IMP_OK) status = IMP_ALLOC(&numbers, count, "style target", error);
    if (status == IMP_OK) status = measure(sample->activation, sample->places, numbers, error);
    sum = target->state;
    for (size_t i = 0; status == IMP_OK && i < count; i++) sum[i] += sample->share * numbers[i];
    imp_free(numbers);
    return status;
}

static ImpStatus add_moments(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error) {
    return add_numbers(target, sample, 2 * (size_t)sample->activation->shape.channels, imp_moments_target, error);
}

static ImpStatus moments_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error) {
    return imp_moments_loss_new(seat->tap, seat->weight, target->settings->normalisation, target->state, seat->shape,
                                seat->channels, seat->places, out, error);
}

static ImpStatus add_gaussian(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error) {
    size_t channels = (size_t)sample->activation->shape.channels;
    return add_numbers(target, sample, channels + channels * channels, imp_wasserstein_target, error);
}

static ImpStatus wasserstein_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error) {
    return imp_wasserstein_loss_new(seat->tap, seat->weight, target->settings->normalisation, target->state,
                                    seat->shape, seat->channels, seat->places, out, error);
}

/* --- patches: all samples are to choose from ---------------------------------------------------------------------- */

static void free_patches(void *state) {
    ImpPatchSet *set = state;
    imp_patch_set_free(&set);
}

double imp_style_map_weight(const ImpStyliseSettings *settings, const ImpTensor *activation) {
    size_t floats = imp_tensor_floats(activation->shape, activation->layout, activation->block);
    double sum = 0;
    for (size_t i = 0; i < floats; i++) sum += (double)activation->data[i] * (double)activation->data[i];
    return settings->map_weight * sqrt(sum / (double)imp_shape_places(activation->shape));
}

static ImpStatus add_patches(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error) {
    ImpPatchSet *set = target->state;
    ImpStatus status = IMP_OK;
    if (!set) status = imp_patch_set_new(sample->activation->shape.channels, (int)sample->n_regions, &set, error);
    if (status != IMP_OK) return status;
    target->state = set;
    return imp_patch_set_add(set, sample->activation, sample->map, error);
}

static ImpStatus patch_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error) {
    ImpPatchOptions options = target->settings->patches;
    ImpPatchSet *set = target->state;
    options.guidance = seat->map;
    ImpStatus status = imp_patch_loss_new(seat->tap, seat->weight, target->settings->normalisation, &set, &options,
                                          seat->shape, seat->channels, seat->places, out, error);
    target->state = set;
    return status;
}

/* --- all kinds ---------------------------------------------------------------------------------------------------- */

static const Kind kinds[IMP_STYLISE_PARTS] = {
    [IMP_PART_STYLE] = {add_gram, gram_loss, imp_free},
    [IMP_PART_HISTOGRAM] = {add_histogram, histogram_loss, free_histogram},
    [IMP_PART_MOMENTS] = {add_moments, moments_loss, imp_free},
    [IMP_PART_WASSERSTEIN] = {add_gaussian, wasserstein_loss, imp_free},
    [IMP_PART_MRF] = {add_patches, patch_loss, free_patches},
};

ImpStatus imp_style_target_new(const ImpStyliseSettings *settings, ImpStylisePart part, ImpStyleTarget **out,
                               ImpError *error) {
    assert(imp_stylise_is_style(part));
    ImpStatus status = IMP_ALLOC(out, 1, "style target", error);
    if (status == IMP_OK) **out = (ImpStyleTarget){.settings = settings, .kind = &kinds[part]};
    return status;
}

void imp_style_target_free(ImpStyleTarget **target) {
    if (!*target) return;
    (*target)->kind->free((*target)->state);
    imp_free(*target);
    *target = NULL;
}

ImpStatus imp_style_target_add(ImpStyleTarget *target, const ImpStyleSample *sample, ImpError *error) {
    return target->kind->add(target, sample, error);
}

ImpStatus imp_style_target_loss(ImpStyleTarget *target, const ImpStyleSeat *seat, ImpLoss **out, ImpError *error) {
    *out = NULL;
    return target->kind->loss(target, seat, out, error);
}
