#include "compute/tensor/eigen.h"

#include <lapacke.h>
#include <math.h>

static size_t real_work(size_t n) {
    return 1 + 6 * n + 2 * n * n;
}

static size_t integer_work(size_t n) {
    return 3 + 5 * n;
}

size_t imp_eigen_work(size_t n) {
    return real_work(n) + integer_work(n);
}

/* Columns for LAPACK are rows for us; to a symmetric matrix that is the same. */
bool imp_eigen(size_t n, double *matrix, double *values, double *work) {
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(matrix[i])) return false;
    lapack_int *integers = (lapack_int *)(void *)(work + real_work(n));
    lapack_int size = (lapack_int)n;
    return LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', size, matrix, size, values, work, (lapack_int)real_work(n),
                               integers, (lapack_int)integer_work(n)) == 0;
}

bool imp_solve(size_t n, size_t count, double *matrix, double *right) {
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(matrix[i])) return false;
    lapack_int size = (lapack_int)n, columns = (lapack_int)count;
    return LAPACKE_dposv_work(LAPACK_COL_MAJOR, 'U', size, columns, matrix, size, right, size) == 0;
}
