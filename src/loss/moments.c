#include "feature/moments.h"

#include "base/memory.h"
#include "loss/difference.h"
#include <string.h>

/* Style as the mean and the deviation of each channel: the distance of the 2 C numbers m and s from the style's
 * (Li, Wang, Liu, Hou 2017, "Demystifying neural style transfer"; Huang, Belongie 2017). The slope by a
 * mean and a deviation is theirs; feature/moments.h takes it on to the activation. */

typedef struct Moments {
    double *target; /* (2,C): means, deviations */
    float *now;     /* (2,C) at the activation seen last */
    float *slope;   /* (2,C) of the weighted loss */
    float *places;  /* NULL, or (H,W) */
    double total;   /* of the places' weights */
    ImpDistance distance;
} Moments;

ImpStatus imp_moments_target(const ImpTensor *activation, const float *places, double *target, ImpError *error) {
    size_t channels = (size_t)activation->shape.channels;
    float *now;
    ImpStatus status = IMP_ALLOC(&now, 2 * channels, "means and deviations", error);
    if (status != IMP_OK) return status;
    imp_moments(activation, places, now, now + channels);
    for (size_t i = 0; i < 2 * channels; i++) target[i] = (double)now[i];
    imp_free(now);
    return IMP_OK;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    Moments *moments = loss->state;
    size_t channels = (size_t)loss->shape.channels;
    *out = 0;
    if (moments->total == 0) return IMP_OK;
    imp_moments(activation, moments->places, moments->now, moments->now + channels);
    double squares = 0, magnitudes = 0;
    for (size_t i = 0; i < 2 * channels; i++) {
        double difference = (double)moments->now[i] - moments->target[i];
        squares += difference * difference;
        magnitudes += fabs(difference);
    }
    *out = loss->weight * imp_distance_value(&moments->distance, squares, magnitudes);
    ImpPull pull = imp_distance_pull(&moments->distance, loss->weight);
    for (size_t i = 0; i < 2 * channels; i++)
        moments->slope[i] = (float)imp_pull_at(&pull, (double)moments->now[i] - moments->target[i]);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    const Moments *moments = loss->state;
    size_t channels = (size_t)loss->shape.channels;
    if (moments->total == 0) return;
    imp_moments_add_gradient(activation, moments->places, moments->now, moments->now + channels, moments->slope,
                             moments->slope + channels, gradient);
}

static void release(ImpLoss *loss) {
    Moments *moments = loss->state;
    imp_free(moments->target);
    imp_free(moments->now);
    imp_free(moments->slope);
    imp_free(moments->places);
}

static const ImpLossType moments_type = {
    .name = "moments", .value = value, .add_gradient = add_gradient, .free = release};

static void set_target(Moments *moments, ImpNormalisation normalisation, const double *target, size_t count,
                       int channels) {
    double squares = 0;
    memcpy(moments->target, target, count * sizeof *target);
    for (size_t i = 0; i < count; i++) squares += target[i] * target[i];
    moments->distance.scaled = normalisation == IMP_NORMALISE_SCALED;
    moments->distance.factor = 1;
    if (normalisation == IMP_NORMALISE_MEAN) moments->distance.factor = 1.0 / channels;
    if (normalisation == IMP_NORMALISE_RELATIVE && squares > 0) moments->distance.factor = 1 / squares;
}

ImpStatus imp_moments_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const double *target,
                               ImpShape shape, int channels, const float *places, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&moments_type, tap, weight, shape, sizeof(Moments), out, error);
    if (status != IMP_OK) return status;
    Moments *moments = (*out)->state;
    size_t count = 2 * (size_t)shape.channels;
    status = IMP_ALLOC(&moments->target, count, "moment target", error);
    if (status == IMP_OK) status = IMP_ALLOC(&moments->now, count, "moment loss", error);
    if (status == IMP_OK) status = IMP_ALLOC(&moments->slope, count, "moment loss", error);
    if (status == IMP_OK) status = imp_loss_copy_places(places, shape, &moments->places, &moments->total, error);
    if (status != IMP_OK) {
        imp_loss_free(out);
        return status;
    }
    set_target(moments, normalisation, target, count, channels);
    /* Sums of magnitudes grow as the root of how many numbers share the same squares. */
    if (moments->distance.scaled) (*out)->weight *= sqrt((double)shape.channels / channels);
    return IMP_OK;
}
