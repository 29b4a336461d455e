#include "loss/projection.h"

#include "base/memory.h"
#include "compute/kernel/kernel.h"
#include "compute/tensor/tensor.h"

/* out (columns,rows) = in (rows,columns)^T */
static void transpose(const float *in, size_t rows, size_t columns, float *out) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) out[j * rows + i] = in[i * columns + j];
}

static ImpTensor blocked(int channels, int places, float *data) {
    return (ImpTensor){
        .shape = {channels, 1, places, 1}, .layout = IMP_LAYOUT_BLOCKED, .block = imp_kernels()->block, .data = data};
}

static int most(int a, int b) {
    return a > b ? a : b;
}

ImpStatus imp_projection_begin(const float *matrix, int rows, int columns, ImpProjection *out, ImpError *error) {
    int side = most(rows, columns);
    size_t count = (size_t)rows * (size_t)columns, square = (size_t)side * (size_t)side;
    ImpTensor largest = blocked(side, side, NULL);
    size_t floats = imp_tensor_floats(largest.shape, largest.layout, largest.block);
    size_t scratch = imp_kernels()->mix_scratch(columns, rows), other = imp_kernels()->mix_scratch(rows, columns);
    *out = (ImpProjection){.rows = rows, .columns = columns};
    ImpStatus status = IMP_ALLOC(&out->there, count, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->back, count, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->plain, square, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->turned, square, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->source, floats, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->target, floats, "projection", error);
    if (status == IMP_OK) status = IMP_ALLOC(&out->scratch, scratch > other ? scratch : other, "projection", error);
    if (status != IMP_OK) {
        imp_projection_end(out);
        return status;
    }
    for (size_t i = 0; i < count; i++) out->back[i] = matrix[i];
    transpose(matrix, (size_t)rows, (size_t)columns, out->there);
    return IMP_OK;
}

void imp_projection_end(ImpProjection *projection) {
    imp_free(projection->there);
    imp_free(projection->back);
    imp_free(projection->plain);
    imp_free(projection->turned);
    imp_free(projection->source);
    imp_free(projection->target);
    imp_free(projection->scratch);
    *projection = (ImpProjection){0};
}

/* plain (to,places) = matrix^T plain (from,places), matrix (from,to). */
static void multiply(const ImpProjection *p, const float *matrix, int from, int to, int places) {
    ImpTensor source = blocked(from, places, p->source), target = blocked(to, places, p->target);
    imp_tensor_from_plain(&source, p->plain);
    imp_kernels()->mix(from, to, (size_t)places, matrix, p->source, p->target, false, p->scratch);
    imp_tensor_to_plain(&target, p->plain);
}

/* out (to,to) = matrix^T in matrix. in is symmetric, so (matrix^T in)^T is in matrix. */
static void square(const ImpProjection *p, const float *matrix, int from, int to, const double *in, double *out) {
    size_t before = (size_t)from, after = (size_t)to;
    for (size_t i = 0; i < before * before; i++) p->plain[i] = (float)in[i];
    multiply(p, matrix, from, to, from);
    transpose(p->plain, after, before, p->turned);
    for (size_t i = 0; i < before * after; i++) p->plain[i] = p->turned[i];
    multiply(p, matrix, from, to, to);
    for (size_t i = 0; i < after * after; i++) out[i] = (double)p->plain[i];
}

void imp_projection_square(const ImpProjection *projection, const double *in, double *out) {
    square(projection, projection->there, projection->columns, projection->rows, in, out);
}

void imp_projection_square_back(const ImpProjection *projection, const double *in, double *out) {
    square(projection, projection->back, projection->rows, projection->columns, in, out);
}
