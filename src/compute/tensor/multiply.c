#include "compute/tensor/multiply.h"

#include "base/threads.h"
#include <string.h>

/* A task makes a tile of c. It goes through the inner side a few rows of b at a time: they stay in the first-level
 * cache while all rows of the tile pass by, and the compiler makes vectors of the columns. */

enum { TILE_ROWS = 64, TILE_COLUMNS = 128, STEP = 8 /* rows of b at a time */ };

typedef struct Product {
    size_t rows, inner, columns, tiles_across;
    const double *a, *b;
    double *c;
} Product;

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* c (count) += a (STEP) b (STEP,count), rows of b `stride` apart. */
static inline void add_step(const double *a, const double *b, size_t stride, size_t count, double *restrict c) {
    const double *b1 = b + stride, *b2 = b1 + stride, *b3 = b2 + stride;
    const double *b4 = b3 + stride, *b5 = b4 + stride, *b6 = b5 + stride, *b7 = b6 + stride;
    double a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7];
    for (size_t j = 0; j < count; j++)
        c[j] += ((a0 * b[j] + a1 * b1[j]) + (a2 * b2[j] + a3 * b3[j])) +
                ((a4 * b4[j] + a5 * b5[j]) + (a6 * b6[j] + a7 * b7[j]));
}

static inline void add_row(double a, const double *b, size_t count, double *restrict c) {
    for (size_t j = 0; j < count; j++) c[j] += a * b[j];
}

static void make_tile(void *context, size_t index) {
    const Product *p = context;
    size_t row = index / p->tiles_across * TILE_ROWS, column = index % p->tiles_across * TILE_COLUMNS;
    size_t end = least(row + TILE_ROWS, p->rows), count = least(p->columns - column, TILE_COLUMNS), k = 0;
    for (size_t i = row; i < end; i++) memset(p->c + i * p->columns + column, 0, count * sizeof *p->c);
    for (; k + STEP <= p->inner; k += STEP)
        for (size_t i = row; i < end; i++)
            add_step(p->a + i * p->inner + k, p->b + k * p->columns + column, p->columns, count,
                     p->c + i * p->columns + column);
    for (; k < p->inner; k++)
        for (size_t i = row; i < end; i++)
            add_row(p->a[i * p->inner + k], p->b + k * p->columns + column, count, p->c + i * p->columns + column);
}

void imp_matrix_multiply(size_t rows, size_t inner, size_t columns, const double *a, const double *b, double *c) {
    Product product = {.rows = rows, .inner = inner, .columns = columns, .a = a, .b = b, .c = c};
    product.tiles_across = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
    imp_parallel((rows + TILE_ROWS - 1) / TILE_ROWS * product.tiles_across, make_tile, &product);
}

void imp_matrix_transpose(size_t rows, size_t columns, const double *from, double *to) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}
