#include "base/memory.h"
#include "base/threads.h"
#include "loss/difference.h"
#include <string.h>

/* Squared distance to the content picture's activation: w/2 sum (F - P)^2 with gradient w (F - P) (Gatys, Ecker,
 * Bethge 2016, eq. 1 and 2), or w mean (F - P)^2, or w sum (F - P)^2 / sum P^2, or w Q / S (see
 * imp_scaled_error). Padding lanes are 0 in both and
 * add nothing. */

typedef struct Content {
    float *target; /* in the activation's layout */
    double *sums;
    size_t floats;
    ImpDistance distance;
    double squares, magnitudes; /* of the parts so far */
} Content;

typedef struct Pass {
    const float *activation, *target;
    float *gradient;
    ImpPull pull;
} Pass;

static ImpDifferences piece_of(const Pass *pass, size_t first, size_t end) {
    return (ImpDifferences){.x = pass->activation + first, .target = pass->target + first, .count = end - first};
}

static double squares(const void *context, size_t first, size_t end) {
    ImpDifferences piece = piece_of(context, first, end);
    return imp_difference_squares(&piece);
}

static double magnitudes(const void *context, size_t first, size_t end) {
    ImpDifferences piece = piece_of(context, first, end);
    return imp_difference_magnitudes(&piece);
}

static double add_differences(const void *context, size_t first, size_t end) {
    const Pass *pass = context;
    ImpDifferences piece = piece_of(pass, first, end);
    imp_difference_add(&piece, &pass->pull, pass->gradient + first);
    return 0;
}

static void begin(ImpLoss *loss) {
    Content *content = loss->state;
    content->squares = content->magnitudes = 0;
}

/* One channel block of a part and of the target, from the same row on. */
static Pass pass_of(const ImpLoss *loss, const ImpTensor *part, int row, size_t plane, size_t *count) {
    const Content *content = loss->state;
    size_t in_row = (size_t)part->shape.width * (size_t)part->block;
    *count = (size_t)part->shape.height * in_row;
    return (Pass){.activation = part->data + plane * *count,
                  .target = content->target + (plane * (size_t)loss->shape.height + (size_t)row) * in_row};
}

/* Channel blocks that lie apart: 1 where the part is the whole, whose numbers follow one another. */
static size_t planes_of(const ImpLoss *loss, const ImpTensor *part) {
    if (part->shape.height == loss->shape.height) return 1;
    return ((size_t)part->shape.channels + (size_t)part->block - 1) / (size_t)part->block;
}

static void add_part(ImpLoss *loss, const ImpTensor *part, int row) {
    Content *content = loss->state;
    size_t planes = planes_of(loss, part), count;
    for (size_t plane = 0; plane < planes; plane++) {
        Pass pass = pass_of(loss, part, row, plane, &count);
        if (planes == 1) count = content->floats;
        content->squares += imp_loss_sum(count, IMP_PIECE, squares, &pass, content->sums);
        if (content->distance.scaled)
            content->magnitudes += imp_loss_sum(count, IMP_PIECE, magnitudes, &pass, content->sums);
    }
}

static void end(ImpLoss *loss, double *out) {
    Content *content = loss->state;
    *out = loss->weight * imp_distance_value(&content->distance, content->squares, content->magnitudes);
}

static void add_part_gradient(ImpLoss *loss, const ImpTensor *part, int row, const ImpTensor *gradient) {
    Content *content = loss->state;
    size_t planes = planes_of(loss, part), count;
    for (size_t plane = 0; plane < planes; plane++) {
        Pass pass = pass_of(loss, part, row, plane, &count);
        pass.gradient = gradient->data + plane * count;
        pass.pull = imp_distance_pull(&content->distance, loss->weight);
        imp_loss_sum(planes == 1 ? content->floats : count, IMP_PIECE, add_differences, &pass, content->sums);
    }
}

static ImpStatus value(ImpLoss *loss, const ImpTensor *activation, double *out, ImpError *error) {
    (void)error;
    begin(loss);
    add_part(loss, activation, 0);
    end(loss, out);
    return IMP_OK;
}

static void add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    add_part_gradient(loss, activation, 0, gradient);
}

static void release(ImpLoss *loss) {
    Content *content = loss->state;
    imp_free(content->target);
    imp_free(content->sums);
}

static const ImpLossType content_type = {.name = "content",
                                         .value = value,
                                         .add_gradient = add_gradient,
                                         .free = release,
                                         .begin = begin,
                                         .add_part = add_part,
                                         .end = end,
                                         .add_part_gradient = add_part_gradient};

static void set_target(Content *content, ImpNormalisation normalisation, const ImpTensor *target, int channels) {
    double count = (double)imp_shape_places(target->shape) * channels;
    content->distance.factor = normalisation == IMP_NORMALISE_GATYS ? 0.5 : 1.0 / count;
    if (normalisation == IMP_NORMALISE_RELATIVE) {
        Pass pass = {.activation = target->data, .target = content->target}; /* which is still 0 */
        double sum = imp_loss_sum(content->floats, IMP_PIECE, squares, &pass, content->sums);
        content->distance.factor = sum > 0 ? 1 / sum : 1;
    }
    memcpy(content->target, target->data, content->floats * sizeof(float));
}

ImpStatus imp_content_loss_new(size_t tap, double weight, ImpNormalisation normalisation, const ImpTensor *target,
                               int channels, ImpLoss **out, ImpError *error) {
    ImpStatus status = imp_loss_new(&content_type, tap, weight, target->shape, sizeof(Content), out, error);
    if (status != IMP_OK) return status;
    Content *content = (*out)->state;
    content->floats = imp_tensor_floats(target->shape, target->layout, target->block);
    content->distance.scaled = normalisation == IMP_NORMALISE_SCALED;
    /* Sums of magnitudes grow as the root of how many numbers share the same squares. */
    if (content->distance.scaled) (*out)->weight *= sqrt((double)target->shape.channels / channels);
    status = IMP_ALLOC(&content->target, content->floats, "content target", error);
    if (status == IMP_OK)
        status = IMP_ALLOC(&content->sums, imp_loss_pieces(content->floats, IMP_PIECE), "content loss", error);
    if (status == IMP_OK)
        set_target(content, normalisation, target, channels);
    else
        imp_loss_free(out);
    return status;
}
