#include "image/quality.h"

#include "base/threads.h"
#include <math.h>

/* Pieces are summed side by side, a bounded number at a time. */
enum { AT_ONCE = 256 };

typedef struct Difference {
    const float *a, *b;
    size_t count; /* from a and b on */
    double sums[AT_ONCE];
} Difference;

static void sum_piece(void *context, size_t i) {
    Difference *difference = context;
    size_t from = i * IMP_PIECE, left = difference->count - from, to = from + (left < IMP_PIECE ? left : IMP_PIECE);
    double sum = 0;
    for (size_t j = from; j < to; j++) {
        double apart = (double)difference->a[j] - (double)difference->b[j];
        sum += apart * apart;
    }
    difference->sums[i] = sum;
}

double imp_mean_squared_error(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t at = 0; at < count; at += (size_t)AT_ONCE * IMP_PIECE) {
        Difference difference = {.a = a + at, .b = b + at, .count = count - at};
        size_t pieces = (difference.count - 1) / IMP_PIECE + 1;
        if (pieces > AT_ONCE) pieces = AT_ONCE;
        imp_parallel(pieces, sum_piece, &difference);
        sum += imp_sum_in_order(difference.sums, pieces);
    }
    return sum / (double)count;
}

double imp_psnr(double mean_squared_error) {
    return -10 * log10(mean_squared_error);
}
