#include "image/matrix3.h"

#include <math.h>

ImpMatrix3 imp_matrix3_multiply(const ImpMatrix3 *a, const ImpMatrix3 *b) {
    ImpMatrix3 product = {0};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++) product.at[i][j] += a->at[i][k] * b->at[k][j];
    return product;
}

ImpMatrix3 imp_matrix3_cholesky(const ImpMatrix3 *a) {
    ImpMatrix3 lower = {0};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j <= i; j++) {
            double rest = a->at[i][j];
            for (int k = 0; k < j; k++) rest -= lower.at[i][k] * lower.at[j][k];
            lower.at[i][j] = i == j ? sqrt(rest) : rest / lower.at[j][j];
        }
    }
    return lower;
}

ImpMatrix3 imp_matrix3_invert_lower(const ImpMatrix3 *lower) {
    ImpMatrix3 inverse = {0};
    for (int column = 0; column < 3; column++) {
        for (int i = column; i < 3; i++) {
            double rest = i == column ? 1 : 0;
            for (int k = column; k < i; k++) rest -= lower->at[i][k] * inverse.at[k][column];
            inverse.at[i][column] = rest / lower->at[i][i];
        }
    }
    return inverse;
}

/* One Jacobi rotation that makes a[p][q] zero; `vectors` collects the rotations in its columns. */
static void rotate(ImpMatrix3 *a, ImpMatrix3 *vectors, int p, int q) {
    if (a->at[p][q] == 0) return;
    double theta = (a->at[q][q] - a->at[p][p]) / (2 * a->at[p][q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 3; k++) {
        double kp = a->at[k][p], kq = a->at[k][q];
        a->at[k][p] = c * kp - s * kq;
        a->at[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < 3; k++) {
        double pk = a->at[p][k], qk = a->at[q][k];
        a->at[p][k] = c * pk - s * qk;
        a->at[q][k] = s * pk + c * qk;
        double kp = vectors->at[k][p], kq = vectors->at[k][q];
        vectors->at[k][p] = c * kp - s * kq;
        vectors->at[k][q] = s * kp + c * kq;
    }
}

ImpMatrix3 imp_matrix3_power(const ImpMatrix3 *a, double exponent) {
    ImpMatrix3 diagonal = *a, vectors = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, power = {0};
    for (int sweep = 0; sweep < 16; sweep++) { /* convergence is quadratic: five sweeps do */
        rotate(&diagonal, &vectors, 0, 1);
        rotate(&diagonal, &vectors, 0, 2);
        rotate(&diagonal, &vectors, 1, 2);
    }
    for (int k = 0; k < 3; k++) {
        double value = pow(fmax(diagonal.at[k][k], 0), exponent);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) power.at[i][j] += vectors.at[i][k] * value * vectors.at[j][k];
    }
    return power;
}
