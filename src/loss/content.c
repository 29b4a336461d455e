#include "base/memory.h"
#include "base/threads.h"
#include "loss/loss_private.h"
#include <math.h>
#include <string.h>

/* Squared distance to the content picture's activation: w/2 sum (F - P)^2 with gradient w (F - P) (Gatys, Ecker,
 * Bethge 2016, eq. 1 and 2), or w mean (F - P)^2, or w sum (F - P)^2 / sum P^2, or w Q / S (see
 * imp_scaled_error). Padding lanes are 0 in both and
 * add nothing. */

typedef struct Content {
    float *target; /* in the activation's layout */
    double *sums;
    size_t floats;
    double of_sum; /* value = of_sum * sum of squares */
    bool scaled;
    ImpScaledError error; /* at the activation seen last */
} Content;

typedef struct Pass {
    const float *activation, *target;
    float *gradient, factor;
    float constant; /* times the sign of the difference; scaled only */
} Pass;

static double squares(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    double lanes[8] = {0};
    size_t i = first;
    for (; i + 8 <= end; i += 8)
        for (size_t lane = 0; lane < 8; lane++) {
            double difference = (double)(pass->activation[i + lane] - pass->target[i + lane]);
            lanes[lane] += difference * difference;
        }
    for (; i < end; i++) {
        double difference = (double)(pass->activation[i] - pass->target[i]);
        lanes[0] += difference * difference;
    }
    return imp_sum_in_order(lanes, 8);
}

static double add_differences(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    for (size_t i = first; i < end; i++) pass->gradient[i] += pass->factor * (pass->activation[i] - pass->target[i]);
    return 0;
}

static double magnitudes(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    double lanes[8] = {0};
    for (size_t i = first; i < end; i++) lanes[i % 8] += fabs((double)(pass->activation[i] - pass->target[i]));
    return imp_sum_in_order(lanes, 8);
}

static double add_scaled_differences(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    for (size_t i = first; i < end; i++) {
        float difference = pass->activation[i] - pass->target[i];
        float sign = (float)((difference > 0) - (difference < 0));
        pass->gradient[i] += pass->factor * difference + pass->constant * sign;
    }
    return 0;
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    Content *content = loss->state;
    Pass pass = {.activation = activation->data, .target = content->target};
    double sum = imp_loss_sum(content->floats, IMP_PIECE, squares, &pass, content->sums);
    if (content->scaled) {
        double others = imp_loss_sum(content->floats, IMP_PIECE, magnitudes, &pass, content->sums);
        content->error = imp_scaled_error(sum, others);
    }
    *out = loss->weight * (content->scaled ? content->error.value : content->of_sum * sum);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    Content *content = loss->state;
    Pass pass = {.activation = activation->data, .target = content->target, .gradient = gradient->data};
    pass.factor = (float)(loss->weight * (content->scaled ? content->error.linear : 2 * content->of_sum));
    pass.constant = (float)(loss->weight * content->error.constant);
    imp_loss_sum(content->floats, IMP_PIECE, content->scaled ? add_scaled_differences : add_differences, &pass,
                 content->sums);
}

static void release(ImpLoss *loss) {
    Content *content = loss->state;
    imp_free(content->target);
    imp_free(content->sums);
}

static const ImpLossType content_type = {
    .name = "content", .value = value, .add_gradient = add_gradient, .free = release};

static void set_target(Content *content, ImpNormalisation normalisation, const ImpTensor *target, int channels) {
    double count = (double)imp_shape_places(target->shape) * channels;
    content->of_sum = normalisation == IMP_NORMALISE_GATYS ? 0.5 : 1.0 / count;
    if (normalisation == IMP_NORMALISE_RELATIVE) {
        Pass pass = {.activation = target->data, .target = content->target}; /* which is still 0 */
        double sum = imp_loss_sum(content->floats, IMP_PIECE, squares, &pass, content->sums);
        content->of_sum = sum > 0 ? 1 / sum : 1;
    }
    memcpy(content->target, target->data, content->floats * sizeof(float));
}

ImpStatus imp_content_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const ImpTensor *target,
                               int channels, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&content_type, tap, weight, target->shape, sizeof(Content), out, error);
    if (status != IMP_OK) return status;
    Content *content = (*out)->state;
    content->floats = imp_tensor_floats(target->shape, target->layout, target->block);
    content->scaled = normalisation == IMP_NORMALISE_SCALED;
    /* Sums of magnitudes grow as the root of how many numbers share the same squares. */
    if (content->scaled) (*out)->weight *= sqrt((double)target->shape.channels / channels);
    status = IMP_ALLOC(&content->target, content->floats, "content target", error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&content->sums, imp_loss_pieces(content->floats, IMP_PIECE), "content loss", error);
    if (status == IMP_OK)
        set_target(content, normalisation, target, channels);
    else
        imp_loss_free(out);
    return status;
}
