#include "method/feedforward/squares.h"

#include "base/threads.h"

enum { PIECES = 1024 }; /* most partial sums */

typedef struct Difference {
    const float *value, *target;
    float *gradient;
    size_t count, piece;
    float scale, slope;
    double sums[PIECES];
} Difference;

/* Task: one piece. */
static void add_piece(void *context, size_t index) {
    Difference *d = context;
    size_t first = index * d->piece, end = first + d->piece < d->count ? first + d->piece : d->count;
    double sum = 0;
    for (size_t i = first; i < end; i++) {
        float difference = d->value[i] - d->scale * d->target[i];
        d->gradient[i] += d->slope * difference;
        sum += (double)difference * (double)difference;
    }
    d->sums[index] = sum;
}

double imp_add_squares(const ImpTensor *value, const ImpTensor *target, float scale, float slope,
                       const ImpTensor *gradient) {
    size_t floats = imp_tensor_floats(value->shape, value->layout, value->block);
    Difference d = {.value = value->data,
                    .target = target->data,
                    .gradient = gradient->data,
                    .count = floats,
                    .piece = floats / PIECES + 1,
                    .scale = scale,
                    .slope = slope};
    size_t pieces = (floats + d.piece - 1) / d.piece;
    imp_parallel(pieces, add_piece, &d);
    return imp_sum_in_order(d.sums, pieces);
}

double imp_mean_square(const ImpTensor *value) {
    size_t floats = imp_tensor_floats(value->shape, value->layout, value->block);
    double sum = 0;
    for (size_t i = 0; i < floats; i++) sum += (double)value->data[i] * (double)value->data[i];
    return sum / (double)imp_shape_count(value->shape);
}
