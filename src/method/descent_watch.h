/* What the observer is told, and what it asks for. */
#ifndef IMP_METHOD_DESCENT_WATCH_H
#define IMP_METHOD_DESCENT_WATCH_H

#include "method/descent_state.h"

typedef struct ImpDescentWatch {
    ImpObserver observer;
    const ImpDescentSettings *settings;
    ImpPictureFinish finish;
    double began;         /* seconds on the clock */
    double earlier;       /* seconds spent before resuming */
    double scale_began;   /* seconds on the clock */
    int64_t scale_first;  /* evaluations that this scale had when it began in this process */
    bool stop;            /* asked for */
    bool checkpoint;      /* asked for, and not yet written */
    bool restart_noticed; /* each sentence comes once */
} ImpDescentWatch;

void imp_descent_watch_begin(ImpDescentWatch *watch, const ImpObserver *observer, const ImpDescentSettings *settings,
                             const ImpPictureFinish *finish);
/* A scale begins, or goes on, with this many evaluations done. */
void imp_descent_watch_scale(ImpDescentWatch *watch, int64_t evaluations);
/* Seconds since the run began, the time before resuming included. */
double imp_descent_watch_seconds(const ImpDescentWatch *watch);

/* The losses with their names. */
void imp_descent_metrics(const ImpDescentSettings *settings, const ImpDescentLosses *losses,
                         ImpMetric out[IMP_MAX_METRICS], size_t *count);
/* After an evaluation at `pixels`, the `evaluation`-th of this scale and the `total`-th in all: reports it, hands over
 * a picture if that is asked for, and notes the other wishes. */
ImpStatus imp_descent_watch_step(ImpDescentWatch *watch, const ImpDescentState *state, const float *pixels,
                                 int64_t evaluation, int64_t total, const ImpDescentLosses *losses, ImpError *error);

void imp_descent_notice(const ImpDescentWatch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
