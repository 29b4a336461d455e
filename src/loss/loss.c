#include "base/memory.h"
#include "base/threads.h"
#include "loss/loss_private.h"
#include <math.h>
#include <string.h>

ImpStatus imp_loss_new(const ImpLossType *type, size_t tap, double weight, ImpShape shape, size_t state_size,
                       ImpLoss **out, ImpError *error) {
    ImpStatus status = IMP_ALLOC(out, 1, "loss", error);
    if (status != IMP_OK) return status;
    **out = (ImpLoss){.type = type, .tap = tap, .weight = weight, .shape = shape};
    status = imp_alloc_or_fail(&(*out)->state, 1, state_size, "loss", error);
    if (status != IMP_OK) {
        imp_free(*out);
        *out = NULL;
    }
    return status;
}

void imp_loss_free(ImpLoss **loss) {
    if (!*loss) return;
    (*loss)->type->free(*loss);
    imp_free((*loss)->gradient);
    imp_free((*loss)->state);
    imp_free(*loss);
    *loss = NULL;
}

ImpStatus imp_loss_value(ImpLoss *loss, const ImpTensor *activation, double *value, ImpError *error) {
    return loss->type->value(loss, activation, value, error);
}

/* Dividing by a norm needs the whole gradient. */
bool imp_loss_takes_parts(const ImpLoss *loss) {
    return loss->type->begin && !loss->gradient && !loss->whole;
}

void imp_loss_begin(ImpLoss *loss) {
    loss->type->begin(loss);
}

void imp_loss_add_part(ImpLoss *loss, const ImpTensor *part, int row) {
    loss->type->add_part(loss, part, row);
}

void imp_loss_end(ImpLoss *loss, double *value) {
    loss->type->end(loss, value);
}

void imp_loss_add_part_gradient(ImpLoss *loss, const ImpTensor *part, int row, const ImpTensor *gradient) {
    if (loss->weight != 0) loss->type->add_part_gradient(loss, part, row, gradient);
}

ImpStatus imp_loss_add_images(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient, double *total,
                              ImpError *error) {
    ImpStatus status = IMP_OK;
    for (size_t n = 0; n < imp_shape_images(activation->shape) && status == IMP_OK; n++) {
        ImpTensor one = imp_tensor_image(activation, n), its = imp_tensor_image(gradient, n);
        double value = 0;
        status = imp_loss_value(loss, &one, &value, error);
        if (status == IMP_OK) imp_loss_add_gradient(loss, &one, &its);
        *total += value;
    }
    return status;
}

ImpStatus imp_loss_copy_places(const float *places, ImpShape shape, float **copy, double *total, ImpError *error) {
    size_t count = imp_shape_places(shape);
    *copy = NULL;
    *total = (double)count;
    if (!places) return IMP_OK;
    ImpStatus status = IMP_ALLOC(copy, count, "weights of a loss", error);
    if (status != IMP_OK) return status;
    memcpy(*copy, places, count * sizeof *places);
    *total = 0;
    for (size_t i = 0; i < count; i++) *total += (double)places[i];
    return IMP_OK;
}

/* --- sums that are the same for any number of threads ------------------------------------------------------------- */

size_t imp_loss_pieces(size_t count, size_t piece) {
    return (count + piece - 1) / piece;
}

typedef struct Sum {
    size_t count, piece;
    ImpPieceSum body;
    const void *context;
    double *sums;
} Sum;

static void sum_piece(void *context, size_t index) {
    const Sum *sum = context;
    size_t first = index * sum->piece, end = first + sum->piece < sum->count ? first + sum->piece : sum->count;
    sum->sums[index] = sum->body(sum->context, first, end);
}

double imp_loss_sum(size_t count, size_t piece, ImpPieceSum body, const void *context, double *sums) {
    Sum sum = {.count = count, .piece = piece, .body = body, .context = context, .sums = sums};
    imp_parallel(imp_loss_pieces(count, piece), sum_piece, &sum);
    return imp_sum_in_order(sums, imp_loss_pieces(count, piece));
}

/* --- gradients --------------------------------------------------------------------------------------------------- */

/* Floats of an activation in the widest layout: channels padded to 16. */
static size_t most_floats(ImpShape shape) {
    return imp_tensor_floats(shape, IMP_LAYOUT_BLOCKED, 16);
}

ImpStatus imp_loss_normalise_gradient(ImpLoss *loss, ImpGradientNorm norm, ImpError *error) {
    loss->norm = norm;
    if (loss->gradient) return IMP_OK;
    size_t floats = most_floats(loss->shape) + 2 * imp_loss_pieces(most_floats(loss->shape), IMP_PIECE);
    return IMP_ALLOC(&loss->gradient, floats, "gradient normalisation", error);
}

typedef struct Scaled {
    const float *from;
    float *to, factor;
} Scaled;

static double magnitude(const void *context, size_t first, size_t end) {
    const Scaled *scaled = context;
    double sum = 0;
    for (size_t i = first; i < end; i++) sum += fabs((double)scaled->from[i]);
    return sum;
}

static double squared(const void *context, size_t first, size_t end) {
    const Scaled *scaled = context;
    double sum = 0;
    for (size_t i = first; i < end; i++) sum += (double)scaled->from[i] * (double)scaled->from[i];
    return sum;
}

/* The norm of the gradient before its weight. */
static double norm_of(const ImpLoss *loss, const Scaled *scaled, size_t count, double *sums) {
    if (loss->norm == IMP_GRADIENT_L1) return imp_loss_sum(count, IMP_PIECE, magnitude, scaled, sums) / loss->weight;
    return sqrt(imp_loss_sum(count, IMP_PIECE, squared, scaled, sums)) / loss->weight;
}

static double add_scaled(const void *context, size_t first, size_t end) {
    const Scaled *scaled = context;
    for (size_t i = first; i < end; i++) scaled->to[i] += scaled->factor * scaled->from[i];
    return 0;
}

void imp_loss_add_gradient(ImpLoss *loss, const ImpTensor *activation, const ImpTensor *gradient) {
    if (loss->weight == 0) return;
    if (!loss->gradient) {
        loss->type->add_gradient(loss, activation, gradient);
        return;
    }
    size_t count = imp_tensor_floats(gradient->shape, gradient->layout, gradient->block);
    memset(loss->gradient, 0, count * sizeof(float));
    ImpTensor own = *gradient;
    own.data = loss->gradient;
    loss->type->add_gradient(loss, activation, &own);
    double *sums = (double *)(void *)(loss->gradient + most_floats(loss->shape));
    Scaled scaled = {.from = loss->gradient, .to = gradient->data};
    scaled.factor = (float)(1 / (norm_of(loss, &scaled, count, sums) + 1e-8));
    imp_loss_sum(count, IMP_PIECE, add_scaled, &scaled, sums);
}
