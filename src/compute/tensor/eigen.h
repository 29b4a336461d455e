/* Symmetric matrices, by LAPACK: eigenvalues and eigenvectors, linear equations. */
#ifndef IMP_COMPUTE_TENSOR_EIGEN_H
#define IMP_COMPUTE_TENSOR_EIGEN_H

#include <stdbool.h>
#include <stddef.h>

/* Doubles of work space for an n x n matrix. */
size_t imp_eigen_work(size_t n);
/* matrix (n,n), symmetric, becomes its eigenvectors: row j belongs to values[j]; values (n) ascend. False when there
 * are numbers that are not finite, or the iteration does not end. */
bool imp_eigen(size_t n, double *matrix, double *values, double *work);
/* Solves matrix X = right; matrix (n,n), symmetric and positive definite, is used up, right (n,count), by columns
 * (number (i,k) is right[k n + i]), becomes X. False where the matrix is not positive definite or finite. */
bool imp_solve(size_t n, size_t count, double *matrix, double *right);

#endif
