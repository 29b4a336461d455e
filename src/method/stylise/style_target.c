#include "method/stylise/style_target.h"

#include "base/memory.h"
#include <assert.h>

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

/* --- all kinds ---------------------------------------------------------------------------------------------------- */

static const Kind kinds[IMP_STYLISE_PARTS] = {
    [IMP_PART_STYLE] = {add_gram, gram_loss, imp_free},
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
