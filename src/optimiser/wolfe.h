/* A line search for the strong Wolfe conditions with cubic interpolation (Nocedal, Wright 2006, section 3.5; Schmidt's
 * minFunc), taking the decisions of torch.optim.LBFGS with line_search_fn = 'strong_wolfe'. Knows only the function
 * along the line, phi(t) = f(x + t d). */
#ifndef IMP_OPTIMISER_WOLFE_H
#define IMP_OPTIMISER_WOLFE_H

#include "impasto/status.h"

typedef struct ImpLine {
    /* phi(t) and phi'(t). Any status but IMP_OK ends the search and is passed on. */
    ImpStatus (*evaluate)(void *context, double t, double *value, double *slope, ImpError *error);
    void *context;
    double value, slope; /* phi(0), phi'(0) < 0 */
    double reach;        /* max|d|: a bracket shorter than 1e-9 in every coordinate ends the search */
    int max_evaluations; /* after the first */
} ImpLine;

/* Searches from the first trial t > 0. *out is the best step found: one that fulfils phi(t) <= phi(0) + 1e-4 t phi'(0)
 * and |phi'(t)| <= 0.9 |phi'(0)| unless the search ended early; it need not be the last one evaluated, and is 0 when
 * nothing lower was found. */
ImpStatus imp_wolfe_search(const ImpLine *line, double t, double *out, ImpError *error);

#endif
