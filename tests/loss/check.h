/* What the tests of the losses share: a loss beside its formula in plain double. */
#ifndef IMP_TESTS_LOSS_CHECK_H
#define IMP_TESTS_LOSS_CHECK_H

#include "unit.h"

#include "loss/loss.h"

/* A loss under test. context belongs to the two functions. */
typedef struct Subject {
    ImpShape shape;
    ImpLayout layout;
    ImpStatus (*make)(const void *context, ImpLoss **loss, ImpError *error);
    double (*plain)(const void *context, const double *x); /* the value at x (C,H,W) */
    const void *context;
} Subject;

/* A tensor in the layout of the kernels in force with the numbers of plain (C,H,W); its data is to be freed with
 * imp_free. */
ImpTensor check_tensor(ImpShape shape, ImpLayout layout, const float *plain);
/* Normally distributed numbers around `mean`. */
void check_fill(float *numbers, size_t count, uint64_t seed, float mean);

/* The value at x (C,H,W), and the gradient (C,H,W), which is added to what is there. Allocates nothing within the loss.
 */
void check_run(const Subject *subject, const float *x, double *value, float *gradient);
/* Value and some hundred slopes against the formula and its central differences, relative to the value and the largest
 * slope. */
void check_formula(const Subject *subject, const float *x, double value_tolerance, double gradient_tolerance);
/* The value is at most `least`, the gradient no larger. */
void check_rest(const Subject *subject, const float *x, double least);
/* One thread and two give the same bytes. */
void check_threads(const Subject *subject, const float *x);
/* Without memory there is no loss, and nothing is lost. */
void check_memory(const Subject *subject);

#endif
