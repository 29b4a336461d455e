/* The objectives that the tests minimise, as in make_golden.py; elements are float, sums double. */
#ifndef IMP_TESTS_OPTIMISER_PROBLEMS_H
#define IMP_TESTS_OPTIMISER_PROBLEMS_H

#include "base/error.h"
#include "optimiser/optimiser.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Problem {
    size_t n;
    bool rosenbrock; /* else quadratic */
    bool clamp;      /* projects x onto [0,1] */
    bool constant;   /* says 5 for every value */
    long stop_at;    /* this evaluation, counted from 0, fails with `failure` */
    ImpStatus failure;
    float bad; /* not 0: this evaluation's gradient gets it in the middle, or its value where bad_value */
    bool bad_value;
    long evaluations;
    void (*log)(void *context, double value, const float *x);
    void *log_context;
} Problem;

static double quadratic(size_t n, const float *x, float *gradient) {
    double value = 0, along = 0;
    for (size_t i = 0; i < n; i++) along += cos((double)i) * (double)x[i];
    for (size_t i = 0; i < n; i++) {
        double curvature = n > 1 ? pow(10, -3.0 * (double)i / (double)(n - 1)) : 1;
        double away = (double)x[i] - (0.5 + 0.8 * sin((double)i));
        value += 0.5 * curvature * away * away;
        gradient[i] = (float)(curvature * away + 0.1 * along * cos((double)i));
    }
    return value + 0.05 * along * along;
}

static double rosenbrock(size_t n, const float *x, float *gradient) {
    double value = 0;
    memset(gradient, 0, n * sizeof *gradient);
    for (size_t i = 0; i + 1 < n; i++) {
        double at = (double)x[i], across = (double)x[i + 1] - at * at;
        value += 10 * across * across + (1 - at) * (1 - at);
        gradient[i] += (float)(-40 * across * at - 2 * (1 - at));
        gradient[i + 1] += (float)(20 * across);
    }
    return value;
}

static ImpStatus evaluate_problem(void *context, float *x, float *gradient, double *value, ImpError *error) {
    Problem *p = context;
    for (size_t i = 0; p->clamp && i < p->n; i++) x[i] = fminf(fmaxf(x[i], 0), 1);
    bool fails = p->evaluations++ == p->stop_at;
    if (fails && p->failure != IMP_OK) {
        memset(gradient, 255, p->n * sizeof *gradient);
        return imp_fail(error, p->failure, "the objective ended the run");
    }
    *value = p->rosenbrock ? rosenbrock(p->n, x, gradient) : quadratic(p->n, x, gradient);
    if (p->constant) *value = 5;
    if (fails && p->bad_value) *value = (double)p->bad;
    if (fails && !p->bad_value) gradient[p->n / 2] = p->bad;
    if (p->log) p->log(p->log_context, *value, x);
    return IMP_OK;
}

static inline float *start_of(size_t n) {
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; x && i < n; i++) x[i] = (float)(0.5 + 0.4 * cos(3 * (double)i));
    return x;
}

#endif
