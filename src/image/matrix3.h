/* 3x3 matrices in double, row by row: what matching covariances needs. Results may not be the operands. */
#ifndef IMP_IMAGE_MATRIX3_H
#define IMP_IMAGE_MATRIX3_H

typedef struct ImpMatrix3 {
    double at[3][3];
} ImpMatrix3;

ImpMatrix3 imp_matrix3_multiply(const ImpMatrix3 *a, const ImpMatrix3 *b);
/* Lower triangle L with L L^T = a; `a` is symmetric and positive definite. */
ImpMatrix3 imp_matrix3_cholesky(const ImpMatrix3 *a);
/* Inverse of a lower triangle without zeros on the diagonal. */
ImpMatrix3 imp_matrix3_invert_lower(const ImpMatrix3 *lower);
/* The symmetric a^exponent by its eigenvalues (Jacobi 1846); `a` is symmetric and positive definite. */
ImpMatrix3 imp_matrix3_power(const ImpMatrix3 *a, double exponent);

#endif
