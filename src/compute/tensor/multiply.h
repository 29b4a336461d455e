/* Products of matrices in double. */
#ifndef IMP_COMPUTE_TENSOR_MULTIPLY_H
#define IMP_COMPUTE_TENSOR_MULTIPLY_H

#include <stddef.h>

/* c (rows,columns) = a (rows,inner) b (inner,columns); c overlaps neither. The same for any number of threads. */
void imp_matrix_multiply(size_t rows, size_t inner, size_t columns, const double *a, const double *b, double *c);
/* to (columns,rows) = from (rows,columns), turned. */
void imp_matrix_transpose(size_t rows, size_t columns, const double *from, double *to);

#endif
