#include "image/projection.h"

#include "base/memory.h"
#include <math.h>

enum { D = IMP_TREE_DIMENSIONS, ITERATIONS = 4 };

static const double least_share = 1e-6; /* of a direction's length that is not in those before, else it is none */

static void take_mean(float *vectors, size_t count, size_t numbers) {
    for (size_t n = 0; n < numbers; n++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++) sum += (double)vectors[i * numbers + n];
        float mean = (float)(sum / (double)count);
        for (size_t i = 0; i < count; i++) vectors[i * numbers + n] -= mean;
    }
}

/* next = X^T X matrix, for vectors X. */
static void multiply(const float *vectors, size_t count, size_t numbers, const ImpProjection *now, float *next) {
    for (size_t n = 0; n < numbers * D; n++) next[n] = 0;
    for (size_t i = 0; i < count; i++) {
        float point[D];
        imp_projection_apply(now, vectors + i * numbers, point);
        for (size_t n = 0; n < numbers; n++)
            for (size_t d = 0; d < D; d++) next[n * D + d] += vectors[i * numbers + n] * point[d];
    }
}

static double product(const float *matrix, size_t numbers, size_t a, size_t b) {
    double sum = 0;
    for (size_t n = 0; n < numbers; n++) sum += (double)matrix[n * D + a] * (double)matrix[n * D + b];
    return sum;
}

/* Gram and Schmidt, each direction twice. What lies in those before it becomes 0. */
static void make_orthonormal(float *matrix, size_t numbers) {
    for (size_t d = 0; d < D; d++) {
        double before = product(matrix, numbers, d, d);
        for (int round = 0; round < 2; round++)
            for (size_t e = 0; e < d; e++) {
                float along = (float)product(matrix, numbers, d, e);
                for (size_t n = 0; n < numbers; n++) matrix[n * D + d] -= along * matrix[n * D + e];
            }
        double left = product(matrix, numbers, d, d);
        float scale = left > least_share * before ? (float)(1 / sqrt(left)) : 0;
        for (size_t n = 0; n < numbers; n++) matrix[n * D + d] *= scale;
    }
}

ImpStatus imp_projection_new(float *vectors, size_t count, size_t numbers, ImpRandom *random, ImpProjection *out,
                             ImpError *error) {
    float *next = NULL;
    *out = (ImpProjection){.numbers = numbers};
    ImpStatus status = IMP_ALLOC(&out->matrix, numbers * D, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&next, numbers * D, "projection", error);
    if (status == IMP_OK) {
        take_mean(vectors, count, numbers);
        imp_random_normal(random, out->matrix, numbers * D, 1);
        make_orthonormal(out->matrix, numbers);
        for (int i = 0; i < ITERATIONS; i++) {
            multiply(vectors, count, numbers, out, next);
            float *swap = out->matrix;
            out->matrix = next;
            next = swap;
            make_orthonormal(out->matrix, numbers);
        }
    }
    imp_free(next);
    if (status != IMP_OK) imp_projection_clear(out);
    return status;
}

void imp_projection_clear(ImpProjection *projection) {
    imp_free(projection->matrix);
    *projection = (ImpProjection){0};
}

void imp_projection_apply(const ImpProjection *projection, const float *vector, float point[IMP_TREE_DIMENSIONS]) {
    float sum[D] = {0};
    for (size_t n = 0; n < projection->numbers; n++) {
        const float *row = projection->matrix + n * D;
        float number = vector[n];
        for (size_t d = 0; d < D; d++) sum[d] += number * row[d];
    }
    for (size_t d = 0; d < D; d++) point[d] = sum[d];
}
